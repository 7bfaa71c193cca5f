"""A market of three zones whose marts hold what a test writes, and partners that receive from it.

The marts are those of dbt, with their policies; their rows are written by hand.
"""

import csv
import datetime as dt
import io
import json
from zoneinfo import ZoneInfo

import psycopg
import yaml
from pyrage import x25519

from precrisis.city import city
from precrisis.run import Run
from precrisis.settings import settings
from precrisis.sharing import signing
from precrisis.sharing.grants import grant_districts
from precrisis.sharing.period import last_before
from precrisis.sharing.verify import unpacked
from tests import marts
from tests.integration.conftest import DATABASE, forget_configuration

LISBON = ZoneInfo("Europe/Lisbon")
NOW = dt.datetime.now(dt.UTC)
PERIOD = last_before("day", NOW, LISBON)
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
IDENTITY = x25519.Identity.generate()


def opened(world, run):
    """Marts as dbt makes them, the city's three zones in them, built until now; nothing shared."""
    from precrisis.places import take_in_places

    built = world.rows("SELECT to_regclass('marts.fct_zone_hour') IS NOT NULL AS is_built")
    if not built[0]["is_built"]:
        take_in_places(run)
        marts.build()
    world.rows("TRUNCATE marts.fct_zone_hour, marts.fct_post_theme_hour, marts.fct_camera_window")
    world.rows("TRUNCATE marts.dim_zone")
    for zone in city().zones:
        world.rows(
            "INSERT INTO marts.dim_zone VALUES (%s, %s, %s, %s, true, 1, "
            "st_geomfromtext(%s, 4326), '[]')",
            zone.zone_id, zone.name, zone.kind, zone.district, zone.geometry.wkt,
        )  # fmt: skip
        hour(world, zone.zone_id, PERIOD.end_at - HOUR)
    signing.make(settings().keys_dir)
    agree(world)
    return world


def agree(world, *entries: dict) -> None:
    """Put these agreements in the pack, each the second city's own with changes."""
    file = world.pack / "agreements.yaml"
    if not hasattr(world, "entry"):
        world.entry = yaml.safe_load(file.read_text())[0]
    own = world.entry | {"public_key": str(IDENTITY.to_public())}
    file.write_text(json.dumps([own | entry for entry in entries or ({},)], default=str))
    forget_configuration()
    grant(world)


def grant(world) -> None:
    with psycopg.connect(world.stack.dsn("owner", DATABASE)) as owner:
        grant_districts(owner, city())


def zone(zone_id: str):
    return city().zone(zone_id)


def hour(world, zone_id: str, at: dt.datetime, **other) -> None:
    put(world, "fct_zone_hour", {
        "zone_id": zone_id, "zone_name": zone(zone_id).name, "district": zone(zone_id).district,
        "hour_start_at": at, "risk_index": 20, "certainty": 1, "has_camera": True,
        "has_posts": True, "has_baseline": True, "contribution_baseline": 20,
    } | other)  # fmt: skip


def theme(world, zone_id: str, at: dt.datetime, authors: int | None, name="panic", **other) -> None:
    put(world, "fct_post_theme_hour", {
        "zone_id": zone_id, "zone_name": zone(zone_id).name, "district": zone(zone_id).district,
        "hour_start_at": at, "theme": name, "post_count": authors, "author_count": authors,
        "is_suppressed": authors is None, "mean_probability": None if authors is None else 0.8,
    } | other)  # fmt: skip


def window(world, zone_id: str, at: dt.datetime, people: float | None, **other) -> None:
    put(world, "fct_camera_window", {
        "camera_id": "duomo-nord", "camera_name": "North", "zone_id": zone_id,
        "zone_name": zone(zone_id).name, "district": zone(zone_id).district,
        "window_start_at": at, "window_end_at": at + dt.timedelta(seconds=10),
        "people_mean": people, "people_max": people, "people_band": "x",
        "is_suppressed": people is None, "is_blind": False, "model_version": "1",
    } | other)  # fmt: skip


def put(world, mart: str, row: dict) -> None:
    columns, places = ", ".join(row), ", ".join(["%s"] * len(row))
    world.rows(f"INSERT INTO marts.{mart} ({columns}) VALUES ({places})", *row.values())


def parcel(world, agreement_id: str = "river-themes", first=PERIOD.first) -> dict[str, bytes]:
    prefix = f"share/{agreement_id}/{first}/"
    keys = world.store.keys("published", prefix)
    return {key.removeprefix(prefix): world.store.stored("published", key) for key in keys}


def files(world, *where) -> dict[str, bytes]:
    return unpacked(parcel(world, *where), platform_key(), str(IDENTITY))


def platform_key() -> bytes:
    return (settings().keys_dir / signing.PUBLIC).read_bytes()


def table(world, agreement_id: str = "river-themes", first=PERIOD.first) -> list[dict]:
    content = files(world, agreement_id, first)[f"{agreement_id}.csv"]
    return list(csv.DictReader(io.StringIO(content.decode())))


def ledger(world) -> list[dict]:
    return world.rows("SELECT * FROM ops.share ORDER BY agreement_id, period_start")


def log(world, action: str) -> list[dict]:
    return world.rows("SELECT * FROM ops.audit_log WHERE action = %s ORDER BY entry_id", action)


def at_noon(n: int = 0) -> dt.datetime:
    return PERIOD.start_at + (12 + n) * HOUR


def later(run: Run, days: int = 0, name: str = "later") -> Run:
    end = run.interval_end + dt.timedelta(days=days)
    return Run(run.dag_id, f"{run.run_id}-{name}", end - HOUR, end, "ada")
