"""What the weekly report concludes from rows: places, causes, hours, comparisons, words."""

import datetime as dt

import pytest

from precrisis.reports import formats
from precrisis.reports.findings import (
    best_score,
    gathered,
    headline,
    listed,
    movers,
    needs,
    peak_hour,
)
from precrisis.reports.texts import report_texts
from tests.unit.report_week import event, hot_hour, week, zone_row


def test_places_are_ordered_by_hot_hours():
    rows = [
        hot_hour(zone, hour)
        for zone, n in zip("abcd", (1, 4, 2, 3), strict=True)
        for hour in range(n)
    ]
    assert [(need.zone_id, need.hour_count) for need in needs(week(hot_hours=rows))] == [
        ("b", 4),
        ("d", 3),
        ("c", 2),
        ("a", 1),
    ]


def test_a_need_names_its_main_day_span_and_cause():
    rows = [
        hot_hour("a", 20, weekday=6, crowding=30, baseline=20),
        hot_hour("a", 22, weekday=6, crowding=5, baseline=40),
        hot_hour("a", 9, weekday=1, crowding=10, baseline=20),
    ]
    (need,) = needs(week(hot_hours=rows))
    assert (need.weekday, need.first_hour, need.end_hour) == (6, 20, 23)
    assert need.cause == "baseline"


def test_only_events_of_the_place_are_named():
    calendar = [event(24, zone_ids=["a"]), event(25, zone_ids=["b"])]
    (need,) = needs(week(hot_hours=[hot_hour("a", 1)], calendar=calendar))
    assert need.events == calendar[:1]


def test_the_headline_says_where_and_why():
    rows = [hot_hour("a", 1, zone_name="Piazza Duomo"), hot_hour("b", 1, zone_name="Piazza Dante")]
    found = needs(week(hot_hours=rows))
    assert headline(found, report_texts("en"), "50") == (
        "Piazza Duomo and Piazza Dante: "
        "consider measures for next week, mainly because of crowding."
    )
    many = needs(week(hot_hours=[hot_hour(zone, 1) for zone in "abcde"]))
    assert headline(many, report_texts("it"), "50").startswith("a, b, c e altri 2 luoghi: ")
    assert headline(many[:4], report_texts("it"), "50").startswith("a, b, c e un altro luogo: ")
    assert headline([], report_texts("it"), "50").startswith("Nessun luogo ha superato la soglia")


@pytest.mark.parametrize(
    ("names", "text"),
    [([], ""), (["a"], "a"), (["a", "b"], "a e b"), (["a", "b", "c"], "a, b e c")],
)
def test_lists_read_like_sentences(names, text):
    assert listed(names, "e") == text


def test_days_of_one_event_are_gathered_and_a_gap_splits():
    runs = gathered([event(24), event(25), event(27), event(25, event_title="Partita")])
    assert [[row["local_date"].day for row in run] for run in runs] == [[24, 25], [25], [27]]


def test_movers_are_ordered_by_size_and_half_a_point_is_no_news():
    changes = {"a": 0.6, "b": -3.0, "c": 2.0, "d": 0.5, "e": -0.5}
    rows = [zone_row(z, risk_mean=10.0 + c, risk_mean_before=10.0) for z, c in changes.items()]
    found = movers(rows)
    assert [row["zone_id"] for row in found.rising] == ["c", "a"]
    assert [row["zone_id"] for row in found.falling] == ["b"]
    assert found.steady_count == 2


def test_without_the_week_before_nothing_is_said_to_have_changed():
    assert movers([zone_row(risk_mean_before=None)]) is None


def test_the_peak_is_the_earliest_of_equals():
    hours = [
        {"weekday": day, "hour_of_day": hour, "risk_mean": risk}
        for day, hour, risk in [(6, 21, 9.0), (5, 22, 9.0), (1, 1, 3.0)]
    ]
    assert peak_hour(hours)["weekday"] == 5
    assert peak_hour([]) is None


def test_the_best_method_is_judged_at_the_middle_area():
    rows = [
        {"method": m, "area_share": a, "hit_rate": h}
        for m, a, h in [
            *[("x", 0.1, 0.9), ("x", 0.05, 0.1), ("x", 0.01, 0.9)],
            *[("y", 0.05, 0.2), ("z", 0.05, None)],
        ]
    ]
    assert best_score(rows)["method"] == "y"
    assert best_score([]) is None


@pytest.mark.parametrize(
    ("start", "label"),
    [
        (dt.date(2026, 11, 16), "16–22 novembre 2026"),
        (dt.date(2026, 11, 30), "30 novembre – 6 dicembre 2026"),
        (dt.date(2026, 12, 28), "28 dicembre 2026 – 3 gennaio 2027"),
    ],
)
def test_week_labels(start, label):
    assert formats.week_label(start, "it") == label


def test_numbers_follow_the_language_and_none_is_a_dash():
    assert formats.decimal(1234.56, "it") == "1.234,6"
    assert formats.decimal(1234.56, "en") == "1,234.6"
    assert formats.signed(-0.34, "it") == "−0,3"
    assert formats.signed(0.34, "it") == "+0,3"
    assert formats.signed(-0.04, "en") == "0.0"
    assert formats.whole(None, "en") == "–"


def test_both_languages_have_the_same_sentences():
    def shape(node):
        return (
            {key: shape(value) for key, value in node.items()} if isinstance(node, dict) else None
        )

    assert shape(report_texts("it")) == shape(report_texts("en"))
