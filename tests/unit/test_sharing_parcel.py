"""Files and parcels: valid in their formats, safe to open, the same each time, for one key only."""

import csv
import datetime as dt
import io
import json
import subprocess
import sys
import tarfile
from pathlib import Path
from zoneinfo import ZoneInfo

import geopandas as gpd
import pyrage
import pytest
import yaml
from pyrage import x25519
from shapely.geometry import Polygon, shape

from precrisis.sharing import signing
from precrisis.sharing.agreement import Agreement
from precrisis.sharing.cells import Cells
from precrisis.sharing.files import as_csv, as_geojson, as_geoparquet, written
from precrisis.sharing.parcel import archived, sealed_parcel
from precrisis.sharing.period import period_of
from precrisis.sharing.verify import ARCHIVE, MANIFEST, SIGNATURE, NotAsSent, check, unpacked

ROOT = Path(__file__).parents[2]
PACK = ROOT / "tests" / "city"
ENTRY = yaml.safe_load((PACK / "agreements.yaml").read_text())[0]
AT = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)
PERIOD = period_of("day", dt.date(2026, 11, 20), ZoneInfo("Europe/Lisbon"))
SQUARE = Polygon([(11.12, 46.06), (11.12, 46.07), (11.13, 46.07), (11.13, 46.06)])  # clockwise
FIELDS = ["zone_id", "zone_name", "risk_index", "has_camera", "people_mean", "event_title"]
IDENTITY = x25519.Identity.generate()
AGREEMENT = Agreement(
    **(
        ENTRY
        | {"mart": "fct_zone_hour", "fields": FIELDS, "public_key": str(IDENTITY.to_public())}
        | {"k": {"small_cell_people": 10}, "time_step": "hour"}
    )
)


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    from precrisis.settings import settings

    for name, value in {
        "WAREHOUSE_PORT": "1", "WAREHOUSE_PASSWORDS": "{}", "S3_ENDPOINT": "-",
        "S3_IDENTITIES": "{}", "AIRFLOW_URL": "-", "AIRFLOW_PASSWORDS": "{}", "SUPERSET_URL": "-",
        "SUPERSET_PASSWORDS": "{}", "BI_DSN": "-", "SMTP_PORT": "1", "FEED_URL": "-",
    }.items():  # fmt: skip
        monkeypatch.setenv(f"PRECRISIS_{name}", value)
    settings.cache_clear()
    yield
    settings.cache_clear()


def row(**other) -> dict:
    return {
        "starts_at": AT, "zone_id": "river-park", "zone_name": "River Park", "risk_index": -1.5,
        "has_camera": True, "people_mean": None, "event_title": None, "geom": SQUARE,
    } | other  # fmt: skip


CELLS = Cells([row(), row(starts_at=AT + dt.timedelta(hours=1), people_mean=12.25)], 1)


@pytest.fixture
def keys(tmp_path) -> Path:
    assert signing.make(tmp_path / "keys")
    return tmp_path / "keys"


@pytest.fixture
def parcel(keys) -> dict[str, bytes]:
    return sealed_parcel(AGREEMENT, PERIOD, CELLS, written(AGREEMENT, CELLS), AT, keys)


def public(keys: Path) -> bytes:
    return (keys / signing.PUBLIC).read_bytes()


def read_csv(content: bytes) -> list[dict]:
    return list(csv.DictReader(io.StringIO(content.decode())))


def test_csv_holds_the_fields_of_the_agreement_and_when_each_cell_starts():
    first, second = read_csv(as_csv(AGREEMENT, CELLS))
    assert list(first) == ["starts_at", *FIELDS]
    assert first | {"starts_at": ""} == {
        "starts_at": "", "zone_id": "river-park", "zone_name": "River Park", "risk_index": "-1.5",
        "has_camera": "true", "people_mean": "", "event_title": "",
    }  # fmt: skip
    assert (second["starts_at"], second["people_mean"]) == ("2026-11-20T01:00:00Z", "12.25")


RUNS = (
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    '  =HYPERLINK("http://x.example")',
    "＝1",
    "＠x",
)


