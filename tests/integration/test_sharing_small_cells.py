"""What is hidden from a partner stays hidden: by the number, by totals, and from export to export.

The attacker holds every export, knows this code, and subtracts. The agreement's k is above the
city's here, so that what must stay hidden is really there in the marts.
"""

import datetime as dt

import pytest

from precrisis.privacy.differencing import Hidden, Total, intervals, narrowed
from precrisis.sharing.share import share
from tests.sharing_market import (
    DAY,
    HOUR,
    LISBON,
    PERIOD,
    agree,
    at_noon,
    files,
    hour,
    later,
    ledger,
    log,
    opened,
    table,
    theme,
    window,
)  # fmt: skip

K = 8
THEMES = {"k": {"small_cell_authors": K}, "time_step": "hour"}
WINDOWS = {
    "mart": "fct_camera_window",
    "fields": ["camera_id", "zone_id", "people_mean", "people_max", "is_suppressed"],
    "k": {"small_cell_people": 20},
    "time_step": "hour",
    "area": {"districts": ["Riverside", "Old Town"]},
}
DAILY = {"time_step": "day"}


@pytest.fixture
def market(world, run):
    return opened(world, run)


@pytest.mark.parametrize(("authors", "shown"), [(K - 1, ""), (K, "8"), (K + 1, "9")])
def test_a_count_is_hidden_below_the_agreements_k_and_shown_from_it_on(market, run, authors, shown):
    agree(market, THEMES)
    theme(market, "river-park", at_noon(), authors)
    share(run, "river-themes")
    (row,) = table(market)
    assert row["post_count"] == shown
    assert row["is_suppressed"] == ("true" if shown == "" else "false")
    assert ledger(market)[0]["suppressed_count"] == (shown == "")


@pytest.mark.parametrize("authors", [None, 7])
def test_what_the_mart_hides_or_the_agreement_does_leaves_the_same_mark(market, run, authors):
    agree(market, THEMES)
    theme(market, "river-park", at_noon(), authors)
    share(run, "river-themes")
    (row,) = table(market)
    assert (row["post_count"], row["is_suppressed"]) == ("", "true")


def fill(market, small: int) -> None:
    """A day in which `small` (5 to 7 authors, 10 to 19 people) is what must stay hidden."""
    for n, authors in enumerate((small, 9, small, 30)):
        theme(market, "river-park", at_noon(n), authors, post_count=2 * authors)
        theme(market, "market-square", at_noon(n), small, name="crowding")
    # Regions of one picture, of which one holds the other two.
    people = small + 8
    window(market, "town-square", at_noon(), 30 + people)
    window(market, "market-square", at_noon(), 30)
    window(market, "river-park", at_noon(), people)
    window(market, "river-park", at_noon() + dt.timedelta(seconds=10), 40)
    window(market, "river-park", at_noon() + dt.timedelta(seconds=20), people)


@pytest.mark.parametrize("entry", [THEMES, THEMES | DAILY, WINDOWS, WINDOWS | DAILY])
def test_G8_whatever_a_hidden_cell_holds_the_export_is_the_same_to_the_byte(market, run, entry):
    """The strongest differencing attack there is: nothing that leaves depends on what is hidden."""
    agree(market, entry)
    sent = []
    for small in (5, 7, 6):
        market.rows(
            "TRUNCATE marts.fct_post_theme_hour, marts.fct_camera_window, ops.object_ledger"
        )
        market.rows("SET session_replication_role = replica; TRUNCATE ops.share")
        for key in market.store.keys("published"):
            market.store.remove("published", key)
        fill(market, small)
        assert share(later(run, name=str(small)), "river-themes") == 1
        sent.append(files(market))
    assert sent[0] == sent[1] == sent[2]
    shown = {row.get("post_count") or row.get("people_max") for row in table(market)}
    assert shown - {"", None}  # it is not empty either


def test_one_hidden_region_hides_every_region_of_its_picture_in_that_window(market, run):
    agree(market, WINDOWS)
    fill(market, 5)
    share(run, "river-themes")
    rows = {row["zone_id"]: row for row in table(market)}
    assert {name: row["people_max"] for name, row in rows.items()} == {
        "town-square": "", "market-square": "", "river-park": "40",
    }  # fmt: skip
    assert {row["is_suppressed"] for row in rows.values()} == {"true"}


def test_a_mean_that_zeros_bring_below_k_is_hidden_too(market, run):
    agree(market, WINDOWS)
    for n, people in enumerate((0, 0, 24)):
        window(market, "river-park", at_noon() + dt.timedelta(seconds=10 * n), people)
    for n in range(3):
        window(market, "market-square", at_noon(1) + dt.timedelta(seconds=10 * n), 0)
    share(run, "river-themes")
    rows = {row["zone_id"]: row for row in table(market)}
    assert (rows["river-park"]["people_mean"], rows["river-park"]["people_max"]) == ("", "")
    assert float(rows["market-square"]["people_mean"]) == 0  # nobody is no small cell


