"""incidents_ingest and the calendar: closed columns, each bad row under its rule."""

import csv
import json

import pytest

from infra.stack.layout import ROOT
from precrisis.outcome import StepFailed
from precrisis.records.calendar import take_in_calendar
from precrisis.records.incidents import take_in_incidents

HEADER = "source_id,category,occurred_from,occurred_to,longitude,latitude,accuracy_m,found_by"
GOOD = "inc-1,theft,2026-03-06T18:00:00+00:00,2026-03-06T18:30:00+00:00,11.1215,46.0673,15,reported"
SOURCE = "test-incidents"


@pytest.fixture
def offer(world):
    """Write the incident file of the city pack's source."""

    def write(*lines: str) -> None:
        (world.samples / "records" / "incidents.csv").write_text("\n".join(lines) + "\n")

    return write


def stored(world) -> list[dict]:
    return world.rows("SELECT * FROM raw.incident ORDER BY source_id")


def refusals(world) -> dict[str, str]:
    return {key.removeprefix(f"{SOURCE}/"): rule for key, rule in world.quarantined("incident")}


def test_each_bad_row_is_quarantined_under_its_rule_and_the_good_one_is_stored(world, offer, run):
    bad = (ROOT / "infra" / "samples" / "incidents_bad.csv").read_text().splitlines()
    assert bad[0] == HEADER
    offer(*bad, GOOD)
    assert take_in_incidents(run) == 2
    assert refusals(world) == {
        "bad-swapped": "west_plausible",
        "bad-sea": "west_plausible",
        "bad-category": "category_known",
        "bad-backwards": "occurred_to_after_occurred_from",
        "": "source_id_well_formed",
        "bad-twice": "key_unique",
    }
    assert [row["source_id"] for row in stored(world)] == ["bad-twice", "inc-1"]  # the first of two


@pytest.mark.parametrize(
    ("column", "value", "rule"),
    [
        ("occurred_from", "2026-03-06T18:00:00", "occurred_from_present"),  # no time zone
        ("occurred_from", "yesterday", "occurred_from_present"),
        ("occurred_to", "", "occurred_to_present"),
        ("longitude", "", "geometry_present"),
        ("latitude", "north", "geometry_present"),
        ("longitude", "nan", "geometry_valid"),
        ("longitude", "inf", "geometry_valid"),
        ("accuracy_m", "", "accuracy_m_present"),
        ("accuracy_m", "nan", "accuracy_m_present"),
        ("accuracy_m", "-1", "accuracy_m_plausible"),
        ("found_by", "neighbour", "found_by_known"),
        ("category", "", "category_known"),
        ("source_id", "two words", "source_id_well_formed"),
    ],
)
def test_a_row_with_one_bad_value_is_refused_alone(world, offer, run, column, value, rule):
    row = dict(zip(HEADER.split(","), GOOD.split(","), strict=True)) | {"source_id": "bad"}
    offer(HEADER, GOOD, ",".join((row | {column: value}).values()))
    assert take_in_incidents(run) == 1
    assert list(refusals(world).values()) == [rule]
    assert [row["source_id"] for row in stored(world)] == ["inc-1"]


def test_rows_with_too_many_or_too_few_values_are_refused_without_being_read(world, offer, run):
    offer(HEADER, GOOD, GOOD.replace("inc-1", "inc-2") + ",Zanzibar Quokka", "inc-3,theft")
    assert take_in_incidents(run) == 1
    assert refusals(world) == {"row 3": "row_complete", "row 4": "row_complete"}
    kept = world.rows("SELECT q::text AS row FROM ops.quarantine AS q")
    assert not any("Zanzibar" in entry["row"] for entry in kept)


@pytest.mark.parametrize(
    "header",
    [f"{HEADER},victim_name", HEADER.replace(",found_by", ""), f"{HEADER},category"],
    ids=["a name", "one missing", "one twice"],
)
def test_a_file_with_other_columns_is_refused_whole(world, offer, run, header):
    offer(header, GOOD + ",Zanzibar Quokka")
    assert take_in_incidents(run) == 0
    assert world.quarantined("incident") == {(SOURCE, "columns_known")}
    assert world.outcomes("take_in_incidents") == {SOURCE: "quarantined"}
    assert stored(world) == []
    assert "Zanzibar" not in str(world.rows("SELECT * FROM ops.quarantine"))