@pytest.mark.parametrize("title", [*RUNS, 'a "quoted", title', "two\nlines", "Fiera di 1=2", "è"])
def test_no_cell_of_a_csv_is_run_by_a_spreadsheet(title):
    (found,) = read_csv(as_csv(AGREEMENT, Cells([row(event_title=title)], 0)))
    expected = f"'{title}" if title in RUNS else title
    assert found["event_title"] == expected
    assert found["risk_index"] == "-1.5"  # a number is a number


def test_geojson_is_as_rfc_7946_wants_it():
    collection = json.loads(as_geojson(AGREEMENT, CELLS))
    assert set(collection) == {"type", "features"}  # and no crs: it is WGS 84
    assert collection["type"] == "FeatureCollection"
    for feature in collection["features"]:
        assert set(feature) == {"type", "geometry", "properties"}
        assert list(feature["properties"]) == ["starts_at", *FIELDS]
        outline = shape(feature["geometry"])
        assert outline.exterior.is_ccw
        assert outline.symmetric_difference(SQUARE).area < 1e-9
        ring = feature["geometry"]["coordinates"][0]
        assert ring[0] == ring[-1]
        assert all(11 < x < 12 and 46 < y < 47 for x, y in ring)  # longitude first
    assert [f["properties"]["people_mean"] for f in collection["features"]] == [None, 12.25]


def test_geoparquet_is_read_with_its_reference_system_and_its_types():
    frame = gpd.read_parquet(io.BytesIO(as_geoparquet(AGREEMENT, CELLS)))
    assert frame.crs.to_epsg() == 4326
    assert list(frame.columns) == ["starts_at", *FIELDS, "geometry"]
    assert frame.geometry.is_valid.all()
    assert str(frame["starts_at"].dt.tz) == "UTC"
    assert frame["starts_at"].tolist() == [r["starts_at"] for r in CELLS.rows]
    assert frame["people_mean"].isna().tolist() == [True, False]


@pytest.mark.parametrize("cells", [CELLS, Cells([], 0), Cells([row()], 1)])
def test_geoparquet_has_the_same_types_whatever_the_rows_hold(cells):
    import pyarrow.parquet as pq

    found = pq.read_schema(io.BytesIO(as_geoparquet(AGREEMENT, cells)))
    assert {name: str(found.field(name).type) for name in found.names} == {
        "starts_at": "timestamp[us, tz=UTC]", "zone_id": "large_string",
        "zone_name": "large_string", "risk_index": "double", "has_camera": "bool",
        "people_mean": "double", "event_title": "large_string", "geometry": "binary",
    }  # fmt: skip


def test_the_same_cells_give_the_same_archive_and_never_the_same_ciphertext(keys):
    files = written(AGREEMENT, CELLS)
    assert set(files) == {f"river-themes.{ending}" for ending in ("csv", "geojson", "parquet")}
    assert archived(files, PERIOD) == archived(written(AGREEMENT, CELLS), PERIOD)
    first, second = (
        sealed_parcel(AGREEMENT, PERIOD, CELLS, files, AT, keys)[ARCHIVE] for _ in range(2)
    )
    assert first != second


def test_the_recipient_finds_what_was_sent(keys, parcel):
    manifest = check(parcel, public(keys))
    assert unpacked(parcel, public(keys), str(IDENTITY)) == written(AGREEMENT, CELLS)
    assert manifest["act"] == "Test agreement 1"
    assert (manifest["row_count"], manifest["suppressed_count"]) == (2, 1)
    assert manifest["period"]["first_day"] == manifest["period"]["last_day"] == "2026-11-20"
    assert b"river-park" not in parcel[ARCHIVE] + parcel[MANIFEST] + parcel[SIGNATURE]


def test_G8_another_key_does_not_open_a_parcel(keys, parcel):
    with pytest.raises(NotAsSent, match="identity"):
        unpacked(parcel, public(keys), str(x25519.Identity.generate()))
    with pytest.raises(NotAsSent, match="identity"):
        unpacked(parcel, public(keys), "")


