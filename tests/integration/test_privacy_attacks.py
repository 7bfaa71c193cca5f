"""The attacks on the marts: kept per release, and able to find what is planted for them (G4)."""

import pytest

from infra.stack.layout import ROOT
from precrisis.privacy import release
from precrisis.privacy.claims import claims, published_texts, unproven
from precrisis.privacy.columns import declared
from precrisis.privacy.release import attack_marts, proven
from precrisis.warehouse import connect
from tests import marts
from tests.marts import post, window


@pytest.fixture
def built(town):
    """Hidden and shown cells of both kinds, and no theme that everybody voices."""
    for n, people in enumerate((24, 4, 40)):
        window(town, "town-square", people, n)
    for n in range(6):
        post(town, f"author-{n}", "panic")
    post(town, "other", "praise")
    marts.build()
    return town


def worked(town) -> set[tuple[str, str, str]]:
    """(mart, column, attack) of what worked in the newest tests."""
    rows = town.rows(
        "SELECT DISTINCT ON (mart, column_name, attack) * FROM ops.privacy_test "
        "ORDER BY mart, column_name, attack, tested_at DESC"
    )
    return {(r["mart"], r["column_name"], r["attack"]) for r in rows if not r["has_passed"]}


def test_G4_every_column_of_every_mart_is_attacked_and_the_result_kept_by_release(built, run):
    attack_marts(run)
    rows = built.rows("SELECT * FROM ops.privacy_test")
    assert {(row["mart"], row["column_name"]) for row in rows} == {
        (column.mart, column.name) for column in declared()
    }
    assert {row["criterion"] for row in rows} == {"singling_out", "linkability", "inference"}
    assert {row["release"] for row in rows} == {release.release()}
    assert worked(built) == set()
    tried = {row["attack"]: row["tried"] for row in rows if row["mart"] == "fct_post_theme_hour"}
    assert tried["everybody_alike"] == 7
    assert tried["difference_of_themes"] == tried["shown_beside_hidden"] == 1


PLANTED = {
    "a small count": (
        "UPDATE marts.fct_camera_window SET people_max = 9 WHERE NOT is_suppressed",
        ("fct_camera_window", "people_max", "small_counts"),
    ),
    "a pace beside a hidden count": (
        "UPDATE marts.fct_camera_window SET speed_m_s = 1.2 WHERE is_suppressed",
        ("fct_camera_window", "speed_m_s", "shown_beside_hidden"),
    ),
    "an hour's mean over hidden windows too": (
        "UPDATE marts.fct_zone_hour SET people_mean = 68 / 3.0 WHERE people_mean IS NOT NULL",
        ("fct_camera_window", "people_mean", "difference_of_windows"),
    ),
    "a count of posts over hidden themes too": (
        "UPDATE marts.fct_zone_hour SET alarming_post_count = 8 "
        "WHERE alarming_post_count IS NOT NULL",
        ("fct_post_theme_hour", "post_count", "difference_of_themes"),
    ),
    "a region shown beside a hidden one": (
        "INSERT INTO marts.fct_camera_window (camera_id, zone_id, window_start_at, people_mean, "
        "people_max, is_suppressed) SELECT camera_id, 'other', window_start_at, 30, 30, false "
        "FROM marts.fct_camera_window WHERE is_suppressed",
        ("fct_camera_window", "people_mean", "difference_of_windows"),
    ),
    "an author key": (
        "UPDATE marts.fct_zone_hour SET event_title = 'by author-3; at night'",
        ("fct_zone_hour", "event_title", "known_keys"),
    ),
    "an address": (
        "UPDATE marts.fct_zone_hour SET event_title = 'ask quokka@example.org'",
        ("fct_zone_hour", "event_title", "named_persons"),
    ),
    "an author of two weeks": (
        "INSERT INTO raw.post_signal SELECT source, post_id_hash, '2', posted_at - interval '7 d', "
        "author_key, language, themes, is_uncertain, place_links, due_at FROM raw.post_signal",
        ("fct_post_theme_hour", "author_count", "authors_over_weeks"),
    ),
    "one theme of all": (
        "DELETE FROM raw.post_signal WHERE author_key = 'other'",
        ("fct_post_theme_hour", "theme", "everybody_alike"),
    ),
}


def test_G4_each_attack_finds_what_is_planted_for_it(built, run):
    """One after the other, each on marts as they were."""
    for name, (plant, expected) in PLANTED.items():
        found = _worked_with(built, run, plant)
        assert expected in found, name


def _worked_with(town, run, plant: str) -> set[tuple[str, str, str]]:
    """What works on marts with something planted; afterwards they are as before."""
    tables = ("marts.fct_camera_window", "marts.fct_zone_hour", "raw.post_signal")
    for table in tables:
        town.rows(f"CREATE TABLE ops.kept_{table.split('.')[1]} AS TABLE {table}")
    try:
        town.rows(plant)
        attack_marts(run)
        return worked(town)
    finally:
        for table in tables:
            kept = f"ops.kept_{table.split('.')[1]}"
            town.rows(f"TRUNCATE {table}")
            town.rows(f"INSERT INTO {table} SELECT * FROM {kept}")
            town.rows(f"DROP TABLE {kept}")


def test_G4_no_text_calls_data_anonymous_but_of_a_mart_whose_tests_passed(built, run, monkeypatch):
    attack_marts(run)
    with connect("analysis") as connection:
        passed = proven(connection)
        texts = published_texts(ROOT)
        assert len(texts) > 60
        assert unproven(claims(texts), passed) == []

        # Whoever says it must have passed, and so that this can fail:
        say = claims({"a.yml": "fct_zone_hour is anonymous", "b.md": "dati resi anonimi"})
        assert [claim.where for claim in say] == ["a.yml:1", "b.md:1"]
        assert len(unproven(say, set())) == 2
        assert len(unproven(say, {"fct_zone_hour"})) == 1
        assert claims({"c.md": 'never called "anonymous"', "d.md": "«anonimo»"}) == []
        assert "fct_zone_hour" in passed
        built.rows("UPDATE ops.privacy_test SET has_passed = false WHERE mart = 'fct_zone_hour'")
        assert proven(connection) == passed - {"fct_zone_hour"}
        monkeypatch.setattr(release, "release", lambda: "another")
        assert proven(connection) == set()
