"""city_ingest: the city pack and the city's map layers become rows of place.

The pack brings the city and its thresholds too. A layer that can't be used is quarantined, or
fails, alone; its places stay as they were.
"""

from collections import Counter
from typing import Any

import shapely

from expectations.place import station
from precrisis import door
from precrisis.city import City, city
from precrisis.gate import authorise
from precrisis.maps.reading import read_features
from precrisis.maps.rows import layer_rows
from precrisis.maps.sameness import known_before
from precrisis.maps.timetable import read_stops
from precrisis.maps.versions import forget_others, keep_version
from precrisis.outcome import Outcome, Step
from precrisis.pack.sources import Source
from precrisis.register_rows import replace, write_register
from precrisis.run import Run
from precrisis.vulnerability import vulnerability_rows
from precrisis.warehouse import connect, upsert


def take_in_places(run: Run) -> int:
    """Write the pack's places and those of each map layer; return the number of places."""
    step = Step("take_in_places", "place", run, role="ingest")
    sources = city().sources_of("place")
    done = step.each(sources, lambda s: s.source_id, lambda s, o: _take_in(s, o, run))
    return sum(outcome.rows_out for outcome in done)


def _take_in(source: Source, outcome: Outcome, run: Run) -> None:
    the_city, met = city(), Counter()
    authorise(source, run, "ingest")
    with connect("ingest") as connection:
        if source.kind == "city_pack":
            _write_city(connection, the_city)
            sources = [s.source_id for s in the_city.sources_of("place")]
            forget_others(connection, sources, run.interval_end)
            rows = place_rows(the_city, source.source_id)
            met["features"] = len(rows)
        else:
            rows = _new_rows(connection, the_city, source, met)
        outcome.rows_in, outcome.rows_out = met["features"], _write(connection, source, rows)
        met.update(placed=outcome.rows_out, refused=len(rows) - outcome.rows_out)
        keep_version(connection, source.source_id, run.interval_end, rows, met)
    outcome.detail = ", ".join(f"{count} {name}" for name, count in sorted(met.items()) if count)


def _new_rows(connection, the_city: City, source: Source, met: Counter) -> list[dict[str, Any]]:
    """The rows of a layer without those that a layer before it in the pack brought already."""
    if source.kind == "gtfs":
        features = read_stops(source.address, source.layer)
    else:
        features = read_features(source.address, source.layer, the_city.bounds)
    met["features"] = len(features)
    rows = layer_rows(the_city, source, features, met)
    before = [s.source_id for s in the_city.sources_of("place")]
    before = before[: before.index(source.source_id)]
    known = known_before(connection, before, source.layer.becomes, the_city.centre[1])
    within_m = the_city.thresholds.maps.place_same_m.value
    # Departures hang on a timetable's own stops; lamps have no names to tell them by.
    if source.kind == "gtfs" or source.layer.becomes == "lamp":
        return rows
    new = [row for row in rows if row["name"] is None or not known.has(row, within_m)]
    met["same"] = len(rows) - len(new)
    return new


def _write(connection, source: Source, rows: list[dict[str, Any]]) -> int:
    """Load rows through the door; what left the layer leaves the table. Return how many passed."""
    written = 0
    if rows:  # a layer of which all is known already is no fault
        written = door.load(connection, station(city().bounds), rows, source.source_id)
    connection.execute(
        "DELETE FROM raw.place WHERE source = %s AND NOT place_id = ANY(%s)",
        (source.source_id, [row["place_id"] for row in rows]),
    )
    return written


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
            "lines": [line.model_dump(exclude={"points"}) for line in c.lines],
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
    key = ("subject", "subject_id", "threat")
    replace(connection, "raw.vulnerability", key, vulnerability_rows(the_city.sheets))
    write_register(connection, the_city)
