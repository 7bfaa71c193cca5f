"""What was counted stays when what it was counted from is deleted when due."""

import datetime as dt

from tests import marts
from tests.marts import HOUR, KEPT, UNTIL, post, segment, window

THEMES = "SELECT theme, post_count, author_count FROM marts.fct_post_theme_hour ORDER BY theme"
VOICE = """
SELECT contribution_public_voice, alarming_post_count, has_posts, people_mean
FROM marts.fct_zone_hour WHERE zone_id = 'town-square' AND hour_start_at = %s
"""
DAYS = "SELECT segments_stored, segments_analysed, windows, coverage_pct FROM marts.fct_camera_day"
HEALTH = "SELECT step, day, ok_count FROM marts.fct_data_health WHERE step = 'analyse_segment'"
LATER = UNTIL + KEPT


def counted(town) -> dict[str, list[dict]]:
    return {
        "themes": town.rows(THEMES),
        "voice": town.rows(VOICE, HOUR),
        "windows": town.rows("SELECT * FROM marts.fct_camera_window ORDER BY window_start_at"),
        "days": town.rows(DAYS),
        "health": town.rows(HEALTH),
    }


def test_the_past_stays_as_it_was_when_its_posts_and_footage_are_deleted(town):
    for n in range(6):
        post(town, f"author-{n}", "panic", *(["crowding"] if n < 2 else []))
    for n in range(3):
        window(town, "town-square", 20, n)
        segment(town, n, due_at=HOUR + dt.timedelta(hours=72))
    marts.build()
    before = counted(town)
    assert before["themes"][1] == {"theme": "panic", "post_count": 6, "author_count": 6}
    assert before["voice"][0]["contribution_public_voice"] > 0
    assert before["days"][0]["segments_stored"] == 3

    # A week later all of it is gone, and late footage has the index of that hour computed anew.
    town.rows("DELETE FROM raw.post_signal WHERE due_at <= %s", LATER)
    town.rows("DELETE FROM raw.footage_segment WHERE due_at <= %s", LATER)
    town.rows("DELETE FROM raw.camera_observation")
    window(town, "market-square", 30, 9, camera_id="piazza-fiera", loaded_at=LATER)
    marts.build(LATER)
    after = counted(town)
    after["windows"] = [w for w in after["windows"] if w["camera_id"] == "duomo-nord"]
    assert after == before
    late = "SELECT zone_id FROM marts.fct_zone_hour WHERE hour_start_at = %s AND people_mean = 30"
    assert town.rows(late, HOUR) == [{"zone_id": "market-square"}]


def test_until_then_late_posts_count_and_withdrawn_ones_do_not(town):
    for n in range(6):
        post(town, f"author-{n}", "panic")
    post(town, "alone", "noise")
    marts.build()
    town.rows("UPDATE raw.post_signal SET due_at = now() WHERE author_key IN ('author-0', 'alone')")
    for n in range(2):
        post(town, f"late-{n}", "panic")
    marts.build()
    assert town.rows(THEMES) == [{"theme": "panic", "post_count": 7, "author_count": 7}]


def test_a_post_that_comes_after_the_first_were_due_changes_nothing(town):
    for n in range(6):
        post(town, f"author-{n}", "panic")
    marts.build()
    before = town.rows(THEMES)
    town.rows("DELETE FROM raw.post_signal")
    post(town, "late", "panic", due_at=LATER + KEPT)
    post(town, "late", "crowding", due_at=LATER + KEPT)
    marts.build(LATER)
    hidden = {"theme": "crowding", "post_count": None, "author_count": None}
    assert town.rows(THEMES) == [hidden, *before]

    town.rows("UPDATE raw.threshold SET value = 7 WHERE name = 'small_cell_authors'")
    marts.build(LATER)
    assert town.rows(THEMES) == [hidden, hidden | {"theme": "panic"}]
