"""Scenario files: read, refused when they fit nothing, and of use to the pack they lie in."""

import shutil
from pathlib import Path

import pytest
from pydantic import ValidationError

from infra.exercise.scenario import read_scenarios
from precrisis.city import read_city

PACK = Path(__file__).parents[2] / "infra" / "city" / "trento"


@pytest.fixture
def pack(tmp_path):
    shutil.copytree(PACK / "exercise", tmp_path / "exercise")
    return tmp_path


def edit(pack, name: str, old: str, new: str) -> None:
    file = pack / "exercise" / name
    text = file.read_text()
    assert text.count(old) == 1
    file.write_text(text.replace(old, new))


def test_the_five_scenarios_are_there_and_one_of_them_raises_nothing():
    expected = {s.name: s.expected.alert_count for s in read_scenarios(PACK)}
    assert expected == {
        "crowd_crush": 1, "vehicle_into_market": 1, "panic_after_a_bang": 1,
        "threat_before_match": 1, "lone_rumour": 0,
    }  # fmt: skip


def test_what_a_scenario_names_is_in_the_pack(monkeypatch):
    for name in ("SAMPLES", "FEED_URL"):
        monkeypatch.setenv(f"PRECRISIS_{name}", "none")
    city = read_city(PACK)
    rules = {rule.rule for rule in city.thresholds.alert_rules}
    rules.add(city.thresholds.urgent_events.rule)
    for scenario in read_scenarios(PACK):
        assert city.zone(scenario.zone_id)
        assert set(scenario.expected.rules) <= rules
        assert {i.category for i in scenario.recorded} <= set(city.incident_categories)
        for signal in filter(None, (scenario.film, scenario.counts)):
            assert scenario.zone_id in {r.zone_id for r in city.camera(signal.camera_id).regions}


def test_a_typing_slip_is_refused(pack):
    edit(pack, "5_lone_rumour.yaml", "alert_count", "alert_cuont")
    with pytest.raises(ValidationError, match="alert_cuont"):
        read_scenarios(pack)


def test_two_scenarios_in_one_zone_are_refused(pack):
    edit(pack, "5_lone_rumour.yaml", "zone_id: piazza-battisti", "zone_id: piazza-duomo")
    with pytest.raises(ValueError, match="share a zone"):
        read_scenarios(pack)


def test_a_scenario_without_a_signal_is_refused(pack):
    file = pack / "exercise" / "5_lone_rumour.yaml"
    file.write_text("title: {it: Nulla, en: Nothing}\nzone_id: muse\nexpected: {alert_count: 0}\n")
    with pytest.raises(ValidationError, match="injects nothing"):
        read_scenarios(pack)


def test_a_pack_without_scenarios_says_where_there_are_some(tmp_path):
    with pytest.raises(ValueError, match="holds no scenario"):
        read_scenarios(tmp_path)
