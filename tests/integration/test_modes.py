"""Statistics and incident mode, and what is left alone where people demonstrate or worship."""

import datetime as dt
from types import SimpleNamespace

import psycopg
import pytest

from precrisis.city import city
from precrisis.incident_mode import NotAuthorised, set_incident_mode
from precrisis.modes import PROTECTED_KINDS, STATISTICS_KINDS, read_modes
from precrisis.run import Run
from precrisis.warehouse import connect

ASKED = {
    "camera_id": "duomo-nord",
    "act": "order 12/2026",
    "reason": "fight reported by patrol",
    "hours": 2,
}


@pytest.fixture
def by_hand(run):
    return Run(run.dag_id, run.run_id, run.interval_start, run.interval_end, "operator")


def event(kind: str, zone_id: str = "town-square", hours: float = 0.1, minutes: float = 1):
    start = dt.datetime.now(dt.UTC) + dt.timedelta(hours=hours)
    return SimpleNamespace(
        kind=kind, zone_id=zone_id, camera_id="duomo-nord", started_at=start,
        ended_at=start + dt.timedelta(minutes=minutes),
    )  # fmt: skip


def may_name(*events) -> list[bool]:
    with connect("analysis") as connection:
        modes = read_modes(connection, city())
    return [modes.may_name(one) for one in events]


def planned(world, kind: str, zone_id: str | None) -> None:
    world.rows(
        "INSERT INTO raw.calendar_event VALUES ('c', 'e1', 'planned', %s, %s, "
        "now() + interval '2 hours', now() + interval '3 hours', 500)",
        kind, zone_id,
    )  # fmt: skip


def test_by_default_only_what_follows_from_counts_is_named(world):
    assert all(may_name(*map(event, STATISTICS_KINDS)))
    assert may_name(event("fight"), event("loitering"), event("a kind of tomorrow")) == [False] * 3


def test_incident_mode_is_opened_by_a_person_and_ends_by_itself(world, by_hand):
    set_incident_mode(by_hand, ASKED)
    assert may_name(
        event("fight"), event("fight", hours=1.99, minutes=5), event("fight", hours=2.1)
    ) == [True, False, False]
    other = event("fight")
    other.camera_id = "piazza-fiera"
    assert may_name(other) == [False]
    (entry,) = world.rows("SELECT * FROM ops.audit_log WHERE action = 'incident_mode'")
    assert (entry["actor"], entry["subject"], entry["reason"]) == (
        "operator", "duomo-nord", ASKED["reason"],
    )  # fmt: skip


def test_incident_mode_can_be_ended_at_once(world, by_hand):
    set_incident_mode(by_hand, ASKED)
    set_incident_mode(by_hand, ASKED | {"hours": 0, "reason": "the square is calm again"})
    assert may_name(event("fight")) == [False]
    assert len(world.rows("SELECT 1 FROM ops.audit_log WHERE action = 'incident_mode'")) == 2


@pytest.mark.parametrize(
    "lacking",
    [{"act": " "}, {"reason": "because"}, {"hours": 25}, {"hours": -1}],
)
def test_incident_mode_without_act_reason_or_end_is_refused(world, by_hand, lacking):
    with pytest.raises(NotAuthorised):
        set_incident_mode(by_hand, ASKED | lacking)
    assert world.rows("SELECT 1 FROM ops.incident_mode") == []


def test_incident_mode_is_not_opened_by_a_schedule(world, run):
    with pytest.raises(NotAuthorised, match="person"):
        set_incident_mode(run, ASKED)


def test_the_database_itself_refuses_an_incident_mode_without_end(world):
    with connect("analysis") as connection, pytest.raises(psycopg.errors.CheckViolation):
        connection.execute(
            "INSERT INTO ops.incident_mode (camera_id, starts_at, ends_at, opened_by, act, reason) "
            "VALUES ('duomo-nord', now(), now() + interval '1 year', 'x', 'act', 'a long reason')"
        )


@pytest.mark.parametrize("kind", ["demonstration", "procession", "worship"])
@pytest.mark.parametrize("zone_id", ["town-square", None])
def test_G12_at_a_demonstration_only_what_protects_the_crowd_is_named(
    world, by_hand, kind, zone_id
):
    set_incident_mode(by_hand, ASKED | {"hours": 10})
    planned(world, kind, zone_id)
    during = {one: event(one, hours=2.5) for one in [*PROTECTED_KINDS, "intrusion", "fight"]}
    assert dict(zip(during, may_name(*during.values()), strict=True)) == {
        one: one in PROTECTED_KINDS for one in during
    }
    margin = may_name(event("fight", hours=1.2), event("fight", hours=3.8), event("fight", hours=5))
    assert margin == [False, False, True]


def test_G12_another_zone_and_a_market_are_not_touched(world, by_hand):
    set_incident_mode(by_hand, ASKED | {"hours": 10})
    planned(world, "demonstration", "market-square")
    assert may_name(event("fight", hours=2.5)) == [True]
    world.rows("UPDATE raw.calendar_event SET kind = 'market', place_id = 'town-square'")
    assert may_name(event("fight", hours=2.5)) == [True]


def test_G12_the_zone_of_a_place_of_worship_is_always_left_alone(world, by_hand):
    world.edit_pack("sites.geojson", '"kind": "government"', '"kind": "place_of_worship"')
    set_incident_mode(by_hand, ASKED)
    zone_id = city().sites[0].zone_id
    assert may_name(event("fight", zone_id), event("density_level", zone_id)) == [False, True]
