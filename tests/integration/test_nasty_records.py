"""Input made to do harm, on its way into a real database: what is bad stays out, by a rule."""

import os

import pytest

from precrisis.city import city
from precrisis.footage.ingest import take_in
from precrisis.footage.listing import find_recordings
from precrisis.records.calendar import take_in_calendar
from precrisis.records.incidents import take_in_incidents
from precrisis.warehouse import connect, upsert

INCIDENTS = "source_id,category,occurred_from,occurred_to,longitude,latitude,accuracy_m,found_by"
CALENDAR = "source_id,title,kind,zone_id,starts_at,ends_at,expected_people"
INJECTION = "'); DROP TABLE raw.calendar_event; --"


def incident(**changes: str) -> str:
    row = {
        "source_id": "bad", "category": "theft", "occurred_from": "2026-03-06T18:00:00+00:00",
        "occurred_to": "2026-03-06T18:30:00+00:00", "longitude": "11.1215", "latitude": "46.0673",
        "accuracy_m": "15", "found_by": "reported",
    }  # fmt: skip
    return ",".join((row | changes).values())


def event(zone_id: str, **changes: str) -> str:
    row = {
        "source_id": "bad", "title": "Mercato", "kind": "market", "zone_id": zone_id,
        "starts_at": "2026-03-06T18:00:00+00:00", "ends_at": "2026-03-06T20:00:00+00:00",
        "expected_people": "200",
    }  # fmt: skip
    return ",".join((row | changes).values())


@pytest.fixture
def offer(world):
    """Write a file where the pack's source looks for it."""
    files = {
        "incidents": world.samples / "records" / "incidents.csv",
        "calendar": world.pack / "calendar.csv",
    }

    def write(name: str, *lines: str) -> None:
        files[name].write_text("\n".join(lines) + "\n", encoding="utf-8")

    return write


@pytest.mark.parametrize(
    ("column", "value", "rule"),
    [("source_id", "a\0b", "row_is_text"), ("source_id", "x" * 100, "source_id_well_formed"),
     ("source_id", "x" * 5_000, "row_is_short"), ("category", "theft\x1b[0m", "row_is_text"),
     ("accuracy_m", "1e999", "accuracy_m_plausible"), ("accuracy_m", "nan", "accuracy_m_present"),
     ("longitude", "1e300", None), ("latitude", "-1e999", "geometry_valid"),
     ("occurred_to", "9999-12-31T23:59:59-14:00", "occurred_to_present"),
     ("occurred_from", "0001-01-01T00:00:00+14:00", "occurred_from_present")],
)  # fmt: skip
def test_a_nasty_incident_stays_out_and_the_others_come_in(world, offer, run, column, value, rule):
    offer("incidents", INCIDENTS, incident(**{column: value}), incident(source_id="good"))
    assert take_in_incidents(run) == 1
    assert world.rows("SELECT source_id FROM raw.incident") == [{"source_id": "good"}]
    ((_, found),) = world.quarantined("incident")
    assert rule is None or found == rule


@pytest.mark.parametrize("value", ["nan", "", "many"])
def test_a_number_of_people_that_is_none_is_unknown(world, offer, run, value):
    offer("calendar", CALENDAR, event(_zone(), source_id="good", expected_people=value))
    assert take_in_calendar(run) == 1
    assert world.rows("SELECT expected_people FROM raw.calendar_event")[0] == {
        "expected_people": None
    }


@pytest.mark.parametrize("value", ["1e999", "-1", "9" * 400])
def test_a_number_of_people_beyond_reason_is_refused(world, offer, run, value):
    offer(
        "calendar", CALENDAR, event(_zone(), expected_people=value), event(_zone(), source_id="g")
    )
    assert take_in_calendar(run) == 1
    assert {rule for _, rule in world.quarantined("calendar_event")} == {
        "expected_people_plausible"
    }


def test_sql_in_a_value_is_a_value(world, offer, run):
    offer("calendar", CALENDAR, event(_zone(), source_id="x' OR '1'='1", title=INJECTION))
    assert take_in_calendar(run) == 1
    (row,) = world.rows("SELECT source_id, title FROM raw.calendar_event")
    assert row == {"source_id": "x' OR '1'='1", "title": INJECTION}


def test_sql_in_the_name_of_a_column_is_a_name(world):
    """Names come from our own code; even so they are quoted, not pasted."""
    with connect("ingest") as connection, pytest.raises(Exception, match="does not exist"):
        upsert(connection, "raw.place", ("place_id",), [{'kind") VALUES (1); --': 1}])


def test_file_names_of_every_kind_do_not_stop_the_others(world, films, run):
    folder = world.samples / "footage"
    good = folder / _camera() / f"{_camera()}_20260306T180000Z.avi"
    good.parent.mkdir(parents=True, exist_ok=True)
    good.write_bytes(films.read_bytes())
    odd = [b"caf\xe9_20260306T180000Z.avi", b"'; DROP TABLE x; --.avi", b"-rf.avi", b"a\nb.avi",
           b"$(touch x).avi", b"=1+1_20260306T180000Z.avi", b"x" * 250, b"\xff\xfe"]  # fmt: skip
    for name in odd:
        with open(os.path.join(os.fsencode(good.parent), name), "wb") as stream:
            stream.write(b"x")
    for name in os.listdir(os.fsencode(good.parent)):
        os.utime(os.path.join(os.fsencode(good.parent), name), (0, 0))  # written long ago
    batches = find_recordings(_source(), run)
    assert sum(take_in(batch, run) for batch in batches) > 0
    assert len(world.quarantined("footage_segment")) == len(odd)


def _zone() -> str:
    return city().zones[0].zone_id


def _camera() -> str:
    return city().cameras[0].camera_id


def _source() -> str:
    return city().sources_of("footage_segment")[0].source_id
