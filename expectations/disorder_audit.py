"""Door of disorder_audit: one thing looked for at a place, and how much of it was found."""

from expectations.geometry import geometry_facts, inside
from expectations.station import Row, Station, between, matches, one_of, present, unique

# Physical disorder is what is left in a place, social disorder what happens in it; of no person.
ITEMS = {
    "physical": ["litter", "dumped_waste", "graffiti", "broken_light", "damaged_furniture",
                 "abandoned_building", "overgrown_green", "syringes"],
    "social": ["noise", "public_drinking", "street_drug_use", "drug_dealing", "brawling",
               "reckless_riding"],
}  # fmt: skip
KIND_OF = {item: kind for kind, items in ITEMS.items() for item in items}


def flatten(row: Row) -> dict:
    return {k: v for k, v in row.items() if k != "geom"} | geometry_facts(row["geom"])


def station(bounds: tuple[float, float, float, float]) -> Station:
    """The suite for a city with these bounds (west, south, east, north in degrees)."""
    return Station(
        noun="disorder_audit",
        key=("source", "source_id"),
        columns=(
            "source", "source_id", "item", "kind", "severity", "audited_at", "accuracy_m", "geom",
        ),
        flatten=flatten,
        rules=(
            *present("source", "source_id", "item", "kind", "severity", "audited_at"),
            *present("accuracy_m"),
            matches("source_id", r"^\S{1,64}$", "an identifier"),
            one_of("item", sorted(KIND_OF)),
            between("severity", 0, 3),
            between("accuracy_m", 0, 2_000, "m"),
            *inside(bounds),
            unique("source", "source_id"),
        ),
    )  # fmt: skip
