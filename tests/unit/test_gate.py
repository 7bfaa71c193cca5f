"""The legal gate on its last and first day, in the city's own time."""

import datetime as dt
from pathlib import Path

import pytest

from precrisis.city import City, CityPackError, read_city
from precrisis.gate import NoBasis, authorise

PACK = Path(__file__).parents[1] / "city"


@pytest.fixture
def city(monkeypatch) -> City:
    for name in ("SAMPLES", "FEED_URL", "CITY_PACK"):
        monkeypatch.setenv(f"PRECRISIS_{name}", "unused")
    return read_city(PACK)


def with_purpose(city: City, **changes) -> City:
    """The city with its footage purpose changed."""
    purpose = city.purpose("footage").model_copy(update=changes)
    others = [p for p in city.purposes if p.purpose_id != "footage"]
    return city.model_copy(update={"purposes": [purpose, *others]})


def allowed(city: City, at: dt.datetime) -> bool:
    try:
        return authorise(city, city.source("test-footage"), at).purpose_id == "footage"
    except NoBasis:
        return False


@pytest.mark.parametrize(
    ("at", "is_allowed"),
    [
        ("2030-06-30T22:59:59+00:00", True),  # 23:59:59 in Lisbon's summer, the last day
        ("2030-06-30T23:00:00+00:00", False),  # the day after has begun there
    ],
)
def test_an_act_holds_to_the_end_of_its_last_local_day(city, at, is_allowed):
    city = with_purpose(city, valid_until=dt.date(2030, 6, 30))
    assert allowed(city, dt.datetime.fromisoformat(at)) is is_allowed


@pytest.mark.parametrize(
    ("at", "is_allowed"),
    [("2030-06-29T22:59:59+00:00", False), ("2030-06-29T23:00:00+00:00", True)],
)
def test_an_assessment_counts_from_its_first_local_day(city, at, is_allowed):
    assessment = city.purpose("footage").assessment
    later = assessment.model_copy(update={"approved_on": dt.date(2030, 6, 30)})
    city = with_purpose(city, assessment=later)
    assert allowed(city, dt.datetime.fromisoformat(at)) is is_allowed


def test_an_open_objection_stops_and_the_message_names_source_purpose_and_remedy(city):
    city = with_purpose(city, objections=["case 12"])
    with pytest.raises(NoBasis) as refused:
        authorise(city, city.source("test-footage"), dt.datetime(2026, 3, 1, tzinfo=dt.UTC))
    for part in ("test-footage", "'footage'", "objection", "register.yaml"):
        assert part in str(refused.value)
    assert "case 12" not in str(refused.value)


def test_other_purposes_are_not_touched_by_one_that_ended(city):
    city = with_purpose(city, valid_until=dt.date(2021, 1, 1))
    at = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
    assert not allowed(city, at)
    assert authorise(city, city.source("test-feed"), at).retention_hours == 48


def test_a_source_without_an_entry_in_the_register_stops(city):
    source = city.source("test-footage").model_copy(update={"purpose_id": "forgotten"})
    with pytest.raises(CityPackError, match="forgotten"):
        authorise(city, source, dt.datetime(2026, 3, 1, tzinfo=dt.UTC))
