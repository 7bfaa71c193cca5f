"""Door of calendar_event: a planned happening that explains a crowd, or a partner's warning."""

from expectations.station import Station, between, later, one_of, present, unique

KINDS = [
    "market", "match", "concert", "holiday", "festival", "procession", "worship", "demonstration",
    "warning",
]  # fmt: skip


def station(zone_ids: list[str]) -> Station:
    """The suite for a city with these zones."""
    return Station(
        noun="calendar_event",
        key=("source", "source_id"),
        columns=(
            "source", "source_id", "title", "kind", "place_id", "starts_at", "ends_at",
            "expected_people",
        ),
        rules=(
            *present("source", "source_id", "title", "kind", "starts_at", "ends_at"),
            one_of("kind", KINDS),
            one_of("place_id", zone_ids),
            later("ends_at", "starts_at"),
            between("expected_people", 0, 1_000_000, "people"),
            unique("source", "source_id"),
        ),
    )  # fmt: skip
