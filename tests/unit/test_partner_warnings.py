"""Warnings of partners: understood, placed, ended by what the same sender says later."""

import datetime as dt
import re
from dataclasses import replace

import pytest
import shapely

from precrisis.alerts.candidates import candidates
from precrisis.alerts.cap import cap_message
from precrisis.alerts.versions import Version, VersionKey
from precrisis.outcome import Refused
from precrisis.records.cap_warning import LARGEST_BYTES, warning_of
from precrisis.records.warning_rows import rows_of, voided
from tests.unit.alerts_town import NIGHT, SQUARE, rule, town, zone_hour

(ALERT,) = candidates([zone_hour()], [rule()]).raised
TITLE = "Rischio sopra soglia in uno spazio pubblico"
HEAD = b"<?xml version='1.0' encoding='UTF-8'?>\n"
LONG_AGO = "2020-01-01T00:00:00-00:00"
MINUTE = dt.timedelta(minutes=1)


def message(why="raised", number=1, status="Actual", minutes=0, **changes) -> bytes:
    """A CAP message as another city's platform of the same kind would send it."""
    earlier = [(VersionKey(ALERT.alert_id, n), NIGHT) for n in range(1, number)]
    candidate = replace(ALERT, **changes)
    version = Version(candidate, number, why, NIGHT + minutes * MINUTE, earlier)
    return cap_message(version, town(), SQUARE, status)


def understood(*messages):
    return [warning_of(one, "it") for one in messages]


def rows(*messages):
    return rows_of(understood(*messages), town(), "neighbour")


def edited(pattern: str, replacement: str) -> bytes:
    text, count = re.subn(pattern, replacement, message().decode(), flags=re.DOTALL)
    assert count
    return text.encode()


def test_a_warning_becomes_an_event_of_each_zone_it_touches():
    (row,) = rows(message())
    assert row | {"source_id": ""} == {
        "source": "neighbour", "source_id": "", "title": TITLE, "kind": "warning",
        "place_id": "piazza-duomo", "starts_at": NIGHT,
        "ends_at": NIGHT + dt.timedelta(hours=12), "expected_people": None,
    }  # fmt: skip
    assert row["source_id"].endswith(".piazza-duomo")
    circle = edited("<polygon>.*?</polygon>", "<circle>46.069,11.121 2</circle>")
    assert {row["place_id"] for row in rows(circle)} == {"piazza-duomo", "piazza-dante"}
    assert rows(edited("<polygon>.*?</polygon>", "<circle>41.9,12.5 5</circle>")) == []


@pytest.mark.parametrize("status", ["Exercise", "Test", "System", "Draft"])
def test_only_real_warnings_count(status):
    assert rows(message(status=status)) == []


def test_words_are_those_of_the_city_or_the_first():
    assert warning_of(message(), "en").title == "Risk above limit in a public space"
    assert warning_of(message(), "fr").title == "Rischio sopra soglia in uno spazio pubblico"


def test_an_update_ends_what_it_refers_to_and_a_cancel_too():
    first, update = message(), message("grew", 2, minutes=30)
    before, after = rows(first, update)
    assert before["ends_at"] == NIGHT + 30 * MINUTE
    assert after["ends_at"] > before["ends_at"]
    cancel = message("withdrawn", 3, minutes=45)
    assert [row["ends_at"] for row in rows(first, update, cancel)] == [
        NIGHT + 30 * MINUTE, NIGHT + 45 * MINUTE,
    ]  # fmt: skip
    assert rows(message(), message("withdrawn", 2, minutes=-60)) == []


def test_the_order_of_files_does_not_matter():
    messages = [message(), message("grew", 2, minutes=30), message("withdrawn", 3, minutes=45)]
    forth, back = rows(*messages), rows(*reversed(messages))
    assert sorted(map(str, forth)) == sorted(map(str, back))


def test_nobody_ends_the_warnings_of_another():
    forged = re.sub(rb"<sender>[^<]*</sender>", b"<sender>a@b.example</sender>",
                    message("withdrawn", 2, minutes=5))  # fmt: skip
    assert voided(understood(message(), forged)) == {}
    exercise = message("withdrawn", 2, status="Exercise", minutes=5)
    assert voided(understood(message(), exercise)) == {}


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (b"", "cap_valid"),
        (b"<alert/>", "cap_valid"),
        (message().replace(HEAD, b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///x">]>'), "cap_valid"),
        (edited("<msgType>Alert", "<msgType>Alarm"), "cap_valid"),
        (edited("<polygon>.*?</polygon>", "<polygon>46,11 46,12 46,11</polygon>"), "cap_valid"),
        (edited("<polygon>.*?</polygon>", "<circle>46,11 nan</circle>"), "cap_placed"),
        (edited("<polygon>.*?</polygon>", "<circle>46,11 9e9</circle>"), "cap_placed"),
        (edited("<polygon>.*?</polygon>", ""), "cap_placed"),
        (edited("<info>.*</info>", ""), "cap_placed"),
        (edited("<expires>.*?</expires>", ""), "cap_dated"),
        (edited("<expires>.*?</expires>", f"<expires>{LONG_AGO}</expires>"), "cap_dated"),
        (b" " * (LARGEST_BYTES + 1), "file_is_small"),
    ],
)  # fmt: skip
def test_what_can_not_be_used_is_refused_by_a_rule(broken, reason):
    with pytest.raises(Refused) as caught:
        warning_of(broken, "it")
    assert caught.value.rule == reason


def test_a_polygon_that_crosses_itself_is_still_a_place():
    bow = "<polygon>46,11 46.1,11.2 46.1,11 46,11.2 46,11</polygon>"
    crossed = edited("<polygon>.*?</polygon>", bow)
    (warning,) = understood(crossed)
    assert shapely.is_valid(warning.area)
    assert not warning.area.is_empty
