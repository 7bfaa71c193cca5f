"""Cutting a status: what is kept, what never is, and what is refused under which rule."""

import logging
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from precrisis.posts.author_secret import AuthorSecrets
from precrisis.posts.cutting import (
    LARGEST_RAW_BYTES,
    LONGEST_TEXT,
    CutPost,
    UnusablePost,
    cut,
    keyed_hash,
    moment_of,
)

COLLECTED_AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
STATUS = {
    "id": "117600000000000001",
    "created_at": "2026-11-18T17:18:00.000Z",
    "edited_at": "2026-11-18T17:30:00.000Z",
    "visibility": "public",
    "language": "it",
    "spoiler_text": "",
    "content": "<p>Tutti via da piazza Duomo! Chiamate il 347 1234567 @amico</p>"
    "<p>Utente Di Prova</p>",
    "application": {"name": "Telefono XYZ"},
    "location": {"latitude": 46.0671, "longitude": 11.1213},
    "account": {
        "id": "109000000000000007",
        "acct": "utente007",
        "username": "utente007",
        "display_name": "Utente Di Prova",
        "url": "https://social.example/@utente007",
        "avatar": "https://social.example/utente007.png",
        "note": "vivo qui",
    },
}


def secret_at(at: datetime) -> bytes:
    """A fixed secret a week, so that keys can be compared."""
    return b"week %d" % at.isocalendar().week


def cut_status(**changes: object) -> CutPost | UnusablePost:
    return cut("sample", STATUS | changes, secret_at, COLLECTED_AT)


def test_the_text_is_kept_without_identifiers_and_signature() -> None:
    post = cut_status()
    assert post.text == "Tutti via da piazza Duomo! Chiamate il [phone] [mention]\n[author]"
    assert post.posted_at == datetime(2026, 11, 18, 17, 18, tzinfo=UTC)
    assert post.edited_at == datetime(2026, 11, 18, 17, 30, tzinfo=UTC)
    assert (post.week, post.stated_language) == ("2026-W47", "it")


def test_nothing_else_of_the_status_or_account_is_kept() -> None:
    kept = repr(asdict(cut_status()))
    for gone in ("117600", "109000", "utente007", "Prova", "social", "Telefono", "46.06", "vivo"):
        assert gone not in kept


def test_the_text_shows_in_no_repr() -> None:
    assert "Duomo" not in repr(cut_status())


def test_an_author_has_one_key_within_a_week_and_another_the_next() -> None:
    monday, sunday, next_monday = (
        cut_status(created_at=day)
        for day in ("2026-11-16T00:00:00Z", "2026-11-22T23:59:59Z", "2026-11-23T00:00:00Z")
    )
    assert monday.author_key == sunday.author_key
    assert monday.author_key != next_monday.author_key


def test_two_authors_and_two_sources_have_different_keys() -> None:
    other = cut_status(account=STATUS["account"] | {"id": "109000000000000008"})
    elsewhere = cut("another", STATUS, secret_at, COLLECTED_AT)
    assert len({cut_status().author_key, other.author_key, elsewhere.author_key}) == 3
    assert cut_status().post_id_hash != elsewhere.post_id_hash


def test_an_edit_keeps_the_post_key() -> None:
    edited = cut_status(content="<p>era un petardo</p>", edited_at="2026-11-18T18:00:00Z")
    assert edited.post_id_hash == cut_status().post_id_hash


def test_parts_of_a_key_cannot_run_into_each_other() -> None:
    assert keyed_hash(b"s", "post", "ab", "c") != keyed_hash(b"s", "post", "a", "bc")


UNUSABLE = [
    ({"id": None}, "no_id"),
    ({"id": " "}, "no_id"),
    ({"created_at": None}, "no_date"),
    ({"created_at": "ieri"}, "no_date"),
    ({"created_at": "2026-11-18T17:18:00"}, "no_date"),
    ({"account": None}, "no_author"),
    ({"account": {"id": None}}, "no_author"),
    ({"visibility": "private"}, "not_public"),
    ({"content": None}, "empty_text"),
    ({"content": "<p> </p>"}, "empty_text"),
    ({"content": "🎉🎉"}, "empty_text"),
    ({"content": "segreto " * 3_000}, "text_too_large"),
]


@pytest.mark.parametrize(("changes", "rule"), UNUSABLE)
def test_a_bad_status_is_refused_under_its_rule_and_without_its_text(
    changes: dict, rule: str
) -> None:
    post = cut_status(**changes)
    assert isinstance(post, UnusablePost)
    assert post.rule == rule
    assert "segreto" not in repr(post)
    assert len(post.post_key) == 32


def test_a_bad_status_met_again_has_the_same_key() -> None:
    assert cut_status(id=None) == cut_status(id=None)
    assert cut_status(id=None) != cut_status(id=None, content="altro")


@pytest.mark.parametrize(
    ("size", "kept"), [(LARGEST_RAW_BYTES, True), (LARGEST_RAW_BYTES + 1, False)]
)
def test_the_size_limit_is_exact(size: int, kept: bool) -> None:
    assert isinstance(cut_status(content="a" * (size - 1)), CutPost) is kept  # one line break joins


def test_a_long_text_is_shortened_after_it_is_cut() -> None:
    text = cut_status(content="a" * (LONGEST_TEXT - 5) + " 347 1234567").text
    assert len(text) <= LONGEST_TEXT
    assert "347" not in text


def test_a_post_of_a_week_whose_secret_is_gone_is_refused(tmp_path: Path) -> None:
    secrets = AuthorSecrets(tmp_path)
    secrets.destroy_before("2026-W48")
    post = cut("sample", STATUS, secrets.secret_at, COLLECTED_AT + timedelta(weeks=1))
    assert (post.rule, list(tmp_path.glob("2026-W47*"))) == ("too_old", [])


def test_cutting_logs_nothing(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        cut_status()
        cut_status(id=None)
    assert caplog.text == ""


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(STATUS, JSON)))
def test_no_status_whatever_makes_it_raise(changes: dict) -> None:
    assert isinstance(cut_status(**changes), CutPost | UnusablePost)


@given(JSON)
def test_moments_are_utc_or_nothing(value: object) -> None:
    moment = moment_of(value)
    assert moment is None or moment.utcoffset() == timedelta(0)
