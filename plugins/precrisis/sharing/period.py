"""The stretch of time that one export covers: whole local days or weeks, each given out once."""

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from precrisis.sharing.agreement import TimeStep

DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Period:
    """Local days from `first` to the one before `end`."""

    first: dt.date
    end: dt.date
    time_zone: ZoneInfo

    @property
    def start_at(self) -> dt.datetime:
        """The first moment, UTC."""
        return self._midnight(self.first)

    @property
    def end_at(self) -> dt.datetime:
        """The first moment after it, UTC."""
        return self._midnight(self.end)

    def _midnight(self, day: dt.date) -> dt.datetime:
        local = dt.datetime.combine(day, dt.time(), self.time_zone)
        return local.astimezone(dt.UTC)


def period_of(step: TimeStep, day: dt.date, time_zone: ZoneInfo) -> Period:
    """The period that holds a local day: the day itself, or its ISO week where that is the step."""
    if step != "week":
        return Period(day, day + DAY, time_zone)
    monday = day - day.weekday() * DAY
    return Period(monday, monday + 7 * DAY, time_zone)


def last_before(step: TimeStep, at: dt.datetime, time_zone: ZoneInfo) -> Period:
    """The last whole period before a moment (UTC)."""
    today = at.astimezone(time_zone).date()
    return period_of(step, period_of(step, today, time_zone).first - DAY, time_zone)
