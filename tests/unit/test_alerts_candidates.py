"""Candidates: limits at the edge, merging, budget, reasons, and the same ids on a rerun."""

import datetime as dt
import json
import random

import pytest

from precrisis.alerts.candidates import Candidate, candidates
from precrisis.alerts.rules import SeverityBands
from tests.unit.alerts_town import NIGHT, rule, zone_hour

HOUR = dt.timedelta(hours=1)


@pytest.mark.parametrize(
    ("risk_index", "certainty", "count"),
    [(59.9, 0.3, 0), (60.0, 0.3, 1), (60.1, 0.3, 1), (60.0, 0.29, 0), (99.0, 0.0, 0)],
)
def test_limit_and_certainty_are_inclusive(risk_index, certainty, count):
    row = zone_hour(risk_index=risk_index, certainty=certainty)
    assert len(candidates([row], [rule()]).raised) == count


def test_consecutive_hours_are_one_candidate_and_a_gap_makes_two():
    rows = [zone_hour(hour) for hour in (0, 1, 3)]
    found = candidates(rows, [rule()]).raised
    spans = sorted((c.starts_at, c.ends_at) for c in found)
    assert spans == [(NIGHT, NIGHT + 2 * HOUR), (NIGHT + 3 * HOUR, NIGHT + 4 * HOUR)]


def test_zones_do_not_merge():
    rows = [zone_hour(0), zone_hour(1, zone_id="piazza-dante")]
    assert {c.zone_id for c in candidates(rows, [rule()]).raised} == {
        "piazza-duomo",
        "piazza-dante",
    }


def test_the_peak_hour_gives_figures_and_reasons():
    rows = [zone_hour(0, risk_index=61.0), zone_hour(1, risk_index=91.0, has_camera=False)]
    (found,) = candidates(rows, [rule()]).raised
    assert (found.risk_index, found.severity) == (91.0, "extreme")
    assert [unknown["key"] for unknown in found.unknowns] == ["no_camera", "no_posts"]
    assert [hour["risk_index"] for hour in found.inputs["hours"]] == [61.0, 91.0]


def test_reasons_are_ordered_by_size_and_leave_out_zero():
    (found,) = candidates([zone_hour()], [rule()]).raised
    assert [(reason["key"], reason["value"]) for reason in found.reasons] == [
        ("crowding", 30.5),
        ("baseline", 22.0),
        ("video_event", 12.0),
        ("context", 9.5),
    ]
    assert found.reasons[0]["text_it"] == "Affollamento: in media 48 persone presenti"
    assert found.reasons[3]["text_en"] == "Scheduled event: Mercatino di Natale"


def test_suppressed_counts_stay_unsaid():
    row = zone_hour(people_mean=None, contribution_public_voice=5.0, alarming_post_count=None)
    (found,) = candidates([row], [rule()]).raised
    said = {reason["key"]: reason["text_en"] for reason in found.reasons}
    assert said["crowding"] == "Crowding of the place"
    assert said["public_voice"] == "Alarmed public posts on this place"


def test_budget_keeps_the_highest_and_names_the_rest():
    rows = [zone_hour(hour, risk_index=60 + hour) for hour in (-12, -9, -6, 0)]
    selection = candidates(rows, [rule()])
    assert [c.risk_index for c in selection.raised] == [60.0]
    rows = [zone_hour(hour, risk_index=80 + hour) for hour in (-12, -9, -6, 0)]
    selection = candidates(rows, [rule()])
    assert [c.risk_index for c in selection.raised] == [80.0, 74.0]
    assert [(h.candidate.risk_index, h.reason) for h in selection.held_back] == [
        (71.0, "over_budget"),
        (68.0, "over_budget"),
    ]


def test_each_local_day_has_its_own_budget():
    rows = [zone_hour(0), zone_hour(5)]  # 21:00 on Saturday, 02:00 on Sunday
    assert len(candidates(rows, [rule(budget_per_day=1)]).raised) == 2


def test_what_was_raised_keeps_its_place_in_the_budget():
    first = candidates([zone_hour(0, risk_index=61.0)], [rule(budget_per_day=1)]).raised
    rows = [zone_hour(0, risk_index=61.0), zone_hour(2, risk_index=95.0)]
    later = candidates(rows, [rule(budget_per_day=1)], {first[0].alert_id})
    assert [c.alert_id for c in later.raised] == [first[0].alert_id]
    assert [h.reason for h in later.held_back] == ["over_budget"]


def test_an_episode_cut_by_the_first_row_is_no_new_alert():
    rows = [zone_hour(hour) for hour in (-2, -1, 0, 3)]
    whole = candidates(rows, [rule()], since=NIGHT - HOUR)
    assert [c.starts_at for c in whole.raised] == [NIGHT + 3 * HOUR]
    at_the_edge = candidates(rows, [rule()], since=NIGHT - 2 * HOUR)
    assert len(at_the_edge.raised) == 2


def test_a_rule_raises_on_its_last_day_and_not_after():
    assert candidates([zone_hour()], [rule(expires_on=dt.date(2026, 11, 21))]).raised
    expired = candidates([zone_hour()], [rule(expires_on=dt.date(2026, 11, 20))])
    assert not expired.raised
    assert [h.reason for h in expired.held_back] == ["rule_expired"]


def test_rerun_in_any_order_gives_the_same_alerts():
    rows = [zone_hour(hour, zone_id=z) for hour in range(-9, 9, 2) for z in ("a", "b", "c")]
    expected = candidates(rows, [rule()])
    random.Random(1).shuffle(rows)
    assert candidates(rows, [rule()]) == expected


def test_the_id_changes_with_rule_version_and_not_with_the_time_zone():
    local = zone_hour()
    local["hour_start_at"] = local["hour_start_at"].astimezone(dt.timezone(HOUR))
    ids = {
        candidates([row], [chosen]).raised[0].alert_id
        for row, chosen in [(zone_hour(), rule()), (local, rule())]
    }
    assert len(ids) == 1
    (other,) = candidates([zone_hour()], [rule(version="2")]).raised
    assert other.alert_id not in ids


def test_a_time_without_zone_is_an_error():
    row = zone_hour()
    row["hour_start_at"] = row["hour_start_at"].replace(tzinfo=None)
    with pytest.raises(ValueError, match="no time zone"):
        candidates([row], [rule()])


def test_two_rules_with_one_name_are_an_error():
    with pytest.raises(ValueError, match="share a name"):
        candidates([], [rule(), rule(version="2")])


def test_a_candidate_has_the_columns_of_ops_alert():
    columns = {"alert_id", "rule", "rule_version", "zone_id", "starts_at", "ends_at"}
    columns |= {"risk_index", "certainty", "severity", "reasons", "unknowns", "inputs"}
    assert set(Candidate.__dataclass_fields__) == columns
    (found,) = candidates([zone_hour()], [rule()]).raised
    assert set(vars(found)) == columns
    json.dumps([found.reasons, found.unknowns, found.inputs])


@pytest.mark.parametrize(
    ("risk_index", "severity"),
    [(49.9, "minor"), (50, "moderate"), (69.9, "moderate"), (70, "severe"), (85, "extreme")],
)
def test_severity_bands_at_their_edges(risk_index, severity):
    assert SeverityBands(moderate=50, severe=70, extreme=85).of(risk_index) == severity


def test_bands_that_do_not_rise_are_refused():
    with pytest.raises(ValueError, match="severity_bands must rise"):
        SeverityBands(moderate=70, severe=50, extreme=85)
