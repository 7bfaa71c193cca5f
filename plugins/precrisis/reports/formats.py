"""Numbers, days and moments as each language writes them. A missing number is a dash."""

import datetime as dt
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal

from precrisis.alerts.wording import LOCALE, Language

NONE = "–"


def whole(value: float | None, language: Language) -> str:
    """Return a number without decimals."""
    return NONE if value is None else format_decimal(value, "#,##0", locale=LOCALE[language])


def decimal(value: float | None, language: Language) -> str:
    """Return a number with one decimal."""
    return NONE if value is None else format_decimal(value, "#,##0.0", locale=LOCALE[language])


def signed(value: float | None, language: Language) -> str:
    """Return a difference with its sign and one decimal; what rounds to nothing has no sign."""
    if value is None:
        return NONE
    rounded = round(value, 1)
    pattern = "+#,##0.0;−#,##0.0" if rounded else "#,##0.0"
    return format_decimal(rounded or 0, pattern, locale=LOCALE[language])


def percent(value: float | None, language: Language) -> str:
    """Return a share (0-1) as a percentage without decimals."""
    return NONE if value is None else format_decimal(value, "#,##0%", locale=LOCALE[language])


def date(value: dt.date, language: Language) -> str:
    """Return a date with its year."""
    return format_date(value, "d MMM y", locale=LOCALE[language])


def day(value: dt.date, language: Language) -> str:
    """Return a date with its weekday and no year."""
    return format_date(value, "EEE d MMM", locale=LOCALE[language])


def moment(value: dt.datetime | None, language: Language, zone: ZoneInfo) -> str:
    """Return an aware datetime in local time, to the minute."""
    if value is None:
        return NONE
    return format_datetime(value.astimezone(zone), "EEE d MMM HH:mm", locale=LOCALE[language])


def span(start: dt.datetime, end: dt.datetime, language: Language, zone: ZoneInfo) -> str:
    """Return a local time span: its first day and both hours."""
    local = end.astimezone(zone)
    return f"{moment(start, language, zone)}–{local:%H:%M}"


def week_label(start: dt.date, language: Language) -> str:
    """Return the seven days from `start` in words, naming month and year once where it can."""
    end = start + dt.timedelta(days=6)
    same_month, same_year = start.month == end.month, start.year == end.year
    pattern = "d" if same_month else "d MMMM" if same_year else "d MMMM y"
    first = format_date(start, pattern, locale=LOCALE[language])
    last = format_date(end, "d MMMM y", locale=LOCALE[language])
    return f"{first}–{last}" if same_month else f"{first} – {last}"
