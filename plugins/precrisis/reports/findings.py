"""What the week says in plain words: pure functions from rows to sentences and comparisons.

A place needs measures when it had an hour at or above the lowest alert limit with enough
certainty: the same test that raises alerts, so report and alerts never contradict each other.
"""

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from itertools import groupby
from statistics import median_low
from typing import Any

from precrisis.alerts.reasons import CONTRIBUTIONS
from precrisis.reports.queries import Rows, Week

MOST_PLACES = 3
# A change of the mean smaller than this many index points is no news.
STEADY = 0.5


@dataclass(frozen=True)
class Need:
    """A place that needs measures: how many hot hours, when mostly (local), chiefly why."""

    zone_id: str
    zone_name: str
    hour_count: int
    weekday: int  # 1 Monday to 7 Sunday
    first_hour: int
    end_hour: int  # exclusive, up to 24
    cause: str
    events: Rows


def needs(week: Week) -> list[Need]:
    """Return the places with hot hours, those with most first."""
    zones = [list(rows) for _, rows in groupby(week.hot_hours, key=lambda row: row["zone_id"])]
    zones.sort(
        key=lambda rows: (-len(rows), -max(r["risk_index"] for r in rows), rows[0]["zone_id"])
    )
    return [_need(rows, week.calendar) for rows in zones]


def _need(rows: Rows, calendar: Rows) -> Need:
    counts = Counter(row["weekday"] for row in rows)
    weekday = min(counts, key=lambda day: (-counts[day], day))
    hours = [row["hour_of_day"] for row in rows if row["weekday"] == weekday]
    sums = {key: sum(row[key] for row in rows) for key in CONTRIBUTIONS}
    return Need(
        zone_id=rows[0]["zone_id"],
        zone_name=rows[0]["zone_name"],
        hour_count=len(rows),
        weekday=weekday,
        first_hour=min(hours),
        end_hour=max(hours) + 1,
        cause=max(CONTRIBUTIONS, key=lambda key: sums[key]),
        events=[event for event in calendar if rows[0]["zone_id"] in event["zone_ids"]],
    )


def headline(found: list[Need], text: dict[str, Any], limit: str) -> str:
    """Return the first sentence of the report: which places, and why."""
    if not found:
        return text["needs_none"].format(limit=limit)
    names = [need.zone_name for need in found[:MOST_PLACES]]
    others = len(found) - len(names)
    if others:
        names.append(text["others_one" if others == 1 else "others"].format(count=others))
    causes = list(dict.fromkeys(text["causes"][need.cause] for need in found))
    return text["needs"].format(
        places=listed(names, text["and"]),
        causes=listed(causes, text["and"]),
    )


@dataclass(frozen=True)
class Movers:
    """Places whose mean rose or fell against the week before, the largest change first."""

    rising: Rows
    falling: Rows
    steady_count: int


def movers(zones: Rows) -> Movers | None:
    """Return what changed since the week before; None when that week has no data."""
    known = [
        {**row, "change": row["risk_mean"] - row["risk_mean_before"]}
        for row in zones
        if row["risk_mean_before"] is not None
    ]
    if not known:
        return None
    known.sort(key=lambda row: (-abs(row["change"]), row["zone_id"]))
    rising = [row for row in known if row["change"] > STEADY]
    falling = [row for row in known if row["change"] < -STEADY]
    steady_count = len(known) - len(rising) - len(falling)
    return Movers(rising[:MOST_PLACES], falling[:MOST_PLACES], steady_count)


def listed(names: list[str], conjunction: str) -> str:
    """Join names as a sentence does: a, b and c."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} {conjunction} {names[-1]}"


def peak_hour(hours: Rows) -> dict[str, Any] | None:
    """Return the row of the highest weekday and hour, the earliest of equals."""
    ordered = sorted(hours, key=lambda row: (row["weekday"], row["hour_of_day"]))
    return max(ordered, key=lambda row: row["risk_mean"], default=None)


def by_middle_share(scores: Rows) -> Rows:
    """Return what caught most first, by the middle one of the area shares tested; then the rest.

    At the smallest share a handful of incidents decides, at the largest all methods agree.
    """
    known = {row["area_share"] for row in scores if row["hit_rate"] is not None}
    middle = median_low(known) if known else None
    return sorted(scores, key=lambda row: (row["area_share"] != middle, -(row["hit_rate"] or 0)))


def best_score(scores: Rows) -> dict[str, Any] | None:
    """Return the method that caught most at the middle one of the area shares tested."""
    known = [row for row in scores if row["hit_rate"] is not None]
    return by_middle_share(known)[0] if known else None


def gathered(calendar: Rows) -> list[Rows]:
    """Gather days of one event that follow each other at the same hours and places."""
    runs: list[Rows] = []
    for row in sorted(calendar, key=lambda row: (row["event_title"], row["local_date"])):
        if runs and _continues(runs[-1][-1], row):
            runs[-1].append(row)
        else:
            runs.append([row])
    return sorted(runs, key=lambda run: (run[0]["starts_local"], run[0]["event_title"]))


def _continues(before: dict[str, Any], row: dict[str, Any]) -> bool:
    day = dt.timedelta(days=1)
    return (
        before["event_title"] == row["event_title"]
        and before["zone_names"] == row["zone_names"]
        and before["starts_local"] + day == row["starts_local"]
        and before["ends_local"] + day == row["ends_local"]
    )
