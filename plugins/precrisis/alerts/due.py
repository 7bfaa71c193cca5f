"""Which version of an alert is due on which channel: pure.

The control room's own channels (mail, webhook) are told at once. Partners' channels are told at
once in an exercise or test; of a real alert only after a person accepted it.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

Row = Mapping[str, Any]
Channel = str  # "cap", "mail", "ngsi-ld" or "webhook:<name>"
PARTNERS: Collection[Channel] = frozenset({"cap", "ngsi-ld"})


class Due(NamedTuple):
    """A row of a version, and the channels on which it is to be told now."""

    row: Row
    channels: Sequence[Channel]


def due(rows: Iterable[Row], channels: Sequence[Channel], is_actual: bool) -> list[Due]:
    """Return what is to be told, in the order of `rows`.

    An end or a withdrawal is told only where the alert was told, and what was withdrawn before it
    was told somewhere is not told there any more.

    Args:
        rows: versions in the order in which they are to be told, each with `alert_id`, `why`,
            `sent_on` (channels that had it), `told_on` (channels that had an earlier version),
            `is_withdrawn` (by a later version) and `decision` (a person's newest, or None).
        is_actual: the alerts are real, no exercise.
    """
    told: set[tuple[str, Channel]] = set()
    found = []
    for row in rows:
        told |= {(row["alert_id"], channel) for channel in row["told_on"]}
        waiting = [c for c in channels if c not in row["sent_on"]]
        now = [c for c in waiting if _is_due(row, c, is_actual, (row["alert_id"], c) in told)]
        told |= {(row["alert_id"], channel) for channel in (*now, *row["sent_on"])}
        if now:
            found.append(Due(row, now))
    return found


def _is_due(row: Row, channel: Channel, is_actual: bool, is_told: bool) -> bool:
    if row["why"] in ("ended", "withdrawn"):
        return is_told
    if row["is_withdrawn"]:
        return False
    return channel not in PARTNERS or not is_actual or row["decision"] == "accept"
