"""Agreements: what an entry must say, and what may never be asked for."""

import datetime as dt
import json
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml
from pydantic import ValidationError

from precrisis.city import read_city
from precrisis.outcome import Refused
from precrisis.privacy.columns import declared
from precrisis.sharing.agreement import Agreement
from precrisis.sharing.period import last_before, period_of
from precrisis.sharing.permission import fits, zones_of
from precrisis.sharing.shareable import MARTS

ROOT = Path(__file__).parents[2]
PACKS = {"trento": ROOT / "infra" / "city" / "trento", "rivermouth": ROOT / "tests" / "city"}
ENTRY = yaml.safe_load((PACKS["rivermouth"] / "agreements.yaml").read_text())[0]
ROME = ZoneInfo("Europe/Rome")


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    from precrisis.settings import settings

    for name, value in {
        "SAMPLES": "/samples", "FEED_URL": "http://feed.example", "WAREHOUSE_PORT": "1",
        "WAREHOUSE_PASSWORDS": "{}", "S3_ENDPOINT": "-", "S3_IDENTITIES": "{}", "AIRFLOW_URL": "-",
        "AIRFLOW_PASSWORDS": "{}", "SUPERSET_URL": "-", "SUPERSET_PASSWORDS": "{}", "BI_DSN": "-",
        "SMTP_PORT": "1", "CITY_PACK": str(PACKS["rivermouth"]),
    }.items():  # fmt: skip
        monkeypatch.setenv(f"PRECRISIS_{name}", value)
    settings.cache_clear()
    yield
    settings.cache_clear()


def town(*entries: dict):
    """The second city with these agreements instead of its own."""
    agreements = [Agreement(**(ENTRY | entry)) for entry in entries]
    return read_city(PACKS["rivermouth"]).model_copy(update={"agreements": agreements})


def refusal(*entries: dict) -> str:
    city = town(*entries)
    with pytest.raises(Refused) as refused:
        fits(city.agreements[0], city)
    assert "agreements.yaml" in refused.value.reason
    return refused.value.rule


@pytest.mark.parametrize("pack", PACKS)
def test_what_the_packs_agree_on_may_be_shared(pack):
    city = read_city(PACKS[pack])
    assert city.agreements
    for agreement in city.agreements:
        fits(agreement, city)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"agreement_id": "../up"}, "agreement_id"),
        ({"purpose": {"xx": "no such language"}}, "purpose"),
        ({"act": " "}, "act"),
        ({"fields": []}, "fields"),
        ({"fields": ["zone_id", "zone_id"]}, "twice"),
        ({"area": {}}, "area"),
        ({"k": {"small_cell_cats": 5}}, "k"),
        ({"time_step": "minute"}, "time_step"),
        ({"valid_until": "2019-12-31"}, "valid_until"),
        ({"public_key": "age1nobody"}, "public_key"),
        ({"public_key": "AGE-SECRET-KEY-1QQQ"}, "public_key"),
        ({"formats": ["xlsx"]}, "formats"),
        ({"kept_days": 91}, "kept_days"),
        ({"recipient": {"organisation": "x", "address": "a@b.example\nBcc: c@d"}}, "address"),
        ({"exipres": "2030-01-01"}, "exipres"),
    ],
)
def test_a_slip_in_an_agreement_is_named(change, named):
    with pytest.raises(ValidationError, match=named):
        Agreement(**(ENTRY | change))


def test_two_agreements_of_one_name_are_refused(tmp_path):
    from shutil import copytree

    from precrisis.pack.part import CityPackError

    pack = Path(copytree(PACKS["rivermouth"], tmp_path / "pack"))
    (pack / "agreements.yaml").write_text(json.dumps([ENTRY, ENTRY], default=str))
    with pytest.raises(CityPackError, match="river-themes stands there twice"):
        read_city(pack)


@pytest.mark.parametrize("mart", MARTS)
def test_what_is_shareable_stands_in_the_contract_and_is_no_words_of_staff(mart):
    known = {column.name: column for column in declared() if column.mart == mart}
    columns = MARTS[mart].columns
    assert set(columns) <= set(known)
    assert {known[name].personal_data for name in columns} <= {"none", "place", "aggregate"}
    counted = {known[name].k for name in columns} - {None}
    assert counted <= set(MARTS[mart].small_if)  # or a small cell would decide on nothing
    free_text = [n for n in MARTS[mart].measures if known[n].data_type == "text"]
    assert set(free_text) <= {"event_title"}


@pytest.mark.parametrize("mart", ["fct_alert", "fct_incident", "fct_zone_latest", "raw.post", "x"])
def test_G8_a_mart_that_is_not_shareable_is_refused(mart):
    assert refusal({"mart": mart}) == "mart"


