"""The Atom feed of CAP documents, read by a parser that is not ours."""

import datetime as dt
from dataclasses import replace

import feedparser
import pytest
from lxml import etree

from precrisis.alerts.candidates import candidates
from precrisis.alerts.feed import ATOM, alert_feed
from precrisis.alerts.versions import Version
from tests.unit.alerts_town import NIGHT, rule, town, zone_hour

(ALERT,) = candidates([zone_hour(event_title="<b>& festa")], [rule()]).raised
VERSIONS = [
    Version(ALERT, 2, "withdrawn", NIGHT + dt.timedelta(minutes=5)),
    Version(ALERT, 1, "raised", NIGHT + dt.timedelta(seconds=0.5)),
]


def feed(*versions, status="Exercise") -> bytes:
    return alert_feed(versions or VERSIONS, town(), status)


def test_a_feed_parser_reads_typed_links_to_the_documents():
    read = feedparser.parse(feed())
    assert (read.bozo, read.version) == (False, "atom10")
    assert [entry.links[0].href for entry in read.entries] == [
        f"2026-11-21/{ALERT.alert_id}.2.cap.xml", f"2026-11-21/{ALERT.alert_id}.cap.xml",
    ]  # fmt: skip
    assert {entry.links[0].type for entry in read.entries} == {"application/cap+xml"}
    assert [entry.title for entry in read.entries] == [
        "Ritirato: piazza Duomo: rischio 74 su 100", "Piazza Duomo: rischio 74 su 100",
    ]  # fmt: skip
    assert {tag.term for entry in read.entries for tag in entry.tags} == {"Exercise"}


def test_it_has_what_the_standard_asks_for():
    root = etree.fromstring(feed())
    name = f"{{{ATOM}}}"
    for element in (root, *root.iterfind(f"{name}entry")):
        for child in ("id", "title", "updated"):
            assert len(element.findall(f"{name}{child}")) == 1
    assert root.findtext(f"{name}updated") == "2026-11-21T20:05:00Z"
    assert root.findtext(f"{name}author/{name}name") == "Comune di Trento"
    ids = [found.text for found in root.iter(f"{name}id")]
    assert len(set(ids)) == len(ids) == 3
    assert all(found.startswith("tag:trento.example,2026:precrisis:") for found in ids)


def test_the_same_alerts_give_the_same_bytes():
    assert feed() == feed()
    other = replace(VERSIONS[0], made_at=NIGHT)
    assert feed(other) != feed(VERSIONS[0])


def test_of_nothing_there_is_no_feed():
    with pytest.raises(ValueError, match="no alerts"):
        alert_feed([], town(), "Exercise")
