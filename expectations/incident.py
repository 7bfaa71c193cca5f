"""Door of incident: a recorded happening, its place and time; no personal field is known here."""

from expectations.geometry import geometry_facts, inside
from expectations.station import Row, Station, between, later, matches, one_of, present, unique


def flatten(row: Row) -> dict:
    return {k: v for k, v in row.items() if k != "geom"} | geometry_facts(row["geom"])


def station(bounds: tuple[float, float, float, float], categories: list[str]) -> Station:
    """The suite for a city with these bounds (degrees) and known categories."""
    return Station(
        noun="incident",
        key=("source", "source_id"),
        columns=(
            "source", "source_id", "category", "iccs_code", "occurred_from", "occurred_to",
            "accuracy_m", "found_by", "geom",
        ),
        flatten=flatten,
        rules=(
            *present("source", "source_id", "category", "iccs_code", "occurred_from"),
            *present("occurred_to", "accuracy_m", "found_by"),
            matches("source_id", r"^\S{1,64}$", "an identifier"),
            one_of("category", categories),
            one_of("found_by", ["reported", "patrol"]),
            later("occurred_to", "occurred_from", or_equal=True),
            between("accuracy_m", 0, 2_000, "m"),
            *inside(bounds),
            unique("source", "source_id"),
        ),
    )  # fmt: skip
