"""alerts_raise: risky zone-hours become alerts, delivered once, then waiting for a person."""

import datetime as dt
from collections.abc import Callable
from functools import partial
from typing import Any

from psycopg import Connection

from precrisis import store
from precrisis.alerts.candidates import COLUMNS, Candidate, candidates
from precrisis.alerts.cap import cap_message
from precrisis.alerts.deliver import (
    DeliveryError,
    deliver_cap,
    deliver_mail,
    deliver_webhook,
    webhook_channel,
)
from precrisis.alerts.mail import alert_mail
from precrisis.alerts.review import undecided
from precrisis.alerts.urgent_selection import select_urgent
from precrisis.alerts.webhook import alert_body
from precrisis.city import city
from precrisis.outcome import Outcome, Step
from precrisis.relay import relay
from precrisis.run import Run
from precrisis.settings import settings
from precrisis.warehouse import connect, upsert

KEPT = dt.timedelta(days=365)  # alerts and their CAP files hold no personal data
# Whole local days and one more, so that an episode keeps its first hour and with it its alert_id.
ZONE_HOURS = """
SELECT f.* FROM marts.fct_zone_hour AS f, raw.city AS c
WHERE f.local_date >= ((%(since)s::timestamptz) AT TIME ZONE c.time_zone)::date - 1
"""
# In the order in which they were raised. After a week an alert helps nobody; its row says failed.
UNDELIVERED = """
SELECT a.* FROM ops.alert AS a
WHERE a.raised_at > now() - interval '7 days' AND (
    SELECT count(*) FROM ops.alert_delivery AS d
    WHERE d.alert_id = a.alert_id AND d.channel = ANY(%(channels)s) AND d.status = 'sent'
) < cardinality(%(channels)s)
ORDER BY a.raised_at, a.risk_index DESC, a.alert_id
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
    delivery = Step("deliver_alert", "alert", run, role="analysis")
    with connect("analysis") as connection:
        waiting = connection.execute(UNDELIVERED, {"channels": _channels()}).fetchall()
        connection.commit()
    delivery.each(waiting, lambda alert: alert["alert_id"], _deliver)
    return undecided()


def _select(run: Run, outcome: Outcome) -> None:
    lookback = city().thresholds.risk_points["alert_lookback_hours"].value
    since = run.interval_end - dt.timedelta(hours=lookback)
    with connect("analysis") as connection:
        hours = connection.execute(ZONE_HOURS, {"since": since}).fetchall()
        known = {row["alert_id"] for row in connection.execute("SELECT alert_id FROM ops.alert")}
        selection = candidates(hours, city().thresholds.alert_rules, known, since)
        rows = [{name: getattr(c, name) for name in COLUMNS} for c in selection.raised]
        upsert(connection, "ops.alert", ("alert_id",), rows, keep=COLUMNS[1:])
    outcome.rows_in, outcome.rows_out = len(hours), len(rows)
    outcome.detail = f"{len(selection.held_back)} held back by budget or expiry"


def _deliver(alert: dict[str, Any], outcome: Outcome) -> None:
    the_city, sent_at = city(), alert["raised_at"]
    candidate = Candidate(**{name: alert[name] for name in COLUMNS})
    status = settings().alert_status
    zone = the_city.zone(candidate.zone_id)
    cap_xml = cap_message(candidate, the_city, zone.geometry, sent_at, status)
    links = _links(candidate)
    mail = alert_mail(
        candidate, the_city, _picture(candidate), cap_xml, links,
        sender=settings().mail_sender, sent_at=sent_at, status=status,
    )  # fmt: skip
    body = alert_body(candidate, the_city, links, sent_at, status)
    alert_id = candidate.alert_id
    ways = [
        partial(deliver_cap, alert_id, candidate.starts_at, cap_xml, _put),
        partial(deliver_mail, alert_id, mail, relay()),
        *(partial(deliver_webhook, alert_id, hook, body) for hook in the_city.alert_webhooks),
    ]
    outcome.rows_in, outcome.rows_out = len(ways), _go(ways)


def _go(ways: list[Callable[[Connection], str]]) -> int:
    """Go every way, whatever happens on another; return on how many the alert went out now.

    Raises:
        DeliveryError: of the first way that failed, after all were tried.
    """
    sent, failures = 0, []
    with connect("analysis") as connection:
        for way in ways:
            try:
                sent += way(connection) == "sent"
            except DeliveryError as error:
                failures.append(error)
    if failures:
        raise failures[0]
    return sent


def _channels() -> list[str]:
    return ["cap", "mail", *map(webhook_channel, city().alert_webhooks)]


def _put(bucket: str, key: str, content: bytes, content_type: str) -> None:
    with connect("analysis") as connection:
        store.put(
            connection, "publish", bucket, key, content,
            noun="alert", retention=KEPT, content_type=content_type,
        )  # fmt: skip


def _picture(candidate: Candidate) -> bytes:
    from precrisis.map_picture import zone_map

    risk = {candidate.zone_id: candidate.risk_index}
    return zone_map(city(), candidate.zone_id, 1280, 760, risk=risk, pixel_ratio=2)


def _links(candidate: Candidate) -> dict[str, str]:
    run = f"{settings().airflow_url}/dags/alerts_review/runs/{candidate.alert_id}"
    review = f"{run}/tasks/decide/required_actions"
    dashboard = f"{settings().superset_url}/superset/dashboard/city-safety/"
    return {"review": review, "dashboard": dashboard}
