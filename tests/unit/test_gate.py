"""The legal gate on its last and first day, in the city's own time."""

import datetime as dt
import shutil
from pathlib import Path

import pytest

from precrisis.city import City, read_city
from precrisis.gate import NoBasis, basis
from precrisis.pack.part import CityPackError
from precrisis.register import Objection

PACK = Path(__file__).parents[1] / "city"


@pytest.fixture
def city(monkeypatch) -> City:
    for name in ("SAMPLES", "FEED_URL", "CITY_PACK"):
        monkeypatch.setenv(f"PRECRISIS_{name}", "unused")
    return read_city(PACK)


def with_purpose(city: City, **changes) -> City:
    """The city with its footage purpose changed."""
    purpose = city.purpose("footage").model_copy(update=changes)
    others = [p for p in city.processing.purposes if p.purpose_id != "footage"]
    processing = city.processing.model_copy(update={"purposes": [purpose, *others]})
    return city.model_copy(update={"processing": processing})


def allowed(city: City, at: dt.datetime) -> bool:
    try:
        return basis(city, city.source("test-footage"), at).purpose_id == "footage"
    except NoBasis:
        return False


@pytest.mark.parametrize(
    ("at", "is_allowed"),
    [
        ("2030-06-30T22:59:59+00:00", True),  # 23:59:59 in Lisbon's summer, the last day
        ("2030-06-30T23:00:00+00:00", False),  # the day after has begun there
    ],
)
def test_G1_an_act_holds_to_the_end_of_its_last_local_day(city, at, is_allowed):
    city = with_purpose(city, valid_until=dt.date(2030, 6, 30))
    assert allowed(city, dt.datetime.fromisoformat(at)) is is_allowed


@pytest.mark.parametrize(
    ("at", "is_allowed"),
    [("2030-06-29T22:59:59+00:00", False), ("2030-06-29T23:00:00+00:00", True)],
)
def test_G10_an_assessment_counts_from_its_first_local_day(city, at, is_allowed):
    assessment = city.purpose("footage").assessment
    later = assessment.model_copy(update={"approved_on": dt.date(2030, 6, 30)})
    city = with_purpose(city, assessment=later)
    assert allowed(city, dt.datetime.fromisoformat(at)) is is_allowed


ANSWERED = {"it": "accolta", "en": "granted"}


@pytest.mark.parametrize(
    ("closed_on", "answer"),
    [(None, None), (dt.date(2026, 2, 20), None), (dt.date(2026, 3, 2), ANSWERED)],
    ids=["open", "closed without an answer", "closed tomorrow"],
)
def test_G11_an_open_objection_stops_and_the_message_names_source_purpose_and_remedy(
    city, closed_on, answer
):
    objection = Objection(
        reference="case 12",
        raised_by="data-protection officer",
        raised_on=dt.date(2026, 2, 1),
        closed_on=closed_on,
        answer=answer,
    )
    city = with_purpose(city, objections=[objection])
    with pytest.raises(NoBasis) as refused:
        basis(city, city.source("test-footage"), dt.datetime(2026, 3, 1, tzinfo=dt.UTC))
    for part in ("test-footage", "'footage'", "objection", "register.yaml"):
        assert part in str(refused.value)
    assert "case 12" not in str(refused.value)


def test_G11_an_objection_that_was_answered_and_closed_no_longer_stops(city):
    objection = Objection(
        reference="case 12", raised_by="authority", raised_on=dt.date(2026, 1, 1),
        closed_on=dt.date(2026, 2, 20), answer=ANSWERED,
    )  # fmt: skip
    city = with_purpose(city, objections=[objection])
    assert allowed(city, dt.datetime(2026, 3, 1, tzinfo=dt.UTC))


def test_other_purposes_are_not_touched_by_one_that_ended(city):
    city = with_purpose(city, valid_until=dt.date(2021, 1, 1))
    at = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
    assert not allowed(city, at)
    assert basis(city, city.source("test-feed"), at).retention_hours == 48


def test_a_source_without_an_entry_in_the_register_stops(city):
    source = city.source("test-footage").model_copy(update={"purpose_id": "forgotten"})
    with pytest.raises(CityPackError, match="forgotten"):
        basis(city, source, dt.datetime(2026, 3, 1, tzinfo=dt.UTC))


NOW = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    "change",
    [
        {"retention_hours": 48},
        {"legal_basis": "GDPR art. 6(1)(f)"},
        {"aim": {"it": "x", "en": "x"}},
    ],
)
def test_G9_a_register_that_says_other_than_the_published_notice_stops(city, change):
    assert allowed(city, NOW)
    changed = with_purpose(city, **change)
    with pytest.raises(NoBasis, match="published notice"):
        basis(changed, changed.source("test-footage"), NOW)


def test_G9_a_new_camera_is_news_for_those_who_pass_it(city):
    camera = city.cameras[0].model_copy(update={"camera_id": "new", "name": "New camera"})
    changed = city.model_copy(update={"cameras": [*city.cameras, camera]})
    with pytest.raises(NoBasis, match="published notice"):
        basis(changed, changed.source("test-footage"), NOW)


def with_masking(city: City, **changes) -> City:
    masking = city.processing.masking.model_copy(update=changes)
    processing = city.processing.model_copy(update={"masking": masking})
    return city.model_copy(update={"processing": processing})


def test_G5_a_weaker_masking_under_the_old_assessment_stops(city):
    changed = with_masking(city, silhouette_margin_px=4)
    with pytest.raises(NoBasis, match="another masking"):
        basis(changed, changed.source("test-footage"), NOW)


def test_G5_a_smaller_small_cell_under_the_old_assessment_stops(city):
    points = dict(city.thresholds.risk_points)
    small = points["small_cell_authors"]
    points["small_cell_authors"] = small.model_copy(update={"value": 4})
    thresholds = city.thresholds.model_copy(update={"risk_points": points})
    changed = city.model_copy(update={"thresholds": thresholds})
    with pytest.raises(NoBasis, match="another masking"):
        basis(changed, changed.source("test-footage"), NOW)


def test_G5_a_new_assessment_signed_for_the_new_masking_runs(city):
    changed = with_masking(city, silhouette_margin_px=16)
    assessment = changed.purpose("footage").assessment.model_copy(
        update={"version": "2.0", "masking_sha256": changed.masking_sha256}
    )
    assert allowed(with_purpose(changed, assessment=assessment), NOW)


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"purposes": ["footage"]}, "its terms, checked on 2026-01-15, do not allow it"),
        ({"retention_hours": 47}, "its terms allow to keep texts for 47 h, and the purpose keeps"),
        ({"retention_hours": 48}, None),
        ({"purposes": ["records", "voice"]}, None),
    ],
)
def test_a_source_is_read_only_as_far_as_its_terms_allow(city, changes, rule):
    source = city.source("test-feed")
    bound = source.model_copy(update={"terms": source.terms.model_copy(update=changes)})
    at = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
    if rule is None:
        assert basis(city, bound, at).retention_hours == 48
        return
    with pytest.raises(NoBasis, match=f"'test-feed' may not be read for purpose 'voice': {rule}"):
        basis(city, bound, at)


def test_a_source_of_posts_without_terms_is_refused_with_the_pack(tmp_path, city):
    pack = shutil.copytree(PACK, tmp_path / "city")
    text = (pack / "sources.yaml").read_text()
    before, _, after = text.partition("  terms:\n")
    (pack / "sources.yaml").write_text(before + after.partition("  note: sample posts\n")[2])
    with pytest.raises(CityPackError, match="source 'test-feed' needs `terms`"):
        read_city(pack)
