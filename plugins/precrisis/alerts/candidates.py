"""Choose alert candidates from zone-hours: pure, so a rerun raises the same alerts.

Give whole local days, and rows that begin well before `since`, so that an episode which began
earlier keeps its first hour and with it its alert_id. For near real time name what was raised
already: it keeps its place in the budget of its day even when something higher comes later.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Any, NamedTuple

from precrisis.alerts.reasons import CONTRIBUTIONS, reasons_of, unknowns_of
from precrisis.alerts.rules import AlertRule, Severity

COLUMNS = (
    "alert_id", "rule", "rule_version", "zone_id", "starts_at", "ends_at", "risk_index",
    "certainty", "severity", "reasons", "unknowns", "inputs",
)  # fmt: skip
HOUR = timedelta(hours=1)
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Candidate:
    """A possible alert: the columns of ops.alert but for raised_at. Times are UTC.

    risk_index (0-100), certainty (0-1), reasons and unknowns are those of the peak hour.
    """

    alert_id: str
    rule: str
    rule_version: str
    zone_id: str
    starts_at: datetime
    ends_at: datetime
    risk_index: float
    certainty: float
    severity: Severity
    reasons: list[dict[str, Any]]
    unknowns: list[dict[str, str]]
    inputs: dict[str, Any]


class HeldBack(NamedTuple):
    """A candidate that is not raised.

    reason is `over_budget`, `rule_expired`, `below_past_limit` or `told_as_urgent`.
    """

    candidate: Candidate
    reason: str


class Selection(NamedTuple):
    """What to raise, highest risk first, and what was held back and why."""

    raised: list[Candidate]
    held_back: list[HeldBack]


def candidates(
    zone_hours: Iterable[Row],
    rules: Sequence[AlertRule],
    already_raised: AbstractSet[str] = frozenset(),
    since: datetime | None = None,
    past_limits: Mapping[str, float] | None = None,
    is_told: Callable[[Candidate], object] = lambda candidate: None,
) -> Selection:
    """Return the candidates of rows of marts.fct_zone_hour under each rule's budget per local day.

    Consecutive hours of a zone at or above limit and min_certainty are one candidate; its day is
    the local date of its first hour. With `since` those that begin earlier are left out: let the
    rows begin before it, or an episode cut by their beginning looks like a new one. past_limits
    (past_limit.py), by rule, hold back new ones whose peak is lower; is_told those that another
    alert tells of (joining.py).

    Raises:
        ValueError: an hour_start_at has no time zone, or two rules share a name.
    """
    if len({rule.rule for rule in rules}) < len(rules):
        raise ValueError("two alert rules share a name; give each its own in thresholds.yaml")
    rows = sorted(zone_hours, key=lambda row: (row["zone_id"], row["hour_start_at"]))
    selection = Selection([], [])
    for rule in rules:
        hours = [row for row in rows if _is_hot(row, rule)]
        runs = [run for run in _runs(hours) if since is None or run[0]["hour_start_at"] >= since]
        found = [(candidate_of(run, rule), run[0]["local_date"]) for run in runs]
        least = (past_limits or {}).get(rule.rule, rule.limit)
        left = []
        for candidate, day in found:
            if candidate.alert_id not in already_raised and is_told(candidate):
                selection.held_back.append(HeldBack(candidate, "told_as_urgent"))
            else:
                left.append((candidate, day))
        _spend_budget(left, rule, already_raised, least, selection)
    selection.raised.sort(key=_most_urgent_first)
    return selection


def alert_id(rule: AlertRule, zone_id: str, starts_at: datetime) -> str:
    """Return the id of the alert of a rule version, zone and first hour (UTC): 24 hex digits."""
    if starts_at.tzinfo is None:
        raise ValueError(f"hour of zone {zone_id} has no time zone; read it as timestamptz")
    moment = starts_at.astimezone(UTC).isoformat(timespec="seconds")
    key = "|".join((rule.rule, rule.version, zone_id, moment))
    return hashlib.sha256(key.encode()).hexdigest()[:24]


def _is_hot(row: Row, rule: AlertRule) -> bool:
    return row["risk_index"] >= rule.limit and row["certainty"] >= rule.min_certainty


def _runs(rows: Sequence[Row]) -> list[list[Row]]:
    """Split sorted rows into runs of consecutive hours of one zone."""

    def anchor(numbered: tuple[int, Row]) -> tuple[str, datetime]:
        # Within a run hour minus position is constant.
        position, row = numbered
        return row["zone_id"], row["hour_start_at"] - position * HOUR

    return [[row for _, row in run] for _, run in groupby(enumerate(rows), key=anchor)]


def candidate_of(run: Sequence[Row], rule: AlertRule) -> Candidate:
    """Return the candidate of one episode: consecutive hours of a zone, in order."""
    peak = max(run, key=lambda row: row["risk_index"])
    first = run[0]["hour_start_at"]
    return Candidate(
        alert_id=alert_id(rule, peak["zone_id"], first),
        rule=rule.rule,
        rule_version=rule.version,
        zone_id=peak["zone_id"],
        starts_at=first.astimezone(UTC),
        ends_at=run[-1]["hour_start_at"].astimezone(UTC) + HOUR,
        risk_index=float(peak["risk_index"]),
        certainty=float(peak["certainty"]),
        severity=rule.severity_bands.of(peak["risk_index"]),
        reasons=reasons_of(peak),
        unknowns=unknowns_of(peak),
        inputs={"rule": rule.model_dump(mode="json"), "hours": [_kept(row) for row in run]},
    )


_KEPT = (
    "risk_index",
    *(f"contribution_{key}" for key in CONTRIBUTIONS),
    "certainty",
    "has_camera",
    "has_posts",
    "has_baseline",
    "has_circumstances",
    "people_mean",
    "video_event_count",
    "alarming_post_count",
    "event_title",
)


def _kept(row: Row) -> dict[str, Any]:
    """Return what a replay of the alert needs of an hour, ready for JSON."""
    moment = row["hour_start_at"].astimezone(UTC).isoformat(timespec="seconds")
    return {"hour_start_at": moment, **{name: row.get(name) for name in _KEPT}}


def _spend_budget(
    found: Sequence[tuple[Candidate, date]],
    rule: AlertRule,
    already_raised: AbstractSet[str],
    least: float,
    selection: Selection,
) -> None:
    """Put each candidate of a rule into `selection`, day by day, highest risk index first."""
    spent: dict[date, int] = {}
    known_first = sorted(
        found,
        key=lambda item: (item[0].alert_id not in already_raised, _most_urgent_first(item[0])),
    )
    for candidate, day in known_first:
        if candidate.risk_index < least and candidate.alert_id not in already_raised:
            selection.held_back.append(HeldBack(candidate, "below_past_limit"))
            continue
        spend(candidate, day, rule, spent, selection)


def spend(
    candidate: Candidate, day: date, rule: AlertRule, spent: dict[date, int], selection: Selection
) -> None:
    """Raise a candidate, or hold it back; `spent` counts what its rule has raised by local day."""
    if day > rule.expires_on:
        selection.held_back.append(HeldBack(candidate, "rule_expired"))
    elif spent.get(day, 0) >= rule.budget_per_day:
        selection.held_back.append(HeldBack(candidate, "over_budget"))
    else:
        spent[day] = spent.get(day, 0) + 1
        selection.raised.append(candidate)


def _most_urgent_first(candidate: Candidate) -> tuple[float, float, datetime, str, str]:
    return (
        -candidate.risk_index,
        -candidate.certainty,
        candidate.starts_at,
        candidate.zone_id,
        candidate.rule,
    )
