"""Urgent events of the last hours become alerts, or new versions of those that go on or end."""

import datetime as dt

from psycopg import Connection

from precrisis.alerts.candidates import Candidate
from precrisis.alerts.stops import Stops, read_stops
from precrisis.alerts.urgent import urgent_alerts, urgent_candidates, urgent_now
from precrisis.alerts.version_rows import (
    newest_versions,
    one_at_a_time,
    store_changes,
    store_raised,
)
from precrisis.alerts.versions import Version
from precrisis.city import city
from precrisis.outcome import Outcome
from precrisis.pack.thresholds import UrgentEvents
from precrisis.run import Run
from precrisis.warehouse import connect

URGENT = """
SELECT * FROM ops.alert_candidate WHERE raised_at >= %(since)s - interval '1 day'
"""
# Laplace's rule: half before anybody said anything.
PRECISION = """
SELECT ((count(*) FILTER (WHERE decision = 'accept') + 1) / (count(*) + 2.0))::float AS precision
FROM (
    SELECT DISTINCT ON (r.alert_id) r.decision FROM ops.alert_review AS r
    INNER JOIN ops.alert AS a ON a.alert_id = r.alert_id
    WHERE a.rule = %(rule)s AND a.rule_version = %(version)s
    ORDER BY r.alert_id, r.decided_at DESC
) AS last_words
"""
# `scale`: how much of the weight of a planned event counts, as in int_zone_hours.
PLANNED = """
SELECT place_id AS zone_id, title, starts_at, ends_at,
    least(1, coalesce(expected_people, %(context_unknown_people)s) / %(context_full_people)s)::float
    AS scale
FROM raw.calendar_event
WHERE starts_at < %(until)s AND ends_at > %(since)s - interval '1 day' AND place_id IS NOT NULL
"""
DAY = dt.timedelta(days=1)


def select_urgent(run: Run, outcome: Outcome) -> None:
    """Store the alerts that events of the last hours make, within budget, and what becomes of them.

    Signs of a day are read, so that an event keeps its beginning, and with it its alert_id.
    """
    rule = city().thresholds.urgent_events
    if rule is None:
        outcome.detail = "the city pack names no urgent events"
        return
    since = run.interval_end - dt.timedelta(minutes=rule.urgent_for_min)
    with connect("analysis") as connection:
        one_at_a_time(connection)
        stops = read_stops(connection)
        if stops.has("rule", rule.rule):
            outcome.detail = f"{rule.rule} is stopped"
            return
        found = _found(connection, rule, stops, since, run.interval_end)
        told = newest_versions(connection, [rule.rule], since - DAY)
        going_on = [version.candidate for version in told.values()]
        selection = urgent_alerts(found, going_on, rule, since, city().timezone)
        store_raised(connection, selection.raised)
        now_found = urgent_now(found, going_on, rule)
        changed = store_changes(
            connection, told.values(), now_found, {rule.rule: rule.quiet}, run.interval_end
        )
    outcome.rows_in = sum(candidate.inputs["candidate_count"] for candidate in found)
    outcome.rows_out = len(selection.raised) + changed
    outcome.detail = f"{len(selection.held_back)} held back by budget or expiry"


def urgent_goes_on(run: Run) -> bool:
    """True when an urgent alert has not been said to be over."""
    rule = city().thresholds.urgent_events
    if rule is None:
        return False
    with connect("analysis") as connection:
        return bool(_going_on(connection, rule, run))


def end_urgent(run: Run, outcome: Outcome) -> None:
    """Store the end of each urgent alert of which nothing was seen for its rule's quiet time.

    What is new or grew waits for `select_urgent`, which comes with each event and asks a person.
    """
    rule = city().thresholds.urgent_events
    since = run.interval_end - dt.timedelta(minutes=rule.urgent_for_min)
    with connect("analysis") as connection:
        one_at_a_time(connection)
        open_ones = _going_on(connection, rule, run)
        outcome.rows_in = len(open_ones)
        found = _found(connection, rule, read_stops(connection), since, run.interval_end)
        now_found = urgent_now(found, [version.candidate for version in open_ones], rule)
        quiet = {rule.rule: rule.quiet}
        outcome.rows_out = store_changes(
            connection, open_ones, now_found, quiet, run.interval_end, only={"ended"}
        )


def _going_on(connection: Connection, rule: UrgentEvents, run: Run) -> list[Version]:
    since = run.interval_end - dt.timedelta(minutes=rule.urgent_for_min) - DAY
    told = newest_versions(connection, [rule.rule], since)
    return [v for v in told.values() if v.why not in ("ended", "withdrawn")]


def _found(
    connection: Connection, rule: UrgentEvents, stops: Stops, since: dt.datetime, now: dt.datetime
) -> list[Candidate]:
    """What the signs of the last day come to."""
    facts = {"rule": rule.rule, "version": rule.version, "since": since, "until": now}
    signs = [s for s in connection.execute(URGENT, facts).fetchall() if stops.allow(s)]
    precision = connection.execute(PRECISION, facts).fetchone()["precision"]
    planned = connection.execute(PLANNED, facts | _context()).fetchall()
    return urgent_candidates(signs, rule, _weights(), precision, planned)


def _weights() -> dict[str, float]:
    points = city().thresholds.risk_points
    parts = ("crowding", "video_event", "context")
    return {name: points[f"weight_{name}"].value for name in parts}


def _context() -> dict[str, float]:
    points = city().thresholds.risk_points
    return {name: points[name].value for name in ("context_unknown_people", "context_full_people")}