def test_a_file_that_is_no_text_is_refused_whole(world, run):
    target = world.samples / "records" / "incidents.csv"
    target.write_bytes(f"{HEADER}\n{GOOD}\n".encode("utf-16"))
    assert take_in_incidents(run) == 0
    assert world.quarantined("incident") == {(SOURCE, "file_readable")}


@pytest.mark.parametrize("lines", [(), (HEADER,)], ids=["no byte", "header alone"])
def test_an_empty_file_stops_the_load_and_leaves_what_is_stored(world, offer, run, lines):
    offer(HEADER, GOOD)
    take_in_incidents(run)
    before = stored(world)
    (world.samples / "records" / "incidents.csv").write_text("\n".join(lines))
    with pytest.raises(StepFailed, match=r"test-incidents \(DoorClosed\)"):
        take_in_incidents(run)
    assert world.outcomes("take_in_incidents") == {SOURCE: "failed"}
    assert stored(world) == before


def test_a_wholly_bad_file_stops_the_load_with_every_row_in_quarantine(world, offer, run):
    bad = [GOOD.replace("inc-1", f"bad-{n}").replace("theft", "loitering") for n in range(3)]
    offer(HEADER, *bad)
    with pytest.raises(StepFailed, match=r"test-incidents \(AllRefused\)"):
        take_in_incidents(run)
    assert refusals(world) == {f"bad-{n}": "category_known" for n in range(3)}
    assert stored(world) == []


def test_a_file_that_is_not_there_is_a_failure(world, run):
    with pytest.raises(StepFailed, match="FileNotFoundError"):
        take_in_incidents(run)


def test_run_twice_it_writes_once_and_a_correction_replaces(world, offer, run):
    offer(HEADER, GOOD)
    take_in_incidents(run)
    before = stored(world)
    take_in_incidents(run)
    assert stored(world) == before
    offer(HEADER, GOOD.replace("theft", "assault"))
    take_in_incidents(run)
    (row,) = stored(world)
    assert (row["category"], row["iccs_code"]) == ("assault", "02011")
    assert row["loaded_at"] > before[0]["loaded_at"]


def test_calendar_events_of_unknown_zones_are_refused_and_the_others_stored(world, run):
    file = world.pack / "calendar.csv"
    with file.open("a") as stream:
        csv.writer(stream).writerows(
            [
                ["event-3", "Far away", "market", "nowhere", "2026-03-05T08:00:00+00:00",
                 "2026-03-05T09:00:00+00:00", 10],
                ["event-4", "Backwards", "market", "town-square", "2026-03-05T08:00:00+00:00",
                 "2026-03-05T07:00:00+00:00", 10],
            ]
        )  # fmt: skip
    world.set_variable("PRECRISIS_CITY_PACK", str(world.pack))
    assert take_in_calendar(run) == 2
    assert world.quarantined("calendar_event") == {
        ("test-calendar/event-3", "place_id_known"),
        ("test-calendar/event-4", "ends_at_after_starts_at"),
    }


def test_the_sample_incidents_fit_this_city_too(world, offer, run):
    lines = (ROOT / "infra" / "samples" / "incidents.csv").read_text().splitlines()
    rows = list(csv.DictReader(line for line in lines if not line.startswith("#")))[:40]
    shared = "{source_id},{category},2026-03-06T18:00:00Z,2026-03-06T19:00:00Z,"
    offer(
        HEADER,
        *((shared + "{longitude},{latitude},{accuracy_m},{found_by}").format(**r) for r in rows),
    )
    assert take_in_incidents(run) == 40


SECOND = """
- source_id: municipality
  noun: incident
  kind: csv
  address: ${PRECRISIS_SAMPLES}/records/municipal.geojson
  purpose_id: records
"""


def municipal(world, *rows: dict) -> None:
    features = [
        {"type": "Feature", "properties": {k: v for k, v in row.items() if k not in PLACE},
         "geometry": {"type": "Point", "coordinates": [row[k] for k in PLACE]}}
        for row in rows
    ]  # fmt: skip
    content = json.dumps({"type": "FeatureCollection", "features": features})
    (world.samples / "records" / "municipal.geojson").write_text(content)


