"""Alerts and counts of people reach a context broker; one that is away holds up nothing else."""

import datetime as dt

import pytest

from precrisis.alerts import raising
from precrisis.alerts.crowds import publish_crowds
from precrisis.alerts.delivering import deliver_alerts
from precrisis.alerts.review import record_review
from precrisis.outcome import StepFailed
from tests import marts
from tests.marts import post, window

MINUTE = dt.timedelta(minutes=1)
SENT = """
SELECT version, channel, reference FROM ops.alert_delivery WHERE status = 'sent'
ORDER BY version, channel
"""


@pytest.fixture
def alarmed(town, broker, relay):
    """A town where one hour of one zone is over the limit, and others have more or fewer people."""
    for n in range(30):
        post(town, f"author-{n}", "panic")
    for n in range(0, 360, 12):
        window(town, "town-square", 24.4, n)
        window(town, "market-square", 9, n, camera_id="another")
    marts.build()
    return town


def test_a_broker_that_is_away_gets_the_alert_later_and_each_version_once(alarmed, broker, run):
    broker.answers = [503] * 4
    with pytest.raises(StepFailed):
        raising.raise_alerts(run)
    assert [row["channel"] for row in alarmed.rows(SENT)] == ["cap", "mail"]
    raising.raise_alerts(run)
    ((_, entity_id),) = broker.entities
    (alert,) = alarmed.rows("SELECT alert_id FROM ops.alert")
    assert entity_id == f"urn:ngsi-ld:Alert:precrisis:rivermouth:{alert['alert_id']}"
    record_review(alert["alert_id"], "dismiss", "a market that was set up early", "operator")
    for _ in range(2):
        deliver_alerts(run)
    (stored,) = broker.entities.values()
    assert stored["severity"]["value"] == "informational"
    told = [(r["version"], r["reference"]) for r in alarmed.rows(SENT) if r["channel"] == "ngsi-ld"]
    assert told == [(1, entity_id), (2, entity_id)]
    assert [code for _, code in broker.asked] == [503] * 4 + [201, 409, 204]


def test_counts_go_out_by_zone_and_small_ones_stay(alarmed, broker, run):
    publish_crowds(run)
    publish_crowds(run)
    ((tenant, entity_id),) = broker.entities
    assert (tenant, entity_id.split(":")[-1]) == ("rivermouth", "town-square")
    (stored,) = broker.entities.values()
    assert stored["peopleCount"]["value"] == 24
    assert stored["dateObserved"]["value"].startswith(f"{marts.HOUR:%Y-%m-%dT%H}")


def test_without_a_broker_nothing_is_brought(town, run):
    publish_crowds(run)
    assert town.outcomes("publish_crowd") == {}
