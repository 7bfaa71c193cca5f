"""Warnings of partners as events of the calendar: pure.

Only real ones count (status Actual), as far as they touch a zone. An Update or Cancel of the same
sender ends what it refers to.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from precrisis.city import City
from precrisis.records.cap_warning import PartnerWarning

Row = dict[str, Any]


def rows_of(warnings: Sequence[PartnerWarning], the_city: City, source_id: str) -> list[Row]:
    """Return a row of raw.calendar_event per warning and zone it touches, ended where made void."""
    ends = voided(warnings)
    return [
        {
            "source": source_id,
            "source_id": f"{warning.name}.{zone.zone_id}",
            "title": warning.title,
            "kind": "warning",
            "place_id": zone.zone_id,
            "starts_at": warning.starts_at,
            "ends_at": min(warning.ends_at, ends.get(warning.name, warning.ends_at)),
            "expected_people": None,
        }
        for warning in warnings
        if warning.is_real and not warning.is_cancel
        and ends.get(warning.name, warning.ends_at) > warning.starts_at
        for zone in the_city.zones
        if zone.geometry.intersects(warning.area)
    ]  # fmt: skip


def voided(warnings: Sequence[PartnerWarning]) -> Mapping[str, dt.datetime]:
    """Return from when on a warning is void, by name: real updates and cancels say so."""
    ends: dict[str, dt.datetime] = {}
    for warning in (w for w in warnings if w.is_real):
        for name in warning.makes_void:
            ends[name] = min(warning.sent_at, ends.get(name, warning.sent_at))
    return ends
