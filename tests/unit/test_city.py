"""A city is a folder: both packs are read by the same code, and a slip in a file is named."""

import datetime as dt
import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
import shapely
from shapely.geometry import Point, shape

from precrisis.city import city, read_city, take_up_changes
from precrisis.pack.part import CityPackError

ROOT = Path(__file__).parents[2]
PACKS = {"trento": ROOT / "infra" / "city" / "trento", "rivermouth": ROOT / "tests" / "city"}
BOTH = pytest.mark.parametrize("city_id", PACKS)


@pytest.fixture(autouse=True)
def addresses(monkeypatch):
    """What the packs take from the environment."""
    monkeypatch.setenv("PRECRISIS_SAMPLES", "/samples")
    monkeypatch.setenv("PRECRISIS_FEED_URL", "http://feed.example")
    monkeypatch.setenv("PRECRISIS_CITY_PACK", "/pack")


@pytest.fixture
def pack(tmp_path) -> Path:
    return Path(shutil.copytree(PACKS["rivermouth"], tmp_path / "pack"))


def replace(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


@BOTH
def test_a_pack_is_read_whole(city_id):
    city = read_city(PACKS[city_id])
    assert city.city_id == city_id
    assert {source.noun for source in city.sources} == {
        "footage_segment", "post", "incident", "calendar_event", "place",
    }  # fmt: skip


def test_the_two_cities_differ_in_everything_but_code():
    trento, rivermouth = (read_city(folder) for folder in PACKS.values())
    for fact in ("name", "time_zone", "language", "alert_recipients", "gazetteer", "thresholds"):
        assert getattr(trento, fact) != getattr(rivermouth, fact), fact
    assert set(trento.incident_categories) == set(rivermouth.incident_categories)
    assert set(trento.thresholds.risk_points) == set(rivermouth.thresholds.risk_points)
    assert set(trento.thresholds.video_events) == set(rivermouth.thresholds.video_events)


@BOTH
def test_what_a_pack_refers_to_is_in_it(city_id):
    city = read_city(PACKS[city_id])
    zones = {zone.zone_id for zone in city.zones}
    sources = {source.source_id for source in city.sources}
    purposes = {purpose.purpose_id for purpose in city.processing.purposes}
    districts = {f.name for f in city.basemap if f.kind == "district"}
    assert {r.zone_id for camera in city.cameras for r in camera.regions} <= zones
    assert {site.zone_id for site in city.sites} - {None} <= zones
    assert set(city.gazetteer) <= zones
    assert {camera.source_id for camera in city.cameras} <= sources
    assert {source.purpose_id for source in city.sources} <= purposes
    assert {zone.district for zone in city.zones} <= districts
    named = [r.districts for r in city.report_recipients if r.districts != "all"]
    assert {district for entry in named for district in entry} <= districts


@BOTH
def test_disclosure_control_is_the_same_everywhere(city_id):
    points = read_city(PACKS[city_id]).thresholds.risk_points
    assert (points["small_cell_people"].value, points["small_cell_authors"].value) == (10, 5)


@BOTH
def test_recipients_are_on_example_domains(city_id):
    city = read_city(PACKS[city_id])
    addresses = [*city.alert_recipients, *city.escalation_recipients]
    addresses += [r.address for r in city.report_recipients]
    assert all(address.endswith(".example") for address in addresses)


def test_addresses_come_from_the_environment(monkeypatch):
    city = read_city(PACKS["rivermouth"])
    assert city.source("test-feed").address == "http://feed.example"
    monkeypatch.delenv("PRECRISIS_FEED_URL")
    with pytest.raises(CityPackError, match=r"sources\.yaml.*PRECRISIS_FEED_URL"):
        read_city(PACKS["rivermouth"])


@pytest.mark.parametrize(
    ("file", "old", "new", "named"),
    [
        ("city.yaml", "language: en", "language: xx", "language"),
        ("city.yaml", "language: en", "langauge: en", "langauge"),
        ("cameras.yaml", "is_sample: true", "is_smaple: true", "is_smaple"),
        ("register.yaml", "retention_hours: 24", "retention_hours: 169", "retention_hours"),
        ("register.yaml", "retention_hours: 24", "retention_hours: 0", "retention_hours"),
        ("register.yaml", "valid_until: 2035-12-31", "valid_until: always", "valid_until"),
        ("sources.yaml", "kind: mastodon", "kind: carrier_pigeon", "kind"),
        ("sources.yaml", "kind: mastodon", "kind: mastodon\n  is_continuous: true", "poll_s"),
        ("thresholds.yaml", "owner: test office", "nobody: test office", "owner"),
    ],
)
def test_a_slip_in_a_file_is_named(pack, file, old, new, named):
    replace(pack / file, old, new)
    with pytest.raises(CityPackError, match=named):
        read_city(pack)


def test_a_process_that_never_ends_takes_up_a_change_and_reads_nothing_anew_without(
    pack, monkeypatch
):
    monkeypatch.setattr("precrisis.city.settings", lambda: SimpleNamespace(city_pack=pack))
    take_up_changes()
    before = city()
    take_up_changes()
    assert city() is before
    replace(pack / "city.yaml", f"name: {before.name}", "name: Elsewhere")
    assert city() is before
    take_up_changes()
    assert city().name == "Elsewhere"
    (pack / "city.yaml").write_text("{")
    take_up_changes()
    with pytest.raises(CityPackError, match=r"city\.yaml"):
        city()
    city.cache_clear()


def test_a_missing_file_is_named(pack):
    (pack / "register.yaml").unlink()
    with pytest.raises(CityPackError, match=r"register\.yaml"):
        read_city(pack)


@pytest.mark.parametrize("look_up", ["zone", "camera", "source", "purpose"])
def test_what_is_not_in_the_pack_is_said_by_its_key(look_up):
    with pytest.raises(CityPackError, match=f"no {look_up} 'nowhere'"):
        getattr(read_city(PACKS["rivermouth"]), look_up)("nowhere")


@pytest.mark.parametrize(
    ("crs", "srid"),
    [
        (None, 4326),
        ("urn:ogc:def:crs:OGC:1.3:CRS84", 4326),
        ("urn:ogc:def:crs:EPSG::4326", 4326),
        ("EPSG:3003", 3003),
        ("urn:ogc:def:crs:EPSG::25832", 25832),
    ],
)
def test_the_reference_system_a_file_states_goes_with_its_geometries(pack, crs, srid):
    file = pack / "zones.geojson"
    content = json.loads(file.read_text())
    if crs:
        content["crs"] = {"type": "name", "properties": {"name": crs}}
    file.write_text(json.dumps(content))
    assert {shapely.get_srid(zone.geometry) for zone in read_city(pack).zones} == {srid}


def test_an_unknown_reference_system_is_not_taken_for_4326(pack):
    file = pack / "zones.geojson"
    content = json.loads(file.read_text()) | {"crs": {"properties": {"name": "our own grid"}}}
    file.write_text(json.dumps(content))
    assert 4326 not in {shapely.get_srid(zone.geometry) for zone in read_city(pack).zones}


@pytest.mark.parametrize(
    ("local_time", "is_closed"),
    [("16:59", False), ("17:00", True), ("23:59", True), ("06:59", True), ("07:00", False)],
)
def test_closed_hours_are_local_and_pass_midnight(local_time, is_closed):
    city = read_city(PACKS["rivermouth"])
    zone = city.zone("market-square")  # closed 17:00-07:00
    moment = dt.datetime.combine(
        dt.date(2026, 7, 10), dt.time.fromisoformat(local_time), city.timezone
    )
    assert zone.is_closed(moment.astimezone(dt.UTC), city.timezone) is is_closed
    assert city.zone("town-square").is_closed(moment, city.timezone) is False


def test_one_moment_is_closed_in_one_time_zone_and_open_in_another():
    city = read_city(PACKS["rivermouth"])
    trento = read_city(PACKS["trento"])
    moment = dt.datetime(2026, 1, 10, 16, 30, tzinfo=dt.UTC)  # 16:30 in Lisbon, 17:30 in Rome
    zone = city.zone("market-square")
    assert not zone.is_closed(moment, city.timezone)
    assert zone.is_closed(moment, trento.timezone)


def test_the_sample_files_fit_the_second_city():
    """Its zones lie where the sample incidents are, its cameras are those of the sample footage."""
    import csv

    import yaml

    city = read_city(PACKS["rivermouth"])
    lines = (ROOT / "infra" / "samples" / "incidents.csv").read_text().splitlines()
    rows = csv.DictReader(line for line in lines if not line.startswith("#"))
    points = [Point(float(row["longitude"]), float(row["latitude"])) for row in rows]
    for zone in city.zones:
        assert any(zone.geometry.contains(point) for point in points), zone.zone_id
    footage = yaml.safe_load((ROOT / "infra" / "samples" / "footage.yaml").read_text())
    assert {camera.camera_id for camera in city.cameras} < {entry["camera_id"] for entry in footage}
    assert shape({"type": "Point", "coordinates": city.centre}).within(shapely.box(*city.bounds))