PLACE = ("longitude", "latitude")
MUNICIPAL = {
    "source_id": "m-1", "category": "theft", "occurred_from": "2026-03-06T19:00:00+01:00",
    "occurred_to": "2026-03-06T19:30:00+01:00", "longitude": 11.1216, "latitude": 46.0673,
    "accuracy_m": 20, "found_by": "patrol",
}  # fmt: skip


def test_one_happening_in_two_sources_is_one_incident(world, offer, run):
    world.add_sources(SECOND)
    offer(HEADER, GOOD)
    municipal(
        world,
        MUNICIPAL,
        MUNICIPAL | {"source_id": "m-2", "longitude": 11.1236},  # 160 m from it
        MUNICIPAL | {"source_id": "m-3", "occurred_to": "2026-03-06T19:31:00+01:00"},
        MUNICIPAL | {"source_id": "m-4", "category": "assault"},
    )
    for _ in range(2):
        assert take_in_incidents(run) in (4, 1)
        assert [row["source_id"] for row in stored(world)] == ["inc-1", "m-2", "m-3", "m-4"]
    assert ("municipality/m-1", "known_once") in world.quarantined("incident")


def test_what_the_first_source_records_later_is_taken_back_from_the_second(world, offer, run):
    world.add_sources(SECOND)
    offer(HEADER, GOOD.replace("inc-1", "inc-0").replace("theft", "brawl"))
    municipal(world, MUNICIPAL)
    take_in_incidents(run)
    assert [row["source_id"] for row in stored(world)] == ["inc-0", "m-1"]
    offer(HEADER, GOOD)
    take_in_incidents(run)
    assert [row["source_id"] for row in stored(world)] == ["inc-0", "inc-1"]


def test_geojson_has_the_same_closed_columns(world, offer, run):
    world.add_sources(SECOND)
    offer(HEADER, GOOD)
    municipal(world, MUNICIPAL | {"victim_name": "Zanzibar Quokka"})
    assert take_in_incidents(run) == 1
    assert world.quarantined("incident") == {("municipality", "columns_known")}
    (world.samples / "records" / "municipal.geojson").write_text('{"features": [{}]}')
    take_in_incidents(run)
    assert ("municipality", "file_readable") in world.quarantined("incident")


def test_the_doubled_hour_of_autumn_is_two_hours_and_one_without_offset_none(world, offer, run):
    def at(source_id: str, clock: str) -> str:
        row = GOOD.replace("inc-1", source_id)
        for moment in ("2026-03-06T18:00:00+00:00", "2026-03-06T18:30:00+00:00"):
            row = row.replace(moment, clock)
        return row

    offer(
        HEADER,
        at("summer", "2026-10-25T02:30:00+02:00"),
        at("winter", "2026-10-25T02:30:00+01:00"),
        at("either", "2026-10-25T02:30:00"),
    )
    assert take_in_incidents(run) == 2
    assert refusals(world) == {"either": "occurred_from_present"}
    moments = {row["source_id"]: row["occurred_from"].isoformat()[11:16] for row in stored(world)}
    assert moments == {"summer": "00:30", "winter": "01:30"}


def test_a_corrected_offset_replaces_and_does_not_double(world, offer, run):
    offer(HEADER, GOOD)
    take_in_incidents(run)
    offer(HEADER, GOOD.replace("+00:00", "+01:00"))
    take_in_incidents(run)
    (row,) = stored(world)
    assert row["occurred_from"].isoformat() == "2026-03-06T17:00:00+00:00"


HOLIDAYS = """
- source_id: holidays
  noun: calendar_event
  kind: holidays
  address: IT-TN
  purpose_id: maps
"""


def test_public_holidays_are_local_days_of_the_whole_city(world, run):
    world.add_sources(HOLIDAYS)
    take_in_calendar(run)
    days = {
        row["source_id"]: row
        for row in world.rows("SELECT * FROM raw.calendar_event WHERE source = 'holidays'")
    }
    year = run.interval_end.year
    patron = days[f"holiday-{year}-06-26"]  # of Trento; this city keeps Lisbon's time
    assert (patron["kind"], patron["place_id"]) == ("holiday", None)
    assert patron["starts_at"].isoformat() == f"{year}-06-25T23:00:00+00:00"
    assert (patron["ends_at"] - patron["starts_at"]).total_seconds() == 24 * 3600
    assert {int(key.split("-")[1]) for key in days} == {year - 1, year, year + 1}
