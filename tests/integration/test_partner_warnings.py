"""A partner's CAP messages, from a folder or a feed to the calendar of the marts."""

import datetime as dt
import re
from dataclasses import replace

import pytest

from precrisis.alerts.cap_signing import certificate_of, signed
from precrisis.outcome import StepFailed
from precrisis.records.partner_warnings import take_in_warnings
from precrisis.run import Run
from tests.unit.test_partner_warnings import edited, message
from tests.warning_server import FEED, Answer, warning

CALENDAR = "SELECT place_id, starts_at, ends_at FROM raw.calendar_event WHERE kind = 'warning'"
NOW = dt.datetime(2026, 11, 21, 20, tzinfo=dt.UTC)


@pytest.fixture
def folder(town, tmp_path):
    """A folder of messages as a source of the pack (another one would change the notice)."""
    found = tmp_path / "warnings"
    found.mkdir()
    town.set_variable("WARNINGS", str(found))
    town.edit_pack(
        "sources.yaml",
        "kind: csv\n  address: ${PRECRISIS_CITY_PACK}/calendar.csv",
        "kind: cap\n  address: ${WARNINGS}",
    )
    return found


def around_the_town(town, content: bytes) -> bytes:
    """The message with a small polygon inside a zone of the tests' city."""
    (at,) = town.rows(
        "SELECT st_y(p) AS lat, st_x(p) AS lon FROM (SELECT st_pointonsurface(geom) AS p "
        "FROM raw.place WHERE place_id = 'town-square') AS inside"
    )
    near = ((0, 0), (0, 1e-5), (1e-5, 1e-5), (0, 0))
    ring = " ".join(f"{at['lat'] + north:.6f},{at['lon'] + east:.6f}" for north, east in near)
    return re.sub(rb"<polygon>[^<]*</polygon>", f"<polygon>{ring}</polygon>".encode(), content)


def test_a_warning_is_context_until_it_is_cancelled(town, folder, run):
    (folder / "1.xml").write_bytes(around_the_town(town, message()))
    (folder / "2.xml").write_bytes(edited("<msgType>Alert", "<msgType>Alarm"))
    take_in_warnings(run)
    (row,) = town.rows(CALENDAR)
    assert (row["place_id"], row["starts_at"]) == ("town-square", NOW)
    assert row["ends_at"] == NOW + dt.timedelta(hours=12)
    assert town.quarantined("calendar_event") == {("test-calendar/2.xml", "cap_valid")}
    (folder / "1.xml").unlink()
    (folder / "3.xml").write_bytes(message("withdrawn", 2, minutes=30))
    for _ in range(2):
        take_in_warnings(run)
    (row,) = town.rows(CALENDAR)
    assert row["ends_at"] == NOW + dt.timedelta(minutes=30)


def test_of_a_partner_whose_certificate_the_pack_holds_only_signed_messages_count(
    town, folder, run, cap_keys
):
    plain = around_the_town(town, message())
    cancel = around_the_town(town, message("withdrawn", 2, minutes=30))
    (folder / "1.xml").write_bytes(signed(plain, cap_keys))
    (folder / "2.xml").write_bytes(cancel)
    altered = signed(cancel, cap_keys).replace(b"<sent>2026-11-21T21:30", b"<sent>2026-11-21T21:31")
    assert altered != signed(cancel, cap_keys)
    (folder / "3.xml").write_bytes(altered)
    demand(town)
    take_in_warnings(run)
    assert set(town.outcomes("take_in_warnings").values()) == {"quarantined"}
    assert town.quarantined("calendar_event") == {("test-calendar", "certificate_readable")}
    (town.pack / "neighbour.pem").write_bytes(certificate_of(cap_keys))
    take_in_warnings(run)
    (row,) = town.rows(CALENDAR)
    assert row["ends_at"] == NOW + dt.timedelta(hours=12)  # nobody else ended it
    assert town.quarantined("calendar_event") == {
        ("test-calendar", "certificate_readable"),
        ("test-calendar/2.xml", "cap_signed"),
        ("test-calendar/3.xml", "cap_signed"),
    }


