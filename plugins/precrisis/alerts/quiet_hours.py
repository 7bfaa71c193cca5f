"""Quiet hours: when who is told of alerts is let sleep, by kind of day, in local time. Pure."""

import datetime as dt
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from precrisis.alerts.rules import Severity

CLOCK = re.compile(r"(\d\d):([0-5]\d)-(\d\d):([0-5]\d)")
WHOLE_DAY_MIN = 1440
LOOK_DAYS = 15  # no run of weekend and holidays is longer; working days have an open hour
DAY = dt.timedelta(days=1)
Minutes = tuple[int, int]  # of a local day, from and to


def _minutes(text: object) -> Minutes:
    found = CLOCK.fullmatch(text) if isinstance(text, str) else None
    if not found:
        raise ValueError('write a stretch of quiet hours as "22:00-24:00", in quotes')
    hours, minutes, to_hours, to_minutes = map(int, found.groups())
    begins, ends = 60 * hours + minutes, 60 * to_hours + to_minutes
    if not begins < ends <= WHOLE_DAY_MIN:
        raise ValueError(f"{text} does not rise within a day; part it at midnight")
    return begins, ends


Stretch = Annotated[Minutes, BeforeValidator(_minutes)]


class QuietHours(BaseModel):
    """When some recipients are told only of what is grave; on days after `expires_on` of all.

    recipients: addresses of `alert_recipients` or `escalation_recipients`, names of webhooks.
    A holiday is a day that the calendar calls one for the whole city.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,30}$")
    recipients: list[str] = Field(min_length=1)
    working_day: list[Stretch] = Field(default=[])
    weekend: list[Stretch] = Field(default=[])
    holiday: list[Stretch] = Field(default=[])
    told_at_once_from: Severity
    why: str = Field(min_length=10)
    owner: str = Field(min_length=1)
    expires_on: dt.date

    @model_validator(mode="after")
    def _in_order(self) -> "QuietHours":
        for stretches in (self.working_day, self.weekend, self.holiday):
            ends = [0, *(end for _, end in stretches)]
            if any(begin < end for (begin, _), end in zip(stretches, ends, strict=False)):
                raise ValueError(f"quiet hours '{self.name}' overlap; write them in order")
        if sum(end - begin for begin, end in self.working_day) == WHOLE_DAY_MIN:
            raise ValueError(f"quiet hours '{self.name}' leave no hour of a working day")
        return self

    def of_day(self, day: dt.date, holidays: Collection[dt.date]) -> Sequence[Minutes]:
        """Return the quiet stretches of a local day."""
        if day in holidays:
            return self.holiday
        return self.weekend if day.isoweekday() >= 6 else self.working_day


def told_from(
    hours: QuietHours, moment: dt.datetime, holidays: Collection[dt.date], zone_info: ZoneInfo
) -> dt.datetime:
    """Return the first moment from `moment` on that is not quiet (UTC): `moment` where it is not.

    Args:
        holidays: local days.
        zone_info: a day of changing clocks has 23 or 25 hours, as in life.
    """
    day = moment.astimezone(zone_info).date()
    if day > hours.expires_on:
        return moment
    for begins_at, ends_at in _stretches(hours, day, holidays, zone_info):
        if begins_at <= moment < ends_at:
            moment = ends_at
    return moment


def groups(addresses: Iterable[str], known: Sequence[QuietHours]) -> dict[str, list[str]]:
    """Return addresses by the name of the quiet hours they keep, under "" those that keep none."""
    names = {recipient: hours.name for hours in known for recipient in hours.recipients}
    found: dict[str, list[str]] = {}
    for address in addresses:
        found.setdefault(names.get(address, ""), []).append(address)
    return found


def _stretches(
    hours: QuietHours, day: dt.date, holidays: Collection[dt.date], zone_info: ZoneInfo
) -> Iterator[tuple[dt.datetime, dt.datetime]]:
    for one in (day + n * DAY for n in range(LOOK_DAYS)):
        for begins, ends in hours.of_day(one, holidays):
            yield _moment(one, begins, zone_info), _moment(one, ends, zone_info)


def _moment(day: dt.date, minute: int, zone_info: ZoneInfo) -> dt.datetime:
    """What a clock on the wall shows, UTC."""
    days, rest = divmod(minute, WHOLE_DAY_MIN)
    local = dt.datetime.combine(day + days * DAY, dt.time(rest // 60, rest % 60), zone_info)
    return local.astimezone(dt.UTC)
