"""When incidents happened, from the columns that other people's files have.

Columns may be whole timestamps, a start and an end, a date and a clock time, or parts: year, month
(a number or a name in one of seven languages), day, hour. Times are taken as they stand: a file in
UTC stays in UTC. A part `2017` that is no column is the year itself.
"""

import re
import warnings
from functools import cache

import numpy as np
import pandas as pd
from babel.dates import get_month_names

LANGUAGES = ("en", "it", "es", "ca", "fr", "de", "pt")
PARTS = {
    "year": ("year", "anno", "año", "ano", "any", "année", "jahr"),
    "month": ("month", "mese", "mes", "mois", "monat"),
    "day": ("day", "giorno", "dia", "día", "jour", "tag"),
    "hour": ("hour", "ora", "hora", "heure", "stunde"),
}
NO_YEAR = 2001  # no leap year, begins on a Monday: weeks keep their length, not their weekday
OFFSET = r"(?<=\d:\d\d)(?:\.\d+)?\s*(?:Z|UTC|[+-]\d{2}:?\d{2})$"
FORMS = ((False, None), (True, None), (False, "mixed"))  # day first?, one form for all or mixed
MIN_READ = 0.5  # of the rows; below it the column is not what it was taken for


class BadTimes(ValueError):
    """The time columns cannot be read; names column and remedy."""


def times_of(table: pd.DataFrame, columns: list[str]) -> tuple[pd.Series, pd.Series, bool]:
    """Return start and end of each row (NaT where unreadable), and whether months are all there is.

    Raises:
        BadTimes: a column is missing or not a time.
    """
    missing = [c for c in columns if c not in table and not _is_year(c)]
    if missing:
        raise BadTimes(f"no column {', '.join(missing)}; there are: {', '.join(table.columns)}")
    parts = {c: _part_of(c, table) for c in columns}
    if list(parts.values()) == [None, "hour"]:
        day = _timestamps(table[columns[0]], columns[0]).dt.normalize()
        start = day + pd.to_timedelta(_numbers(table[columns[1]]), unit="h")
        return start, start, False
    if any(parts.values()):
        start = _from_parts(table, {part: c for c, part in parts.items() if part}, columns)
        return start, start, "day" not in parts.values() and not start.dt.day.gt(1).any()
    if len(columns) == 2 and _is_clock(table[columns[1]]):
        start = _timestamps(table[columns[0]] + " " + table[columns[1]], "+".join(columns))
        return start, start, False
    read = [_timestamps(table[column], column) for column in columns]
    start, end = read[0], read[-1].where(read[-1] >= read[0], read[0])
    return start, end, _is_monthly(table[columns[0]])


def _is_year(text: str) -> bool:
    return text.isdigit() and len(text) == 4


def _part_of(column: str, table: pd.DataFrame) -> str | None:
    """Say which part of a date a column holds by its name, or None for a whole timestamp."""
    if _is_year(column) and column not in table:
        return "year"
    if table[column].str.contains(r"\d{4}-\d{2}|\d/\d", regex=True).mean() > MIN_READ:
        return None
    words = re.findall(r"[^\W\d_]+", column.casefold())
    return next((part for word in words for part, names in PARTS.items() if word in names), None)


def _from_parts(table: pd.DataFrame, columns: dict[str, str], asked: list[str]) -> pd.Series:
    if "month" not in columns or (len(columns) != len(asked)):
        raise BadTimes(
            f"{'+'.join(asked)}: parts of a date are columns named year, month, day, hour, month at"
            " least; or name one column that holds a whole timestamp"
        )
    year = columns.get("year", str(NO_YEAR))
    frame = pd.DataFrame(
        {
            "year": int(year) if year not in table else _numbers(table[year]),
            "month": _months(table[columns["month"]], columns["month"]),
            "day": _numbers(table[columns["day"]]) if "day" in columns else 1,
            "hour": _numbers(table[columns["hour"]]) if "hour" in columns else 0,
        },
        index=table.index,
    )
    return pd.to_datetime(frame, errors="coerce")


def _numbers(column: pd.Series) -> pd.Series:
    return pd.to_numeric(column.str.extract(r"(\d+)", expand=False), errors="coerce")


@cache
def month_numbers() -> dict[str, int]:
    """Names and abbreviations of the months, without case and full stop, to 1-12."""
    return {
        name.casefold().strip("."): number
        for language in LANGUAGES
        for width in ("wide", "abbreviated")
        for context in ("format", "stand-alone")
        for number, name in get_month_names(width, context, language).items()
    }


def _months(column: pd.Series, name: str) -> pd.Series:
    words = column.str.strip().str.casefold().str.strip(".")
    months = pd.to_numeric(words, errors="coerce").fillna(words.map(month_numbers()))
    if months.between(1, 12).mean() < MIN_READ:
        raise BadTimes(f"column {name}: not a month (1-12, or a name in {', '.join(LANGUAGES)})")
    return months


def _is_clock(column: pd.Series) -> bool:
    clock = r"\s*\d{1,2}:\d{2}(:\d{2})?(\s*[APap][Mm])?\s*"
    return bool(column.str.fullmatch(clock).mean() > MIN_READ)


def _timestamps(column: pd.Series, name: str) -> pd.Series:
    """Parse with the day first only where the month first fails more often."""
    text = column.str.strip().str.replace(OFFSET, "", regex=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pandas says that it guesses the format: wanted
        read = [pd.to_datetime(text, errors="coerce", dayfirst=d, format=f) for d, f in FORMS]
    found = [times.notna().mean() for times in read]
    if max(found) < MIN_READ:
        raise BadTimes(
            f"column {name}: not a date or time in most rows, such as 2024-05-31 14:00;"
            " name other columns with --time"
        )
    return next(t for t, share in zip(read, found, strict=True) if share > 0.99 * max(found))


def _is_monthly(column: pd.Series) -> bool:
    return bool(column.str.fullmatch(r"\s*\d{4}-\d{2}\s*").mean() > MIN_READ)


def midpoints(start: pd.Series, end: pd.Series) -> np.ndarray:
    """Middle of each interval, datetime64[h]; where the end is missing, the start."""
    return (start + (end - start).fillna(pd.Timedelta(0)) / 2).to_numpy().astype("datetime64[h]")
