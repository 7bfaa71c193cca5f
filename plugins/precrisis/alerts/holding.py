"""Which versions of alerts wait for the end of a recipient's quiet hours.

Urgent events never wait, nor what is of the band that the quiet hours name, or above it.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from psycopg import Connection

from precrisis.alerts.due import Channel, Due, Row
from precrisis.alerts.quiet_hours import DAY, LOOK_DAYS, QuietHours, told_from
from precrisis.alerts.versions import BANDS
from precrisis.city import city

HOLIDAYS = """
SELECT starts_at, ends_at FROM raw.calendar_event
WHERE kind = 'holiday' AND place_id IS NULL AND ends_at > %(from)s AND starts_at < %(to)s
"""
WAIT = """
INSERT INTO ops.alert_delivery
    (alert_id, version, channel, status, reference, detail, waits_until)
VALUES (%s, %s, %s, 'waiting', '', 'quiet hours', %s)
ON CONFLICT (alert_id, version, channel) DO UPDATE
SET status = 'waiting', detail = EXCLUDED.detail, waits_until = EXCLUDED.waits_until
WHERE ops.alert_delivery.status <> 'sent'
"""
PASS_OVER = """
UPDATE ops.alert_delivery
SET status = 'passed_over', detail = 'changed or over in the quiet hours', waits_until = NULL
WHERE alert_id = %s AND version = %s AND channel = %s AND status = 'waiting'
"""
OLDEST = 8 * DAY  # what is older is not told any more


@dataclass(frozen=True)
class Quiet:
    """The quiet hours of a city and its holidays (local days) about now."""

    hours: Sequence[QuietHours]
    holidays: Collection[dt.date]
    zone_info: ZoneInfo
    urgent_rule: str = ""

    def held_until(self, row: Row, channel: Channel, now: dt.datetime) -> dt.datetime | None:
        """Until when a version waits on a channel (UTC); past where it waited and may go now.

        None where it never waited. A row has `rule`, `severity` and `made_at`.
        """
        hours = self._kept(channel)
        if hours is None or self._never_waits(row, hours):
            return None
        free_at = self._told_from(hours, now)
        if free_at > now:
            return free_at
        told_at = self._told_from(hours, row["made_at"])
        return told_at if told_at > row["made_at"] else None

    def asked_at(self, row: Row, channels: Iterable[Channel]) -> dt.datetime:
        """When the first of those who are told on these channels could know of a version (UTC)."""
        made_at = row["made_at"]
        return min(
            (self.held_until(row, channel, made_at) or made_at for channel in channels),
            default=made_at,
        )

    def _kept(self, channel: Channel) -> QuietHours | None:
        """The quiet hours that a channel is for: by its name, or as a webhook of that name."""
        kind, _, name = channel.partition(":")
        return next((h for h in self.hours if name in _names(kind, h)), None)

    def _never_waits(self, row: Row, hours: QuietHours) -> bool:
        is_grave = BANDS.index(row["severity"]) >= BANDS.index(hours.told_at_once_from)
        return is_grave or row["rule"] == self.urgent_rule

    def _told_from(self, hours: QuietHours, moment: dt.datetime) -> dt.datetime:
        return told_from(hours, moment, self.holidays, self.zone_info)


def _names(kind: str, hours: QuietHours) -> Collection[str]:
    return hours.recipients if kind == "webhook" else [hours.name]


def read_quiet(connection: Connection, now: dt.datetime) -> Quiet:
    """Return the quiet hours of the city pack, with the holidays that the calendar knows."""
    thresholds, zone_info = city().thresholds, city().timezone
    span = {"from": now - OLDEST, "to": now + LOOK_DAYS * DAY}
    holidays = {
        day
        for row in connection.execute(HOLIDAYS, span)
        for day in _local_days(row["starts_at"], row["ends_at"], zone_info)
    }
    urgent = thresholds.urgent_events
    return Quiet(thresholds.quiet_hours, holidays, zone_info, urgent.rule if urgent else "")


def note_waiting(connection: Connection, found: Iterable[Due]) -> None:
    """Write what waits and until when, and what waited and is not told any more."""
    for item in found:
        key = item.row["alert_id"], item.row["version"]
        for channel, until in item.waits.items():
            connection.execute(WAIT, (*key, channel, until))
        for channel in item.passed:
            connection.execute(PASS_OVER, (*key, channel))


def _local_days(
    starts_at: dt.datetime, ends_at: dt.datetime, zone_info: ZoneInfo
) -> Iterable[dt.date]:
    first = starts_at.astimezone(zone_info).date()
    last = (ends_at - dt.timedelta(microseconds=1)).astimezone(zone_info).date()
    return (first + n * DAY for n in range((last - first).days + 1))
