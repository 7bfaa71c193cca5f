"""Surprise of a theme: silent without a past, deaf to what the whole feed does, not to a burst."""

import datetime as dt

import pytest

from tests import marts
from tests.marts import HOUR, post

ZONES = ("town-square", "market-square", "river-park")
WEEK = dt.timedelta(weeks=1)
SHOWN = """
SELECT zone_id, theme, author_count, expected_authors, surprise
FROM marts.fct_post_theme_hour WHERE hour_start_at = %s AND NOT is_suppressed ORDER BY 1, 2
"""
VOICE = "SELECT voice_signal FROM intermediate.int_voice_hourly WHERE hour_start_at = %s"


def voices(town, theme: str, authors: int, zone_id: str = "town-square", at=HOUR) -> None:
    """So many authors voice a theme; the past of more than a week ago is kept by the mart alone."""
    for n in range(authors):
        moment = at + dt.timedelta(minutes=30)
        post(town, f"{theme}-{zone_id}-{n}", theme, zone_id=zone_id, posted_at=moment)


def past(town, *, calm: int, panic: int = 0, weeks: int = 4) -> None:
    """The same hour of the weeks before, in each zone."""
    for week in range(1, weeks + 1):
        for zone_id in ZONES:
            voices(town, "calm", calm, zone_id, HOUR - week * WEEK)
            voices(town, "panic", panic, zone_id, HOUR - week * WEEK)


def surprises(town) -> dict[tuple[str, str], float | None]:
    """What the hour's build says of each cell that is shown."""
    marts.build(only="+int_voice_hourly")
    return {(row["zone_id"], row["theme"]): row["surprise"] for row in town.rows(SHOWN, HOUR)}


def test_a_feed_without_a_past_surprises_nobody_and_its_voices_count_in_full(town):
    voices(town, "panic", 12)
    assert surprises(town) == {("town-square", "panic"): None}
    assert town.rows(VOICE, HOUR)[0]["voice_signal"] == pytest.approx(10.8 / 13.8)


def test_a_quiet_feed_a_past_of_zeros_is_no_certainty(town):
    """Four weeks of hidden voices: six that panic are a burst, and not beyond all measure."""
    past(town, calm=2, panic=1)
    voices(town, "panic", 6)
    assert 2 < surprises(town)["town-square", "panic"] < 4


def test_a_viral_feed_surprises_by_what_changed_and_not_by_its_size(town):
    past(town, calm=6, panic=5)
    for zone_id in ZONES:
        voices(town, "calm", 60, zone_id)
    voices(town, "panic", 50, "market-square")
    voices(town, "panic", 50, "river-park")
    voices(town, "panic", 50)
    viral = surprises(town)
    assert max(viral.values()) < 1
    expected = {row["zone_id"]: row["expected_authors"] for row in town.rows(SHOWN, HOUR)}
    assert expected["town-square"] == pytest.approx(50, rel=0.2)

    voices(town, "threat", 40)
    changed = surprises(town)
    assert changed["town-square", "threat"] > 3
    assert max(s for (_, theme), s in changed.items() if theme != "threat") < 1


def test_an_author_who_posts_a_hundred_times_is_one_voice(town):
    past(town, calm=6, panic=5)
    for zone_id in ZONES:
        voices(town, "calm", 6, zone_id)
    voices(town, "panic", 5)
    before = surprises(town)
    for _ in range(100):
        post(town, "panic-town-square-0", "panic")
    assert surprises(town) == before


def test_a_past_that_was_deleted_is_told_against_by_what_the_mart_kept(town):
    past(town, calm=6, panic=5)
    marts.build(only="+int_voice_hourly")
    town.rows("DELETE FROM raw.post_signal")
    town.rows("UPDATE marts.fct_post_theme_hour SET final_at = hour_start_at + interval '7 d'")
    for zone_id in ZONES:
        voices(town, "calm", 6, zone_id)
    voices(town, "threat", 9)
    found = surprises(town)
    assert found["town-square", "threat"] > 3
    assert found["town-square", "calm"] < 1