def demand(town) -> None:
    """The messages must be signed."""
    town.edit_pack(
        "sources.yaml",
        "  address: ${WARNINGS}",
        "  address: ${WARNINGS}\n  signed_by: neighbour.pem",
    )


def test_without_a_legal_basis_no_message_is_read(town, folder, run):
    (folder / "1.xml").write_bytes(around_the_town(town, message()))
    late = replace(run, interval_end=run.interval_end + dt.timedelta(days=36500))
    with pytest.raises(StepFailed):
        take_in_warnings(late)
    assert town.rows(CALENDAR) == []


@pytest.fixture
def partner(town):
    """The feed of a partner as a source of the pack."""
    with warning() as found:
        town.set_variable("WARNINGS", found.address)
        town.edit_pack(
            "sources.yaml",
            "kind: csv\n  address: ${PRECRISIS_CITY_PACK}/calendar.csv",
            "kind: cap\n  address: ${WARNINGS}",
        )
        yield found


def newest_outcome(town) -> dict:
    return town.rows("SELECT * FROM ops.outcome ORDER BY ended_at DESC LIMIT 1")[0]


def again(run, name: str) -> Run:
    return replace(run, run_id=f"{run.run_id}-{name}")


def test_a_feed_becomes_context_and_its_cancel_ends_it(town, partner, run):
    bomb = b'<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><alert>&b;</alert>'
    first = around_the_town(town, message())
    partner.offer(first=first, bomb=bomb)
    take_in_warnings(run)
    (row,) = town.rows(CALENDAR)
    assert row["ends_at"] == NOW + dt.timedelta(hours=12)
    ((key, rule),) = town.quarantined("calendar_event")
    assert key.startswith("test-calendar/bomb.cap.xml-")
    assert rule == "cap_valid"
    take_in_warnings(again(run, "same"))
    assert newest_outcome(town)["status"] == "unchanged"
    partner.offer(first=first, bomb=bomb, cancel=message("withdrawn", 2, minutes=30))
    partner.asked.clear()
    take_in_warnings(again(run, "cancel"))
    assert partner.paths() == ["feed.atom", "cancel.cap.xml"]
    (row,) = town.rows(CALENDAR)
    assert row["ends_at"] == NOW + dt.timedelta(minutes=30)


def test_what_could_be_read_is_safe_when_the_rest_fails(town, partner, run):
    partner.offer(first=around_the_town(town, message()), second=message())
    partner.answers["/cap/second.cap.xml"] = Answer(status=500)
    for name in ("one", "two"):
        with pytest.raises(StepFailed):
            take_in_warnings(again(run, name))
        assert len(town.rows(CALENDAR)) == 1
    assert [path for path in partner.paths() if path == "first.cap.xml"] == ["first.cap.xml"]


def test_a_partner_that_asks_to_wait_is_left_alone_until_then(town, partner, run, clock_at):
    now = dt.datetime(2026, 11, 21, 21, tzinfo=dt.UTC)
    clock_at(now)
    partner.offer(first=around_the_town(town, message()))
    feed = partner.answers[FEED]
    partner.answers[FEED] = Answer(status=429, headers={"Retry-After": "900"})
    with pytest.raises(StepFailed):
        take_in_warnings(again(run, "one"))
    partner.answers[FEED] = feed
    partner.asked.clear()
    take_in_warnings(again(run, "two"))
    assert partner.asked == []
    assert "asks not to be asked before 2026-11-21 21:15" in newest_outcome(town)["detail"]
    clock_at(now + dt.timedelta(minutes=16))
    take_in_warnings(again(run, "three"))
    assert len(town.rows(CALENDAR)) == 1


def test_of_a_feed_only_what_is_signed_counts_where_the_pack_demands_it(
    town, partner, run, cap_keys
):
    (town.pack / "neighbour.pem").write_bytes(certificate_of(cap_keys))
    demand(town)
    plain = around_the_town(town, message())
    partner.offer(forged=plain)
    take_in_warnings(run)
    assert town.rows(CALENDAR) == []
    assert {rule for _, rule in town.quarantined("calendar_event")} == {"cap_signed"}
    partner.offer(forged=plain, real=signed(plain, cap_keys))
    take_in_warnings(again(run, "signed"))
    assert len(town.rows(CALENDAR)) == 1
