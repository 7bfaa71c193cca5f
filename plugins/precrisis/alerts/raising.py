"""alerts_raise: risky zone-hours become alerts, delivered once, then waiting for a person."""

import datetime as dt
from collections import Counter

from psycopg import Connection

from precrisis.alerts.candidates import Selection, candidates
from precrisis.alerts.delivering import deliver_alerts
from precrisis.alerts.joining import growth, told_as_urgent
from precrisis.alerts.past_limit import past_limit
from precrisis.alerts.review import undecided
from precrisis.alerts.rules import AlertRule
from precrisis.alerts.stops import read_stops
from precrisis.alerts.urgent_selection import end_urgent, select_urgent, urgent_goes_on
from precrisis.alerts.version_rows import (
    newest_versions,
    one_at_a_time,
    store_changes,
    store_raised,
)
from precrisis.alerts.versions import Version
from precrisis.city import city
from precrisis.outcome import Outcome, Step
from precrisis.run import Run
from precrisis.warehouse import connect

# Whole local days and one more, so that an episode keeps its first hour and with it its alert_id.
ZONE_HOURS = """
SELECT f.* FROM marts.fct_zone_hour AS f, raw.city AS c
WHERE f.local_date >= ((%(since)s::timestamptz) AT TIME ZONE c.time_zone)::date - 1
"""
PAST = """
SELECT max(f.risk_index)::float AS peak
FROM marts.fct_zone_hour AS f, raw.city AS c
WHERE f.local_date BETWEEN (%(now)s AT TIME ZONE c.time_zone)::date - %(days)s
    AND (%(now)s AT TIME ZONE c.time_zone)::date - 1
    AND f.risk_index >= %(limit)s AND f.certainty >= %(min_certainty)s
GROUP BY f.zone_id, f.local_date
"""
PAST_DAYS = """
SELECT count(DISTINCT f.local_date) AS days FROM marts.fct_zone_hour AS f, raw.city AS c
WHERE f.local_date BETWEEN (%(now)s AT TIME ZONE c.time_zone)::date - %(days)s
    AND (%(now)s AT TIME ZONE c.time_zone)::date - 1
"""


def raise_alerts(run: Run) -> list[dict[str, str]]:
    """Raise what is over the limits and within budget, deliver it; return what a person must see.

    The result is one entry per alert of this and earlier runs without a decision, each with its id
    and title, for `alerts_review`.
    """
    step = Step("select_alerts", "alert", run, role="analysis")
    step.each([run], lambda r: f"{r.interval_end:%Y-%m-%dT%H}", _select)
    urgent = Step("select_urgent_alerts", "alert", run, role="analysis")
    urgent.each([run], lambda r: f"{r.interval_end:%Y-%m-%dT%H%M%S}", select_urgent)
    deliver_alerts(run)
    return undecided()


def keep_telling(run: Run) -> None:
    """Tell of urgent alerts that ended, and again what could not be told before.

    Raises:
        StepFailed: a channel failed; the next run tries again.
    """
    if urgent_goes_on(run):
        step = Step("end_urgent_alerts", "alert", run, role="analysis")
        step.each([run], lambda r: f"{r.interval_end:%Y-%m-%dT%H%M%S}", end_urgent)
    deliver_alerts(run, looks_after_feed=False)


def _select(run: Run, outcome: Outcome) -> None:
    lookback = city().thresholds.risk_points["alert_lookback_hours"].value
    since = run.interval_end - dt.timedelta(hours=lookback)
    with connect("analysis") as connection:
        stops = read_stops(connection)
        rules = [r for r in city().thresholds.alert_rules if not stops.has("rule", r.rule)]
        one_at_a_time(connection)
        hours = connection.execute(ZONE_HOURS, {"since": since}).fetchall()
        known = {row["alert_id"] for row in connection.execute("SELECT alert_id FROM ops.alert")}
        told = newest_versions(connection, [rule.rule for rule in rules], since)
        past = {rule.rule: _past_limit(connection, rule, run) for rule in rules}
        urgent = _urgent(connection, since)
        selection = candidates(
            hours, rules, known, since, past, lambda found: told_as_urgent(found, urgent)
        )
        store_raised(connection, selection.raised)
        grown = _grow(connection, selection, urgent, run.interval_end)
        found = {candidate.alert_id: candidate for candidate in selection.raised}
        quiet = {rule.rule: rule.quiet for rule in rules}
        changed = store_changes(connection, told.values(), found, quiet, run.interval_end)
    outcome.rows_in, outcome.rows_out = len(hours), len(selection.raised) + changed + grown
    reasons = Counter(held.reason for held in selection.held_back)
    outcome.detail = f"held back: {dict(reasons)}; limits of the past: {past}"
    if len(rules) < len(city().thresholds.alert_rules):
        outcome.detail += "; a rule is stopped"


def _urgent(connection: Connection, since: dt.datetime) -> list[Version]:
    rule = city().thresholds.urgent_events
    return list(newest_versions(connection, [rule.rule], since).values()) if rule else []


def _grow(
    connection: Connection, selection: Selection, urgent: list[Version], now: dt.datetime
) -> int:
    """Make a version of each urgent alert that its hour puts into a higher band."""
    held = [h.candidate for h in selection.held_back if h.reason == "told_as_urgent"]
    grown = growth(held, urgent)
    found = {version.candidate.alert_id: candidate for version, candidate in grown}
    rule = city().thresholds.urgent_events
    quiet = {rule.rule: rule.quiet} if rule else {}
    return store_changes(connection, [version for version, _ in grown], found, quiet, now)


def _past_limit(connection: Connection, rule: AlertRule, run: Run) -> float:
    days = int(city().thresholds.risk_points["budget_past_days"].value)
    facts = {"now": run.interval_end, "days": days, "limit": rule.limit}
    facts["min_certainty"] = rule.min_certainty
    peaks = [row["peak"] for row in connection.execute(PAST, facts)]
    seen = connection.execute(PAST_DAYS, facts).fetchone()["days"]
    return past_limit(peaks, seen, rule)
