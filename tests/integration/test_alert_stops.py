"""The stop switch on a real warehouse: at once, for whom it is meant, until its end."""

import datetime as dt
from types import SimpleNamespace

import pytest

from precrisis.alerts.stops import NotStopped, read_stops, set_stop
from precrisis.footage.urgent import raise_urgent
from precrisis.run import Run
from precrisis.warehouse import connect
from tests.integration.test_alert_urgent import alerts, select, signs

MINUTE = dt.timedelta(minutes=1)
ASKED = {"what": "kind", "name": "density_level", "reason": "the counter is broken", "hours": 2}


@pytest.fixture
def by_hand(run) -> Run:
    return Run(run.dag_id, run.run_id, run.interval_start, run.interval_end, "operator")


@pytest.fixture
def now(run) -> dt.datetime:
    return run.interval_end - 30 * MINUTE


def event(camera_id: str, now: dt.datetime) -> SimpleNamespace:
    return SimpleNamespace(
        event_id=f"e-{camera_id}", kind="density_level", camera_id=camera_id, confidence=0.9,
        zone_id="town-square", started_at=now, ended_at=now + MINUTE, model_version="m",
    )  # fmt: skip


def seen(*camera_ids: str, at: dt.datetime) -> int:
    with connect("analysis") as connection:
        return raise_urgent(connection, [event(c, at) for c in camera_ids], ["key"], at)


@pytest.mark.parametrize(
    "asked",
    [ASKED, ASKED | {"what": "rule", "name": "urgent_event"}],
    ids=["kind", "rule"],
)
def test_a_stop_acts_at_once_on_signs_that_wait_and_its_end_lets_them_through(
    town, run, by_hand, now, asked
):
    signs(town, now, 5)
    set_stop(by_hand, asked)
    assert select(run).rows_out == 0
    assert alerts(town) == []
    set_stop(by_hand, asked | {"hours": 0})
    assert select(run).rows_out == 1


def test_a_stop_ends_by_itself(town, run, by_hand, now, clock_at):
    signs(town, now, 5)
    set_stop(by_hand, ASKED)
    clock_at(dt.datetime.now(dt.UTC) + 121 * MINUTE)
    assert select(run).rows_out == 1


def test_a_stopped_camera_names_no_candidate_and_the_others_do(town, by_hand, now):
    set_stop(by_hand, ASKED | {"what": "camera", "name": "duomo-nord"})
    assert seen("duomo-nord", "piazza-fiera", at=now) == 1
    found = town.rows("SELECT inputs ->> 'camera_id' AS camera_id FROM ops.alert_candidate")
    assert [row["camera_id"] for row in found] == ["piazza-fiera"]


def test_a_camera_stopped_after_it_named_a_candidate_raises_no_alert(town, run, by_hand, now):
    assert seen("duomo-nord", at=now) == 1
    set_stop(by_hand, ASKED | {"what": "camera", "name": "duomo-nord"})
    assert select(run).rows_out == 0


def test_an_alert_that_was_raised_before_still_waits_for_a_person(town, run, by_hand, now):
    from precrisis.alerts.review import undecided

    signs(town, now, 5)
    select(run)
    set_stop(by_hand, ASKED)
    select(run)
    assert len(undecided()) == 1


def test_a_stop_is_in_the_audit_log_with_who_and_why(town, by_hand):
    set_stop(by_hand, ASKED)
    (entry,) = town.rows(
        "SELECT * FROM ops.audit_log WHERE subject LIKE 'alert stop%%'",
    )
    assert (entry["subject"], entry["actor"], entry["reason"]) == (
        "alert stop: kind density_level", "operator", ASKED["reason"],
    )  # fmt: skip


@pytest.mark.parametrize(
    "wrong",
    [{"name": "nothing"}, {"what": "city"}, {"reason": "because"}, {"hours": 169}, {"hours": -1}],
)
def test_a_stop_without_a_known_name_a_reason_and_an_end_is_refused(town, by_hand, wrong):
    with pytest.raises(NotStopped):
        set_stop(by_hand, ASKED | wrong)
    with connect("analysis") as connection:
        assert not read_stops(connection).names


def test_a_schedule_stops_nothing(town, run):
    with pytest.raises(NotStopped, match="person"):
        set_stop(run, ASKED)
