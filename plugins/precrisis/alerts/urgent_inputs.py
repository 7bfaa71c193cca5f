"""What an urgent alert rests on and keeps: its signs, and what is planned at the place. Pure."""

from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Any

Row = Mapping[str, Any]
MOST_KEPT = 200  # signs that an alert keeps
KEPT = ("candidate_id", "kind", "confidence", "inputs")


def planned_at(episode: Sequence[Row], planned: Sequence[Row]) -> Row | None:
    """The largest of the events that are on in the zone while something is seen there."""
    start, end = episode[0]["starts_at"], max(row["ends_at"] for row in episode)
    zone_id = episode[0]["zone_id"]
    on = [
        p
        for p in planned
        if p["zone_id"] == zone_id and p["starts_at"] < end and p["ends_at"] > start
    ]
    return max(on, key=lambda p: (p["scale"], p["title"]), default=None)


def kept_planned(planned: Row) -> dict[str, Any]:
    """Return what a replay needs of a planned event, ready for JSON."""
    return {**planned, **_times(planned)}


def kept_signs(episode: Sequence[Row]) -> list[dict[str, Any]]:
    """Return what a replay needs of an event's signs, the strongest first, ready for JSON."""
    return [{**{name: row[name] for name in KEPT}, **_times(row)} for row in _of_use(episode)]


def _of_use(episode: Sequence[Row]) -> list[Row]:
    """What the alert rests on: a storm of weaker signs would only fill the memory.

    With the first, the last and the strongest of each kind it can be made again the same.
    """
    by_weight = sorted(episode, key=lambda row: (-row["confidence"], row["candidate_id"]))
    needed = {episode[0]["candidate_id"]}
    needed.add(max(episode, key=lambda row: row["ends_at"])["candidate_id"])
    kinds = {row["kind"]: row["candidate_id"] for row in reversed(by_weight)}
    needed |= set(kinds.values())
    others = [row for row in by_weight if row["candidate_id"] not in needed]
    kept = [row for row in by_weight if row["candidate_id"] in needed] + others
    return sorted(kept[:MOST_KEPT], key=lambda row: (-row["confidence"], row["candidate_id"]))


def _times(row: Row) -> dict[str, str]:
    return {name: row[name].astimezone(UTC).isoformat() for name in ("starts_at", "ends_at")}
