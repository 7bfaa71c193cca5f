"""Which version of an alert is due on which channel: pure.

The control room's own channels (mail, webhook) are told at once. Partners' channels are told at
once in an exercise or test; of a real alert only after a person accepted it. What a recipient's
quiet hours hold is told after them, once, if it is still the newest word.
"""

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

Row = Mapping[str, Any]
Channel = str  # "cap", "mail", "mail:<quiet hours>", "ngsi-ld" or "webhook:<name>"
HeldUntil = Callable[[Row, Channel], dt.datetime | None]  # see Quiet.held_until
PARTNERS: Collection[Channel] = frozenset({"cap", "ngsi-ld"})


class Due(NamedTuple):
    """A row of a version, and the channels on which it is to be told now.

    waits: those on which it waits, until when (UTC). passed: those on which it waited and is not
    told, since there is a newer word.
    """

    row: Row
    channels: Sequence[Channel]
    waits: Mapping[Channel, dt.datetime]
    passed: Sequence[Channel]


def due(
    rows: Iterable[Row],
    channels: Sequence[Channel],
    is_actual: bool,
    now: dt.datetime,
    held_until: HeldUntil = lambda row, channel: None,
) -> list[Due]:
    """Return what is to be told, or waits, in the order of `rows`.

    An end or a withdrawal is told only where the alert was told, and what was withdrawn before it
    was told somewhere is not told there any more.

    Args:
        rows: versions in the order in which they are to be told, each with `alert_id`, `why`,
            `sent_on` (channels that had it), `waiting_on` (channels where it was said to wait),
            `told_on` (channels that had an earlier version), `is_newest`, `is_withdrawn` (by a
            later version) and `decision` (a person's newest, or None).
        is_actual: the alerts are real, no exercise.
        now: UTC.
    """
    told: set[tuple[str, Channel]] = set()
    found = []
    for row in rows:
        told |= {(row["alert_id"], channel) for channel in row["told_on"]}
        left = [c for c in channels if c not in row["sent_on"]]
        wanted = [c for c in left if _is_due(row, c, is_actual, (row["alert_id"], c) in told)]
        item = _sorted(row, wanted, left, now, held_until)
        told |= {(row["alert_id"], channel) for channel in (*item.channels, *row["sent_on"])}
        if item.channels or item.waits or item.passed:
            found.append(item)
    return found


def _sorted(
    row: Row,
    wanted: Sequence[Channel],
    left: Sequence[Channel],
    now: dt.datetime,
    held_until: HeldUntil,
) -> Due:
    """Part the channels where a version is wanted by what quiet hours say of it."""
    held = {c: until for c in wanted if (until := held_until(row, c)) is not None}
    waits = {c: until for c, until in held.items() if until > now and row["is_newest"]}
    waited = {*held, *row["waiting_on"]}
    told = [c for c in wanted if c not in waited or (c not in waits and row["is_newest"])]
    passed = [c for c in left if c in row["waiting_on"] and c not in waits and c not in told]
    return Due(row, told, waits, passed)


def _is_due(row: Row, channel: Channel, is_actual: bool, is_told: bool) -> bool:
    if row["why"] in ("ended", "withdrawn"):
        return is_told
    if row["is_withdrawn"]:
        return False
    return channel not in PARTNERS or not is_actual or row["decision"] == "accept"
