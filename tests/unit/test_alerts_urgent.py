"""Urgent events to alerts: joined, weighed on the index's scale, within budget."""

import datetime as dt
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from precrisis.alerts.urgent import urgent_alerts, urgent_candidates, urgent_now
from precrisis.alerts.urgent_inputs import MOST_KEPT
from tests.unit.alerts_town import rule

ROME = ZoneInfo("Europe/Rome")
NOON = dt.datetime(2026, 11, 20, 11, tzinfo=dt.UTC)
SECOND = dt.timedelta(seconds=1)
WEIGHTS = {"crowding": 0.6, "video_event": 0.45, "context": 0.15}
RULE = rule(rule="urgent_event", limit=45, min_certainty=0.2, budget_per_day=2)


def sign(at_s: float = 0, kind: str = "density_level", confidence: float = 0.9, **changes) -> dict:
    start = NOON + at_s * SECOND
    return {
        "candidate_id": f"{kind}-{at_s}",
        "kind": kind,
        "zone_id": "piazza-duomo",
        "starts_at": start,
        "ends_at": start + 20 * SECOND,
        "confidence": confidence,
        "inputs": {"segments": [f"s{at_s}"], "model_version": "m"},
    } | changes


def chosen(*signs, raised=(), the_rule=RULE, precision=0.5, since=NOON):
    found = urgent_candidates(signs, the_rule, WEIGHTS, precision)
    return urgent_alerts(found, raised, the_rule, since, ROME)


def raised_of(*signs, **known):
    return chosen(*signs, **known).raised


def test_a_crush_is_one_alert_with_its_reason_and_inputs():
    (alert,) = raised_of(sign())
    assert alert.risk_index == pytest.approx(54)
    assert (alert.certainty, alert.severity) == (pytest.approx(0.45), "moderate")
    assert [r["key"] for r in alert.reasons] == ["crowding"]
    assert alert.reasons[0]["value"] == 54.0
    assert {u["key"] for u in alert.unknowns} == {"no_posts", "no_baseline"}
    assert alert.inputs["candidates"][0]["inputs"]["segments"] == ["s0"]


def test_a_lone_weak_sign_stays_a_note_and_signs_that_agree_do_not():
    weak = sign(confidence=0.6)
    assert raised_of(weak) == []
    (alert,) = raised_of(weak, sign(30, "vehicle_in_pedestrian_zone", 0.6))
    assert alert.risk_index == pytest.approx(100 * (1 - (1 - 0.36) * (1 - 0.27)))
    assert sum(r["value"] for r in alert.reasons) == pytest.approx(alert.risk_index, abs=0.1)


def test_a_storm_of_signs_is_one_alert():
    storm = [sign(at_s, confidence=0.7 + at_s / 1e5) for at_s in range(0, 6000, 20)]
    (alert,) = raised_of(*storm, sign(6020))
    assert alert.starts_at == NOON
    assert alert.ends_at == NOON + 6040 * SECOND
    assert alert.inputs["candidate_count"] == 301
    assert len(alert.inputs["candidates"]) == MOST_KEPT
    assert alert.inputs["candidates"][0]["confidence"] == 0.9


def test_what_is_far_apart_in_time_or_place_is_another_event():
    gap_s = RULE.quiet.total_seconds()
    assert len(raised_of(sign(0), sign(20 + gap_s))) == 1
    assert len(raised_of(sign(0), sign(21 + gap_s))) == 2
    assert len(raised_of(sign(0), sign(0, zone_id="piazza-dante"))) == 2


def test_an_event_that_goes_on_raises_nothing_new():
    (first,) = raised_of(sign(0))
    assert raised_of(sign(0), sign(100), sign(500), raised=[first]) == []
    assert raised_of(sign(-30), sign(0), raised=[first]) == []
    (other,) = raised_of(sign(0), sign(4000), raised=[first])
    assert other.starts_at == NOON + 4000 * SECOND


