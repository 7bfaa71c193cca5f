"""A small town written straight into the raw tables, and the marts that dbt builds from it."""

import atexit
import datetime as dt
import json
import shutil
import tempfile
from functools import cache, lru_cache
from pathlib import Path

import psycopg

from precrisis.dbt_build import Verb, dbt_build, parsed
from precrisis.settings import settings

# Late yesterday evening: the park and the market of the tests' city are closed.
MIDNIGHT = dt.datetime.now(dt.UTC).replace(hour=0, minute=0, second=0, microsecond=0)
HOUR = MIDNIGHT - dt.timedelta(hours=2)
UNTIL = HOUR + dt.timedelta(hours=2)
KEPT = dt.timedelta(days=7)
VIEWS = "SELECT schemaname || '.' || viewname FROM pg_views"
HOUR_MACROS = {f"macro.precrisis.{name}" for name in ("until_hour", "this_moment")}
SCHEMAS = ("staging", "intermediate", "marts", "offences")


def build(until: dt.datetime = UNTIL, verb: Verb = "run", only: str | None = None) -> None:
    """Run every model or `only` a selection (verb `build`: and its tests) in the test's warehouse.

    Views that stand are left as they are: dbt takes longer over them than over all the rest.
    """
    select, standing = ([only], []) if only else ([], _standing())
    variables = {"days": 14}
    dbt_build(until, select, standing, verb, variables, target=_target())


def _standing() -> list[str]:
    """The views that are there and stay: whatever hour is built, and whatever table made anew."""
    nodes = parsed(_target()).nodes
    with psycopg.connect(settings().dsn("transformer")) as connection:
        there = {name for (name,) in connection.execute(VIEWS)}

    @cache
    def stays(node_id: str) -> bool:
        node = nodes.get(node_id)  # a source is none of these
        return node is None or (
            f"{node.schema}.{node.name}" in there
            and not HOUR_MACROS & set(node.depends_on.macros)
            and all(map(stays, node.depends_on.nodes))
        )

    return [node.name for node in nodes.values() if stays(node.unique_id)]


@lru_cache
def _target() -> Path:
    """dbt's own files: of this process, so that dbt parses once, and apart from the stack's."""
    target = Path(tempfile.mkdtemp(prefix="dbt-tests-"))
    atexit.register(shutil.rmtree, target, ignore_errors=True)
    return target


def forget(world) -> None:
    """Remove what dbt built, so that the next build is a first one."""
    for row in world.rows(
        "SELECT format('%%I.%%I', schemaname, tablename) AS name FROM pg_tables "
        "WHERE schemaname = ANY(%s)",
        list(SCHEMAS),
    ):
        world.rows(f"DROP TABLE {row['name']} CASCADE")


def published(world, schemas: tuple[str, ...] = ("marts", "offences")) -> dict[str, list[str]]:
    """Every row of every table and view there, as text in a fixed order."""
    names = world.rows(
        "SELECT table_schema || '.' || table_name AS name FROM information_schema.tables "
        "WHERE table_schema = ANY(%s) ORDER BY 1",
        list(schemas),
    )
    return {
        row["name"]: [
            found["line"]
            for found in world.rows(f"SELECT t::text AS line FROM {row['name']} AS t ORDER BY 1")
        ]
        for row in names
    }


def window(world, zone_id: str, people: float, n: int = 0, **other) -> None:
    """A 10-second window, the n-th of HOUR, in which a camera counted so many people."""
    start = HOUR + dt.timedelta(seconds=10 * n)
    _insert(world, "raw.camera_observation", {
        "camera_id": "duomo-nord", "zone_id": zone_id, "window_start": start,
        "window_end": start + dt.timedelta(seconds=10), "people_mean": people,
        "people_max": round(people), "density_per_m2": people / 160, "speed_m_s": people / 10,
        "motion_px_s": people, "vehicles_mean": 0, "frame_count": 20, "is_blind": False,
        "model_version": "1",
    } | other)  # fmt: skip


def post(world, author: str, *themes: str, zone_id: str = "town-square", **other) -> None:
    """A post of an author, half past HOUR, that voices these themes at a place."""
    count = world.rows("SELECT count(*) AS n FROM raw.post_signal")[0]["n"]
    _insert(world, "raw.post_signal", {
        "source": "test-feed", "post_id_hash": f"{count:032x}", "model_version": "1",
        "posted_at": HOUR + dt.timedelta(minutes=30), "author_key": author, "language": "en",
        "themes": json.dumps(dict.fromkeys(themes, 0.9)), "is_uncertain": False,
        "place_links": json.dumps([{"place_id": zone_id, "confidence": 0.9}]),
        "due_at": HOUR + KEPT,
    } | other)  # fmt: skip


def segment(world, n: int, due_at: dt.datetime, camera_id: str = "duomo-nord") -> None:
    """The n-th stored 10-second segment of HOUR, analysed without trouble."""
    start = HOUR + dt.timedelta(seconds=10 * n)
    key = f"footage_segment/{camera_id}/{n}"
    _insert(world, "raw.footage_segment", {
        "camera_id": camera_id, "started_at": start, "ended_at": start + dt.timedelta(seconds=10),
        "source_id": "test-footage", "object_key": key, "sha256": "0" * 64, "size_bytes": 1,
        "frame_count": 20, "frame_rate_hz": 2, "width_px": 1, "height_px": 1, "codec": "h264",
        "due_at": due_at,
    })  # fmt: skip
    _insert(world, "ops.outcome", {
        "step": "analyse_segment", "item_key": key, "run_id": "test", "dag_id": "test",
        "status": "ok", "started_at": start, "ended_at": start,
    })  # fmt: skip


def incident(world, n: int, longitude: float, latitude: float, category: str = "theft") -> None:
    """The n-th recorded incident, found by a patrol in HOUR."""
    point = world.rows(
        "SELECT st_setsrid(st_makepoint(%s, %s), 4326) AS geom", longitude, latitude
    )[0]["geom"]
    _insert(world, "raw.incident", {
        "source": "test", "source_id": f"incident-{n}", "category": category, "iccs_code": "0502",
        "occurred_from": HOUR + dt.timedelta(minutes=n), "occurred_to": HOUR + dt.timedelta(
            minutes=n + 1), "accuracy_m": 5, "found_by": "patrol", "geom": point,
    })  # fmt: skip


def name_events(world) -> None:
    """Name the events of all windows as `footage_analyse` does."""
    from dataclasses import asdict

    from models.video.events import name_events as named
    from models.video.observation import Observation
    from precrisis.footage.camera_setup import rules

    columns = ", ".join(Observation.__dataclass_fields__)
    seen = world.rows(f"SELECT {columns} FROM raw.camera_observation")
    for event in named([Observation(**row) for row in seen], rules()):
        _insert(world, "raw.video_event", asdict(event))


def _insert(world, table: str, row: dict) -> None:
    places = ", ".join(["%s"] * len(row))
    world.rows(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({places})", *row.values())
