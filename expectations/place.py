"""Door of place: zone, street, stop, sensitive site or camera position."""

from expectations.geometry import geometry_facts, inside
from expectations.station import Row, Station, one_of, present, unique

KINDS = ["zone", "site", "stop", "lamp", "street", "boundary", "camera", "background"]


def flatten(row: Row) -> dict:
    kept = {k: v for k, v in row.items() if k not in ("geom", "attributes")}
    return kept | geometry_facts(row["geom"])


def station(bounds: tuple[float, float, float, float]) -> Station:
    """The suite for a city with these bounds (west, south, east, north in degrees)."""
    return Station(
        noun="place",
        key=("place_id",),
        columns=("place_id", "kind", "name", "source", "attributes", "geom"),
        flatten=flatten,
        rules=(
            *present("place_id", "kind", "name", "source"),
            one_of("kind", KINDS),
            *inside(bounds),
            unique("place_id"),
        ),
    )
