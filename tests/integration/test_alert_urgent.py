"""Candidates of the last hours to delivered alerts, on a real warehouse."""

import datetime as dt
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from precrisis.alerts.review import record_review
from precrisis.alerts.urgent_selection import select_urgent
from precrisis.outcome import Outcome

MINUTE = dt.timedelta(minutes=1)
INSERT = """
INSERT INTO ops.alert_candidate
(candidate_id, kind, zone_id, starts_at, ends_at, confidence, inputs, landed_at)
SELECT n::text, 'density_level', %s, %s + n * %s, %s + n * %s + interval '20 seconds', %s,
    '{"segments": ["s"], "model_version": "m"}', %s
FROM generate_series(1, %s) AS n
"""


def signs(world, start: dt.datetime, count: int = 1, apart=20 * MINUTE / 60, confidence=0.9,
          zone_id: str = "town-square") -> None:  # fmt: skip
    world.rows(INSERT, zone_id, start, apart, start, apart, confidence, start, count)


def select(run) -> Outcome:
    outcome = Outcome("key")
    select_urgent(run, outcome)
    return outcome


def alerts(world) -> list[dict]:
    return world.rows("SELECT * FROM ops.alert ORDER BY starts_at")


@pytest.fixture
def now(run) -> dt.datetime:
    return run.interval_end - 30 * MINUTE


def test_an_urgent_event_is_one_alert_however_often_it_is_looked_at(town, run, now):
    signs(town, now, 5)
    assert select(run).rows_out == 1
    assert select(run).rows_out == 0
    (alert,) = alerts(town)
    assert (alert["rule"], alert["zone_id"], alert["severity"]) == (
        "urgent_event", "town-square", "moderate",
    )  # fmt: skip
    assert alert["certainty"] == pytest.approx(0.45)
    assert len(alert["inputs"]["candidates"]) == 5


def test_two_that_look_at_the_same_time_raise_it_once(town, run, now):
    signs(town, now, 5)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: select(run), range(4)))
    assert len(alerts(town)) == 1


def test_an_event_that_lasts_longer_than_the_look_back_stays_one(town, run, now):
    early = now - 300 * MINUTE
    signs(town, early, 4, apart=5 * MINUTE)
    select(type(run)(run.dag_id, "early", early, early + 20 * MINUTE))
    town.rows("UPDATE ops.alert_candidate SET candidate_id = 'e' || candidate_id")
    signs(town, early + 20 * MINUTE, 60, apart=5 * MINUTE)
    select(run)
    assert len(alerts(town)) == 1


def test_what_people_say_of_alerts_decides_how_certain_the_next_are(town, run, now):
    signs(town, now - 60 * MINUTE)
    select(run)
    (first,) = alerts(town)
    record_review(first["alert_id"], "dismiss", "a delivery van with a permit", "operator")
    town.rows("UPDATE ops.alert_candidate SET candidate_id = 'first'")
    signs(town, now, zone_id="market-square")
    select(run)
    assert alerts(town)[1]["certainty"] == pytest.approx(0.9 / 3)


def test_the_mart_tells_the_hour_and_not_the_minute(town, run, now):
    from tests import marts

    marts.build()
    signs(town, now, 5)
    select(run)
    (shown,) = town.rows("SELECT starts_at, ends_at FROM marts.fct_alert")
    assert (shown["starts_at"].minute, shown["ends_at"].minute) == (0, 0)
    assert shown["starts_at"] <= now + MINUTE
    assert shown["ends_at"] >= now + 2 * MINUTE


def test_a_hundred_thousand_signs_in_an_hour_are_one_alert_a_place(town, run, now):
    signs(town, now, 50_000, apart=dt.timedelta(milliseconds=36))
    town.rows("UPDATE ops.alert_candidate SET candidate_id = 'a' || candidate_id")
    signs(town, now, 50_000, apart=dt.timedelta(milliseconds=36), zone_id="market-square")
    started = time.process_time()
    assert select(run).rows_out == 2
    assert time.process_time() - started < 60  # no aim: that it ends, and is not quadratic