def count(row: dict) -> float | None:
    return float(row["post_count"]) if row["post_count"] else None


def test_G8_hours_subtracted_from_the_day_give_no_hidden_hour(market, run):
    """One partner holds the hours and the total of the day, both at the city's own k."""
    agree(
        market, {"time_step": "hour", "k": {"small_cell_authors": 5}},
        {"agreement_id": "by-day", "k": {"small_cell_authors": 5}},
    )  # fmt: skip
    truth = {0: 4, 1: 9, 2: 30}
    for n, authors in truth.items():
        theme(market, "river-park", at_noon(n), authors if authors >= 5 else None)
    for agreement_id in ("river-themes", "by-day"):
        share(later(run, name=agreement_id), agreement_id)
    hours = {row["starts_at"]: count(row) for row in table(market)}
    shown = {name: value for name, value in hours.items() if value is not None}
    hidden = {name: Hidden(1, 4) for name, value in hours.items() if value is None}
    (day,) = table(market, "by-day")
    assert (len(shown), len(hidden)) == (2, 1)
    (name,) = hidden
    # What the attack would give if the day were the true total, and what it gives.
    true_total = Total((*shown, *hidden), sum(truth.values()))
    assert narrowed(shown, hidden, [true_total]) == [name]
    assert count(day) == sum(shown.values())
    of_shown = Total(tuple(shown), count(day))
    assert intervals(shown, hidden, [of_shown])[name] == (1, 4)
    assert day["is_suppressed"] == "true"


def test_G8_days_subtracted_from_their_week_give_no_hidden_day(market, run):
    """Consecutive exports of days beside the export of their week."""
    from precrisis.sharing.period import last_before

    week = last_before("week", run.interval_end, LISBON)
    k = {"k": {"small_cell_authors": 5}}
    agree(market, k, k | {"agreement_id": "by-week", "time_step": "week"})
    for n, authors in enumerate((9, None, 6, None, 12, 5, 7)):
        theme(market, "river-park", week.start_at + (24 * n + 12) * HOUR, authors)
    days = []
    for n in range(7):
        day = week.first + n * DAY
        share(later(run, name=f"day-{n}"), "river-themes", {"day": day.isoformat()})
        days += table(market, "river-themes", day)
    share(later(run, name="week"), "by-week")
    (whole,) = table(market, "by-week", week.first)
    assert [count(row) for row in days] == [9, None, 6, None, 12, 5, 7]
    assert count(whole) == 9 + 6 + 12 + 5 + 7  # nothing is left for the hidden days


def test_G8_an_export_and_its_repeat_can_not_be_subtracted(market, run):
    """A late row would stand alone in the difference: the first version is the only one."""
    agree(market, THEMES | DAILY)
    theme(market, "river-park", at_noon(), 9)
    share(run, "river-themes")
    first = files(market)
    theme(market, "river-park", at_noon(1), 8)
    for days in (0, 0, 1):
        share(later(run, days, name=f"again-{days}"), "river-themes", {"day": str(PERIOD.first)})
    assert files(market) == first
    assert len([e for e in log(market, "export") if str(PERIOD.first) in e["subject"]]) == 1


def test_a_raised_k_beside_another_agreement_is_refused_before_anything_leaves(market, run):
    theme(market, "river-park", at_noon(), 6)
    agree(market, THEMES, {"agreement_id": "by-day", "k": {"small_cell_authors": 5}})
    for agreement_id in ("river-themes", "by-day"):
        assert share(later(run, name=agreement_id), agreement_id) == 0
    assert market.quarantined("share") == {("river-themes", "threshold"), ("by-day", "threshold")}
    assert market.store.keys("published") == []


def test_the_risk_index_comes_with_the_marts_own_hidden_people(market, run):
    agree(market, {
        "mart": "fct_zone_hour", "fields": ["zone_id", "risk_index", "people_mean"],
        "k": {"small_cell_people": 10}, "time_step": "hour",
    })  # fmt: skip
    hour(market, "river-park", at_noon(), people_mean=None, risk_index=33.5)
    hour(market, "market-square", at_noon(), people_mean=10, risk_index=12)
    share(run, "river-themes")
    noon = at_noon().strftime("%Y-%m-%dT%H:%M:%SZ")
    rows = {r["zone_id"]: r for r in table(market) if r["starts_at"] == noon}
    assert (rows["river-park"]["people_mean"], rows["river-park"]["risk_index"]) == ("", "33.5")
    assert rows["market-square"]["people_mean"] == "10.0"
