"""Choose alerts from urgent events of cameras, without waiting for the marts: pure.

Events near in time in one zone are one alert, however many cameras and windows they came from. Its
risk index is the one of docs/adr/0003-risk-index.md with what is known at once, the kinds of event
seen and what is planned there; so a lone weak sign stays under the limit, and signs that agree go
over it, as does a vehicle where a market is on.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from precrisis.alerts.candidates import Candidate, Row, Selection, alert_id, spend
from precrisis.alerts.reasons import planned_reason, unknowns_of, urgent_reason
from precrisis.alerts.rules import AlertRule
from precrisis.alerts.urgent_inputs import kept_planned, kept_signs, planned_at

CROWD_KINDS = frozenset({"density_level"})
PLANNED = "planned"


def urgent_candidates(
    rows: Iterable[Row],
    rule: AlertRule,
    weights: Mapping[str, float],
    precision: float,
    planned: Iterable[Row] = (),
) -> list[Candidate]:
    """Return one candidate per event of rows of ops.alert_candidate, over the limit or not.

    Signs no further apart than the rule's quiet_after_min are of one event.

    Args:
        weights: of `crowding`, `video_event` and `context` (0-1), as the index has them.
        precision: share 0-1 of this rule's reviewed alerts that a person accepted.
        planned: events of the calendar (zone_id, title, expected_people, starts_at, ends_at).
    """
    planned = list(planned)
    return [
        candidate_of_event(episode, rule, weights, precision, planned_at(episode, planned))
        for episode in _episodes(rows, rule.quiet)
    ]


def urgent_alerts(
    found: Sequence[Candidate],
    raised: Sequence[Candidate],
    rule: AlertRule,
    since: datetime,
    zone_info: ZoneInfo,
) -> Selection:
    """Return what to raise of urgent candidates.

    Args:
        raised: alerts of this rule that may still go on, as they are now. An event that is near
            one in its zone belongs to it, and raises nothing new: see `urgent_now`.
        since: what ended before is too late to be urgent (UTC).
        zone_info: local days carry the budget.
    """
    selection = Selection([], [])
    spent: dict[date, int] = {}
    for alert in raised:
        day = _day(alert.starts_at, zone_info)
        spent[day] = spent.get(day, 0) + 1
    for candidate in sorted(found, key=lambda c: (-c.risk_index, c.starts_at, c.zone_id)):
        is_strong = candidate.risk_index >= rule.limit and candidate.certainty >= rule.min_certainty
        is_new = not any(_is_part(candidate, alert, rule.quiet) for alert in raised)
        if is_strong and is_new and candidate.ends_at >= since:
            spend(candidate, _day(candidate.starts_at, zone_info), rule, spent, selection)
    return selection


def urgent_now(
    found: Sequence[Candidate], raised: Sequence[Candidate], rule: AlertRule
) -> dict[str, Candidate]:
    """Return what the signs of each alert that may still go on come to now, by alert_id.

    found: `urgent_candidates`. Of several parts it is the strongest, with the end of the last.
    """
    now: dict[str, Candidate] = {}
    for alert in raised:
        parts = [candidate for candidate in found if _is_part(candidate, alert, rule.quiet)]
        if parts:
            strongest = max(parts, key=lambda part: (part.risk_index, part.starts_at))
            now[alert.alert_id] = replace(strongest, ends_at=max(p.ends_at for p in parts))
    return now


def _episodes(rows: Iterable[Row], quiet: timedelta) -> list[list[Row]]:
    """Split the signs of each zone where nothing was seen for a while."""
    ordered = sorted(rows, key=lambda r: (r["zone_id"], r["starts_at"], r["candidate_id"]))
    found: list[list[Row]] = []
    for _, of_zone in groupby(ordered, key=lambda r: r["zone_id"]):
        last: datetime | None = None
        for row in of_zone:
            if last is None or row["starts_at"] - last > quiet:
                found.append([])
            found[-1].append(row)
            last = max(last or row["ends_at"], row["ends_at"])
    return found


def candidate_of_event(
    episode: Sequence[Row],
    rule: AlertRule,
    weights: Mapping[str, float],
    precision: float,
    planned: Row | None = None,
) -> Candidate:
    """Return the candidate of one event: its signs in order, and what is planned there meanwhile.

    An event's confidence is no probability; what people said of earlier alerts makes it one.
    """
    strongest: dict[str, float] = {}
    for row in episode:
        strongest[row["kind"]] = max(strongest.get(row["kind"], 0.0), row["confidence"])
    strengths = {kind: weights[_part(kind)] * value for kind, value in strongest.items()}
    if planned:
        strengths[PLANNED] = weights["context"] * planned["scale"]
    # In logarithms the kinds add up, as the contributions of the index do.
    logs = {kind: -math.log1p(-min(0.99, strength)) for kind, strength in strengths.items()}
    index = 100 * -math.expm1(-sum(logs.values()))
    share = index / sum(logs.values())
    starts_at = episode[0]["starts_at"].astimezone(UTC)
    return Candidate(
        alert_id=alert_id(rule, episode[0]["zone_id"], starts_at),
        rule=rule.rule,
        rule_version=rule.version,
        zone_id=episode[0]["zone_id"],
        starts_at=starts_at,
        ends_at=max(row["ends_at"] for row in episode).astimezone(UTC),
        risk_index=index,
        certainty=precision * (1 - math.prod(1 - one for one in strongest.values())),
        severity=rule.severity_bands.of(index),
        reasons=[
            planned_reason(planned["title"], share * log)
            if kind == PLANNED
            else urgent_reason(_part(kind), kind, share * log)
            for kind, log in sorted(logs.items(), key=lambda item: (-item[1], item[0]))
        ],
        unknowns=unknowns_of({"has_camera": True, "has_posts": False, "has_baseline": False}),
        inputs={
            "rule": rule.model_dump(mode="json"),
            "precision": precision,
            "weights": dict(weights),
            "planned": planned and kept_planned(planned),
            "candidate_count": len(episode),
            "candidates": kept_signs(episode),
        },
    )


def _part(kind: str) -> str:
    """The part of the index that a kind of event counts towards."""
    return "crowding" if kind in CROWD_KINDS else "video_event"


def _is_part(candidate: Candidate, alert: Candidate, quiet: timedelta) -> bool:
    return (
        candidate.zone_id == alert.zone_id
        and candidate.starts_at <= alert.ends_at + quiet
        and alert.starts_at <= candidate.ends_at + quiet
    )


def _day(moment: datetime, zone_info: ZoneInfo) -> date:
    return moment.astimezone(zone_info).date()