@pytest.mark.parametrize(
    ("mart", "field"),
    [
        ("fct_post_theme_hour", "author_key"),
        ("fct_post_theme_hour", "final_at"),
        ("fct_zone_hour", "video_event_count"),
        ("fct_zone_hour", "alarming_post_count"),
        ("fct_camera_window", "people_band"),
        ("dim_zone", "no_such_column"),
    ],
)
def test_G8_a_field_outside_contract_or_list_is_refused(mart, field):
    assert refusal({"mart": mart, "fields": [*MARTS[mart].keys, field]}) == "field"


def test_G8_a_field_that_became_words_of_staff_is_refused(monkeypatch):
    """The contract decides, not the list: a column classified anew is closed at once."""
    from dataclasses import replace

    from precrisis.sharing import permission

    changed = [replace(c, personal_data="staff") if c.name == "theme" else c for c in declared()]
    monkeypatch.setattr(permission, "declared", lambda: changed)
    permission.contract.cache_clear()
    try:
        assert refusal({}) == "field"
    finally:
        permission.contract.cache_clear()


def test_G8_without_its_keys_a_cell_would_be_a_total_over_others():
    assert refusal({"fields": ["zone_id", "post_count"]}) == "field"


@pytest.mark.parametrize("area", [{"districts": ["Elsewhere"]}, {"zones": ["elsewhere"]}])
def test_G8_an_area_that_is_not_the_citys_is_refused(area):
    assert refusal({"area": area}) == "area"


@pytest.mark.parametrize(("k", "rule"), [(4, "threshold"), (5, None), (6, None)])
def test_the_threshold_is_never_below_the_citys(k, rule):
    entry = {"k": {"small_cell_authors": k}}
    if rule:
        assert refusal(entry) == rule
    else:
        fits(town(entry).agreements[0], town(entry))


def test_a_field_that_counts_people_needs_its_k():
    assert refusal({"k": {}}) == "threshold"
    assert refusal({"k": {"small_cell_people": 10}}) == "threshold"


def test_a_higher_k_than_the_index_was_computed_with_can_not_be_promised():
    entry = {"mart": "fct_zone_hour", "fields": ["zone_id", "people_mean"]}
    fits(*_first(town(entry | {"k": {"small_cell_people": 10}})))
    assert refusal(entry | {"k": {"small_cell_people": 11}}) == "threshold"


RAISED = {"k": {"small_cell_authors": 8}}
SECOND = {
    "agreement_id": "second",
    "recipient": {"organisation": "B", "address": "b@b.example"},
    "public_key": "age10jkxk8qssrn06gdaes6pnhw743hajqdzl4c7kh503fuv669s9v7s2238xn",
}


@pytest.mark.parametrize("same", ["recipient", "public_key"])
def test_a_higher_k_beside_another_agreement_of_the_same_reader_is_refused(same):
    """Either of the two may hold the higher k: by the other its cells would be found."""
    second = SECOND | {same: ENTRY[same], "time_step": "hour"}
    assert refusal(RAISED, second) == "threshold"
    assert refusal({}, second | RAISED) == "threshold"
    fits(*_first(town({}, second)))  # at the city's own k nothing can be found
    fits(*_first(town(RAISED, SECOND)))  # another reader
    later = {"valid_from": "2036-01-01", "valid_until": "2037-01-01"}
    fits(*_first(town(RAISED, second | later)))  # never both at once


def _first(city):
    return city.agreements[0], city


def test_an_area_is_its_zones_and_all_of_its_districts():
    city = town({"area": {"districts": ["Riverside"], "zones": ["town-square", "river-park"]}})
    assert zones_of(*_first(city)) == ["market-square", "river-park", "town-square"]
    city = town({"area": {"zones": ["river-park"]}})
    assert zones_of(*_first(city)) == ["river-park"]


@pytest.mark.parametrize(
    ("step", "at", "first", "end"),
    [
        ("day", "2026-03-29T04:30+00:00", "2026-03-28", "2026-03-29"),
        ("hour", "2026-03-30T04:30+00:00", "2026-03-29", "2026-03-30"),
        ("day", "2026-03-29T22:30+00:00", "2026-03-29", "2026-03-30"),  # past midnight in Rome
        ("week", "2026-11-22T12:00+00:00", "2026-11-09", "2026-11-16"),  # a Sunday: not over yet
        ("week", "2026-11-23T04:30+00:00", "2026-11-16", "2026-11-23"),
    ],
)
def test_the_last_whole_period_before_a_moment(step, at, first, end):
    period = last_before(step, dt.datetime.fromisoformat(at), ROME)
    assert (period.first.isoformat(), period.end.isoformat()) == (first, end)


def test_the_day_on_which_clocks_change_has_23_hours():
    period = period_of("day", dt.date(2026, 3, 29), ROME)
    assert period.end_at - period.start_at == dt.timedelta(hours=23)
    assert period.start_at == dt.datetime(2026, 3, 28, 23, tzinfo=dt.UTC)
