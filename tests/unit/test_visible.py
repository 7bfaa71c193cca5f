"""What of a refused row may be shown."""

import datetime as dt

import pytest

from precrisis.visible import visible, visible_key


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "None"),
        (3.5, "3.5"),
        (True, "True"),
        ("piazza-duomo", "piazza-duomo"),
        ("footage_segment/camera:north", "footage_segment/camera:north"),
        ("", ""),
        (dt.datetime(2026, 3, 1, tzinfo=dt.UTC), "2026-03-01T00:00:00+00:00"),
    ],
)  # fmt: skip
def test_numbers_times_and_our_own_names_are_shown(value, shown):
    assert visible(value) == visible_key(value) == shown


@pytest.mark.parametrize(
    "value",
    ["Mario Rossi", "AB123CD", "mario.rossi@example.org", "RSSMRA85T10A562S", "a b", "x" * 100,
     "+39 0461 555123", "line\nbreak", "ùmläut"],
)  # fmt: skip
def test_free_text_is_shown_by_its_length_and_keyed_by_its_hash(value):
    assert visible(value) == f"({len(value)} characters)"
    assert value not in visible_key(value)
    assert visible_key(value) == visible_key(value) != visible_key(value + "!")