def test_the_budget_holds_the_weaker_back_and_counts_what_went_out_before():
    signs = [sign(n * 2000, confidence=0.8 + n / 100) for n in range(4)]
    found = chosen(*signs)
    assert [c.starts_at for c in found.raised] == [NOON + 6000 * SECOND, NOON + 4000 * SECOND]
    assert [held.reason for held in found.held_back] == ["over_budget"] * 2
    before = replace(found.raised[0], zone_id="elsewhere", starts_at=NOON, ends_at=NOON)
    assert len(raised_of(*signs, raised=[before])) == 1


def test_what_reviewers_dismiss_time_and_again_falls_silent():
    assert raised_of(sign(), precision=0.2) == []
    (sure,) = raised_of(sign(), precision=0.9)
    assert sure.certainty == pytest.approx(0.81)


def test_what_ended_long_ago_is_not_urgent_any_more():
    assert raised_of(sign(), since=NOON + dt.timedelta(hours=2)) == []


def test_an_expired_rule_holds_all_back():
    (held,) = chosen(sign(), the_rule=rule(limit=45, expires_on=dt.date(2026, 1, 1))).held_back
    assert held.reason == "rule_expired"


def test_the_same_signs_in_any_order_give_the_same_alert():
    signs = [sign(at_s) for at_s in (0, 20, 40)]
    assert raised_of(*signs) == raised_of(*reversed(signs))


def test_what_an_alert_comes_to_is_its_strongest_part_with_the_last_end():
    (first,) = raised_of(sign(0))
    apart_s = RULE.quiet.total_seconds()
    later = [sign(apart_s, "vehicle_in_pedestrian_zone"), sign(9000), sign(0, zone_id="elsewhere")]
    found = urgent_candidates([sign(0), *later], RULE, WEIGHTS, 0.5)
    (now,) = urgent_now(found, [first], RULE).values()
    assert now.risk_index > first.risk_index
    assert now.ends_at == NOON + (apart_s + 20) * SECOND


MARKET = {
    "zone_id": "piazza-duomo", "title": "Mercato", "scale": 0.8,
    "starts_at": NOON - 3600 * SECOND, "ends_at": NOON + 3600 * SECOND,
}  # fmt: skip


def vehicle_alert(*planned):
    return urgent_candidates(
        [sign(kind="vehicle_in_pedestrian_zone", confidence=1.0)], RULE, WEIGHTS, 0.5, planned
    )[0]


def test_a_vehicle_alone_is_a_note_and_where_a_market_is_on_an_alert():
    assert vehicle_alert().risk_index < RULE.limit
    alert = vehicle_alert(MARKET)
    assert alert.risk_index == pytest.approx(100 * (1 - 0.55 * (1 - 0.15 * 0.8)))
    assert [r["key"] for r in alert.reasons] == ["video_event", "context"]
    assert "Mercato" in alert.reasons[1]["text_it"]
    assert alert.certainty == vehicle_alert().certainty  # what is planned was not seen


@pytest.mark.parametrize(
    "change",
    [
        {"zone_id": "piazza-dante"},
        {"ends_at": NOON},
        {"starts_at": NOON + 20 * SECOND},
    ],
    ids=["elsewhere", "over", "not begun"],
)
def test_what_is_planned_elsewhere_or_at_another_time_counts_for_nothing(change):
    assert vehicle_alert(MARKET | change) == vehicle_alert()


def test_of_a_storm_the_first_the_last_and_each_kind_are_kept():
    storm = [sign(at_s, confidence=0.9) for at_s in range(20, 6000, 20)]
    weak = [sign(0, confidence=0.2), sign(6020, "vehicle_in_pedestrian_zone", 0.3)]
    (alert,) = urgent_candidates([*storm, *weak], RULE, WEIGHTS, 0.5)
    kept = alert.inputs["candidates"]
    assert len(kept) == MOST_KEPT
    needed = {"density_level-0", "vehicle_in_pedestrian_zone-6020"}
    assert needed <= {k["candidate_id"] for k in kept}