@pytest.mark.parametrize("name", [ARCHIVE, MANIFEST, SIGNATURE])
@pytest.mark.parametrize("where", [0, 0.5, -1])
def test_G8_one_altered_byte_anywhere_is_found(keys, parcel, name, where):
    content = bytearray(parcel[name])
    content[int(where * len(content)) if where >= 0 else -1] ^= 1
    with pytest.raises(NotAsSent, match=r"manifest|archive|data"):
        check(parcel | {name: bytes(content)}, public(keys))


def test_G8_a_parcel_signed_by_somebody_else_or_cut_short_is_found(keys, parcel, tmp_path):
    signing.make(tmp_path / "forger")
    forged = sealed_parcel(AGREEMENT, PERIOD, CELLS, {"a": b"false"}, AT, tmp_path / "forger")
    with pytest.raises(NotAsSent, match="not signed"):
        check(forged, public(keys))
    with pytest.raises(NotAsSent, match=r"sha256"):
        check(parcel | {ARCHIVE: forged[ARCHIVE]}, public(keys))
    for name in (ARCHIVE, MANIFEST, SIGNATURE):
        with pytest.raises(NotAsSent, match="missing"):
            check({n: c for n, c in parcel.items() if n != name}, public(keys))


def test_an_archive_can_not_write_outside_its_folder(keys):
    """Signed by the platform itself, as after a theft of its key: the tool still writes no path."""
    odd = sealed_parcel(AGREEMENT, PERIOD, CELLS, {"../up.csv": b""}, AT, keys)
    with pytest.raises(NotAsSent, match="plain files"):
        unpacked(odd, public(keys), str(IDENTITY))


def test_the_signing_key_is_made_once_and_private(keys):
    before = (keys / signing.PRIVATE).read_bytes()
    assert not signing.make(keys)
    assert (keys / signing.PRIVATE).read_bytes() == before
    assert (keys / signing.PRIVATE).stat().st_mode & 0o077 == 0


def test_the_documented_command_checks_and_unpacks(keys, parcel, tmp_path):
    folder = tmp_path / "parcel"
    folder.mkdir()
    for name, content in parcel.items():
        (folder / name).write_bytes(content)
    (tmp_path / "me.txt").write_text(f"# created\n{IDENTITY}\n")

    def run(*more: str) -> subprocess.CompletedProcess:
        command = [sys.executable, "-m", "precrisis.sharing.verify", str(folder), "--platform-key"]
        return subprocess.run(
            [*command, str(keys / signing.PUBLIC), *more],
            env={"PYTHONPATH": str(ROOT / "plugins")}, capture_output=True, text=True,
        )  # fmt: skip

    out = tmp_path / "out"
    good = run("--identity", str(tmp_path / "me.txt"), "--out", str(out))
    assert (good.returncode, good.stderr) == (0, "")
    assert "as sent: river-themes, 2026-11-20 to 2026-11-20, 2 rows" in good.stdout
    assert {file.name: file.read_bytes() for file in out.iterdir()} == written(AGREEMENT, CELLS)
    (folder / MANIFEST).write_bytes(parcel[MANIFEST].replace(b"river", b"other"))
    bad = run()
    assert (bad.returncode, bad.stdout) == (1, "")
    assert "NOT as sent" in bad.stderr


def test_the_documented_standard_tools_do_the_same(keys, parcel, tmp_path):
    """docs/sharing.md: openssl for the signature; the archive is plain age and tar."""
    for name, content in parcel.items():
        (tmp_path / name).write_bytes(content)
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", str(keys / signing.PUBLIC)]
    command += ["-rawin", "-in", str(tmp_path / MANIFEST), "-sigfile", str(tmp_path / SIGNATURE)]
    assert subprocess.run(command, capture_output=True).returncode == 0
    (tmp_path / MANIFEST).write_bytes(b"{}")
    assert subprocess.run(command, capture_output=True).returncode != 0
    stream = io.BytesIO(pyrage.decrypt(parcel[ARCHIVE], [IDENTITY]))
    with tarfile.open(fileobj=stream) as archive:
        assert sorted(archive.getnames()) == sorted(written(AGREEMENT, CELLS))
