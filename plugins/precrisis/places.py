"""city_ingest: the city pack becomes rows of place, plus the city and its thresholds."""

import shapely

from expectations.place import station
from precrisis import door
from precrisis.city import City, city
from precrisis.gate import authorise
from precrisis.outcome import Outcome, Step
from precrisis.register_rows import write_register
from precrisis.run import Run
from precrisis.warehouse import connect, upsert


def take_in_places(run: Run) -> int:
    """Write zones, sites, cameras and the map's background; return the number of places."""
    step = Step("take_in_places", "place", run, role="ingest")
    sources = city().sources_of("place")
    done = step.each(sources, lambda s: s.source_id, lambda s, o: _take_in(s, o, run))
    return sum(outcome.rows_out for outcome in done)


def _take_in(source, outcome: Outcome, run: Run) -> None:
    the_city = city()
    authorise(source, run, "ingest")
    rows = place_rows(the_city, source.source_id)
    outcome.rows_in = len(rows)
    with connect("ingest") as connection:
        _write_city(connection, the_city)
        suite = station(the_city.bounds)
        outcome.rows_out = door.load(connection, suite, rows, source.source_id)
        connection.execute(
            "DELETE FROM raw.place WHERE source = %s AND NOT place_id = ANY(%s)",
            (source.source_id, [row["place_id"] for row in rows]),
        )


def place_rows(the_city: City, source_id: str) -> list[dict]:
    """Flatten a city pack into place rows; a kind other than zone is part of the key."""
    rows = [
        _row("zone", z.zone_id, z.name, z.geometry, {
            "kind": z.kind, "district": z.district, "is_pedestrian": z.is_pedestrian,
        })
        for z in the_city.zones
    ]  # fmt: skip
    rows += [
        _row("site", f"site:{s.site_id}", s.name, s.geometry, {
            "site_id": s.site_id, "kind": s.kind, "zone_id": s.zone_id,
        })
        for s in the_city.sites
    ]  # fmt: skip
    rows += [
        _row("camera", f"camera:{c.camera_id}", c.name, shapely.Point(c.location), {
            "camera_id": c.camera_id, "source_id": c.source_id, "is_sample": c.is_sample,
            "zone_id": c.regions[0].zone_id,
        })
        for c in the_city.cameras
    ]  # fmt: skip
    rows += [
        _row("background", f"background:{number:04d}", f.name or f.kind, f.geometry, {
            "kind": f.kind,
        })
        for number, f in enumerate(the_city.basemap)
    ]  # fmt: skip
    return [row | {"source": source_id} for row in rows]


def _row(kind: str, place_id: str, name: str, geometry, attributes: dict) -> dict:
    srid = shapely.get_srid(geometry) or 4326
    return {
        "place_id": place_id,
        "kind": kind,
        "name": name,
        "attributes": attributes,
        "geom": shapely.set_srid(geometry, srid),
    }


def _write_city(connection, the_city: City) -> None:
    row = {
        "city_id": the_city.city_id,
        "name": the_city.name,
        "time_zone": the_city.time_zone,
        "language": the_city.language,
    }
    connection.execute("DELETE FROM raw.city WHERE city_id <> %s", (the_city.city_id,))
    upsert(connection, "raw.city", ("city_id",), [row])
    numbers = the_city.thresholds.numbers.items()
    rows = [{"name": name} | threshold.model_dump() for name, threshold in numbers]
    upsert(connection, "raw.threshold", ("name",), rows)
    write_register(connection, the_city)
