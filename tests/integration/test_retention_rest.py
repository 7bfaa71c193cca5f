"""Retention beside due objects: rows, uploads, secrets, Airflow's memory; and legal holds."""

import datetime as dt
import logging
import os
import time

import psycopg
import pytest

from infra.stack import objectstore
from infra.stack.airflow_api import Airflow
from infra.stack.layout import Stack
from precrisis import store
from precrisis.outcome import StepFailed
from precrisis.posts.author_secret import SecretDestroyed, author_secrets, iso_week
from precrisis.retention import airflow_memory, legal_hold
from precrisis.retention.leftovers import abort_uploads
from precrisis.retention.legal_hold import Order
from precrisis.retention.objects import LedgerMismatch, delete_due, reconcile
from precrisis.retention.rows import delete_rows
from precrisis.retention.secrets import destroy_author_secrets
from precrisis.run import Run
from precrisis.warehouse import connect

HOUR = dt.timedelta(hours=1)
DAY = 24 * HOUR


def put(key: str, noun: str = "post", kept: dt.timedelta = HOUR) -> None:
    with connect("ingest") as connection:
        store.put(connection, "ingest", "restricted", key, b"x", noun=noun, retention=kept)


def at(run: Run, moment: dt.timedelta) -> Run:
    end = run.interval_end + moment
    return Run("retention_enforce", f"{run.run_id}+{moment}", end - HOUR, end)


# --- G13 -------------------------------------------------------------------------------------


def test_G13_an_object_past_its_due_time_is_found_deleted_and_its_receipt_chained(world, run):
    put("post/first")
    put("post/second")
    with pytest.raises(LedgerMismatch, match=r"2 overdue \['post/first', 'post/second'\]"):
        reconcile(at(run, 4 * HOUR))
    assert delete_due(at(run, 4 * HOUR)) == 2
    assert world.store.keys("restricted") == []
    first, second = world.rows("SELECT * FROM ops.deletion_receipt ORDER BY receipt_id")
    assert second["previous_hash"] == first["receipt_hash"]
    assert reconcile(at(run, 4 * HOUR)) == 0
    (entry,) = world.rows("SELECT facts FROM ops.audit_log WHERE action = 'deletion'")
    assert entry["facts"] == {"objects": 2}


def test_G13_a_planted_object_is_found(world, run):
    put("post/known", kept=9 * HOUR)
    assert reconcile(at(run, HOUR)) == 1
    world.store.write("restricted", "post/planted", b"nobody entered me")
    with pytest.raises(LedgerMismatch, match=r"1 objects without ledger row.*post/planted"):
        reconcile(at(run, HOUR))


def test_G13_an_altered_receipt_is_found(world, run):
    put("post/a")
    delete_due(at(run, 2 * HOUR))
    assert reconcile(at(run, 2 * HOUR)) == 0
    world.rows("UPDATE ops.deletion_receipt SET reason = 'deleted by author'")
    with pytest.raises(LedgerMismatch, match=r"broken receipts \[1\]"):
        reconcile(at(run, 2 * HOUR))


# --- rows ------------------------------------------------------------------------------------


def signal(world, post_id_hash: str, due_at: dt.datetime, posted_at: dt.datetime) -> None:
    world.rows(
        "INSERT INTO raw.post_signal (source, post_id_hash, model_version, posted_at, author_key, "
        "language, themes, is_uncertain, place_links, due_at) "
        "VALUES ('s', %s, 'm', %s, 'k', 'en', '{}', false, '[]', %s)",
        post_id_hash, posted_at, due_at,
    )  # fmt: skip


def test_a_signal_goes_at_its_own_due_time_and_not_a_moment_before(world, run):
    end = run.interval_end
    for name, due_at in (("a", end - HOUR), ("b", end), ("c", end + dt.timedelta(seconds=1))):
        signal(world, name, due_at, end)
    assert delete_rows(run) == 2
    assert world.rows("SELECT post_id_hash FROM raw.post_signal") == [{"post_id_hash": "c"}]


def test_what_was_refused_goes_sooner_when_its_row_holds_a_person_s_key(world, run):
    for noun in ("post", "post_signal", "footage_segment"):
        world.rows(
            "INSERT INTO ops.quarantine (noun, item_key, rule, reason, last_seen_at) "
            "VALUES (%s, 'x', 'r', 'r', %s)",
            noun, run.interval_end,
        )  # fmt: skip
    left = lambda: {r["noun"] for r in world.rows("SELECT noun FROM ops.quarantine")}  # noqa: E731
    delete_rows(at(run, 7 * DAY - HOUR))
    assert left() == {"post", "post_signal", "footage_segment"}
    delete_rows(at(run, 7 * DAY))
    assert left() == {"footage_segment"}
    delete_rows(at(run, 30 * DAY))
    assert left() == set()


@pytest.mark.parametrize(
    ("table", "columns", "values", "days"),
    [
        ("ops.outcome", "step, item_key, run_id, dag_id, status, started_at, ended_at",
         "'s', 'i', 'r', 'd', 'ok', %(at)s, %(at)s", 190),
        ("ops.validation", "noun, batch_key, ran_at, is_success, row_count, failed_count, result",
         "'n', 'b', %(at)s, true, 1, 0, '{}'", 190),
        ("raw.video_event", "event_id, camera_id, zone_id, kind, started_at, ended_at, confidence, "
         "model_version", "'e', 'c', 'z', 'k', %(at)s, %(at)s, 1, 'm'", 400),
        ("raw.video_sign", "camera_id, zone_id, kind, started_at, ended_at, value, model_version",
         "'c', 'z', 'k', %(at)s, %(at)s, 1, 'm'", 7),
        ("raw.camera_observation", "camera_id, zone_id, window_start, window_end, people_mean, "
         "people_max, motion_px_s, vehicles_mean, frame_count, is_blind, model_version",
         "'c', 'z', %(at)s, %(at)s, 1, 1, 0, 0, 1, false, 'm'", 400),
    ],
)  # fmt: skip
def test_what_the_platform_notes_of_its_work_ends_too(world, run, table, columns, values, days):
    with psycopg.connect(world.stack.dsn("owner", os.environ["PRECRISIS_WAREHOUSE_DATABASE"])) as c:
        c.execute(f"INSERT INTO {table} ({columns}) VALUES ({values})", {"at": run.interval_end})

    def count() -> int:
        of_test = "WHERE step = 's'" if table == "ops.outcome" else ""
        return world.rows(f"SELECT count(*) AS n FROM {table} {of_test}")[0]["n"]

    delete_rows(at(run, days * DAY - HOUR))
    assert count() == 1
    delete_rows(at(run, days * DAY))
    assert count() == 0


# --- legal hold ------------------------------------------------------------------------------


def order(until: dt.datetime, **changes) -> Order:
    given = {"act": "Order 12/2026", "ordered_by": "prosecutor", "reason": "asked for as evidence"}
    return Order(**given | changes, until=until)


def test_what_is_held_stays_past_its_due_time_until_the_hold_ends_by_itself(world, run):
    for name in ("2026-03-01/a", "2026-03-01/b", "2026-03-02/c"):
        put(f"post/{name}")
    now = run.interval_end
    legal_hold.hold_objects("post/2026-03-01", order(now + DAY), now)
    assert delete_due(at(run, 5 * HOUR)) == 1
    assert world.store.keys("restricted") == ["post/2026-03-01/a", "post/2026-03-01/b"]
    assert reconcile(at(run, 5 * HOUR)) == 2  # held is not overdue
    assert delete_due(at(run, DAY - HOUR)) == 0
    assert delete_due(at(run, DAY)) == 2
    assert world.store.keys("restricted") == []


def test_one_camera_s_footage_of_a_stretch_of_time_is_held(world, run):
    start = dt.datetime(2026, 3, 1, 10, tzinfo=dt.UTC)
    minute = dt.timedelta(minutes=1)
    for camera in ("duomo-nord", "piazza-fiera"):
        for number in range(4):
            footage(world, camera, start + number * minute)
    now = run.interval_end
    stretch = (start + minute, start + 2 * minute)
    legal_hold.hold_footage("duomo-nord", *stretch, order(now + 9 * DAY), now)
    assert delete_due(at(run, 2 * HOUR)) == 7
    assert world.store.keys("restricted") == [f"footage_segment/duomo-nord-{start + minute:%H%M}"]


def footage(world, camera: str, started_at: dt.datetime) -> None:
    key = f"footage_segment/{camera}-{started_at:%H%M}"
    put(key, "footage_segment")
    world.rows(
        "INSERT INTO raw.footage_segment (camera_id, started_at, ended_at, source_id, object_key, "
        "sha256, size_bytes, frame_count, frame_rate_hz, width_px, height_px, codec, due_at) "
        "VALUES (%s, %s, %s, 's', %s, 'x', 1, 1, 1, 1, 1, 'c', now())",
        camera, started_at, started_at + dt.timedelta(seconds=10), key,
    )  # fmt: skip


def test_a_hold_is_in_the_log_with_its_act_and_reason(world, run):
    now = run.interval_end
    legal_hold.hold_objects("post/2026-03-01", order(now + DAY), now)
    (entry,) = world.rows("SELECT * FROM ops.audit_log WHERE action = 'legal_hold'")
    assert (entry["actor"], entry["reason"]) == ("prosecutor", "asked for as evidence")
    assert (entry["facts"]["act"], entry["subject"]) == ("Order 12/2026", "post/2026-03-01")


@pytest.mark.parametrize(
    "changes",
    [{"reason": "because"}, {"act": " "}, {"ordered_by": ""}, {"until": -1}, {"until": 181}],
    ids=str,
)
def test_a_hold_without_act_name_reason_or_near_end_is_refused(world, run, changes):
    now = run.interval_end
    until = now + changes.pop("until", 1) * DAY
    with pytest.raises(psycopg.errors.CheckViolation):
        legal_hold.hold_objects("post/2026-03-01", order(until, **changes), now)


def test_a_hold_names_some_objects_and_never_a_whole_zone(world, run):
    now = run.interval_end
    for prefix in ("", "post/"):
        with pytest.raises(psycopg.errors.CheckViolation):
            legal_hold.hold_objects(prefix, order(now + DAY), now)


@pytest.mark.parametrize("role", ["ingest", "analysis", "retention", "transformer", "bi_reader"])
def test_only_the_officer_s_account_places_a_hold_and_nobody_changes_one(world, run, role):
    now = run.interval_end
    legal_hold.hold_objects("post/2026-03-01", order(now + DAY), now)
    with connect(role) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("INSERT INTO ops.legal_hold (act) VALUES ('x')")
    for change in ("UPDATE ops.legal_hold SET until = now()", "DELETE FROM ops.legal_hold"):
        with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
            world.rows(change)


# --- uploads, versions -----------------------------------------------------------------------


def begin_upload(world, key: str) -> None:
    """As a client does that is killed on its way."""
    client = objectstore.client(world.store.stack)
    upload_id = client._create_multipart_upload("restricted", key, {})
    client._upload_part("restricted", key, b"x" * 5_242_880, None, upload_id, 1)


def uploads(world) -> list[str]:
    found = objectstore.client(world.store.stack)._list_multipart_uploads("restricted").uploads
    return [upload.object_name for upload in found]


def test_what_an_unfinished_upload_left_goes_after_a_day(world, run):
    key = "post/2026-03-01/città è qui.json"
    begin_upload(world, key)
    assert abort_uploads(run) == 0
    assert uploads(world) == [key]
    assert abort_uploads(at(run, DAY + HOUR)) == 1
    assert uploads(world) == []


def test_a_bucket_that_keeps_versions_fails_the_run_by_name(world, run):
    from minio.versioningconfig import ENABLED, SUSPENDED, VersioningConfig

    admin = objectstore.client(world.store.stack)
    admin.set_bucket_versioning("derived", VersioningConfig(ENABLED))
    try:
        with pytest.raises(StepFailed, match=r"derived \(VersionsKept\)"):
            abort_uploads(run)
    finally:
        admin.set_bucket_versioning("derived", VersioningConfig(SUSPENDED))


def test_a_store_out_of_reach_is_named_without_the_signed_address(world, run, caplog):
    caplog.set_level(logging.INFO)
    world.set_variable("PRECRISIS_S3_ENDPOINT", "127.0.0.1:9")
    world.edit_pack("city.yaml", "country: PT", "country: PT")  # read settings anew
    with pytest.raises(StepFailed):
        abort_uploads(run)
    assert "X-Amz-Signature" not in caplog.text


# --- author secrets --------------------------------------------------------------------------


def test_a_week_s_secret_goes_seven_days_after_its_end_and_does_not_come_back(world, run):
    monday = dt.datetime(2026, 3, 9, tzinfo=dt.UTC)
    secrets = author_secrets()
    for day in (-8, -1, 0):
        secrets.secret_at(monday + day * DAY)

    def ends(moment: dt.datetime) -> list[str]:
        return destroy_author_secrets(Run("test", f"{moment}", moment - HOUR, moment))

    assert ends(monday) == ["2026-W09"]
    assert ends(monday + 7 * DAY - HOUR) == []
    assert ends(monday + 7 * DAY) == ["2026-W10"]
    assert secrets.weeks() == ["2026-W11"]
    with pytest.raises(SecretDestroyed):
        secrets.secret_at(monday - DAY)


@pytest.mark.parametrize("table", ["post", "post_signal"])
def test_a_week_s_secret_stays_while_a_deletion_of_its_posts_must_still_find_them(
    world, run, table
):
    posted_at, later = run.interval_end - 40 * DAY, at(run, HOUR)
    author_secrets().secret_at(posted_at)
    if table == "post_signal":
        signal(world, "a", run.interval_end + DAY, posted_at)
    else:
        world.rows(
            "INSERT INTO raw.post (source, post_id_hash, posted_at, author_key, text_length, "
            "object_key, sha256, collected_at, due_at) "
            "VALUES ('s', 'h', %s, 'k', 1, 'post/a', 'x', now(), now())",
            posted_at,
        )
    assert destroy_author_secrets(later) == []
    world.rows(f"DELETE FROM raw.{table}")
    assert destroy_author_secrets(later) == [iso_week(posted_at)]


def test_without_any_secret_yet_no_week_is_closed_to_a_first_reading(world, run):
    assert destroy_author_secrets(run) == []
    assert len(author_secrets().secret_at(run.interval_end - 10 * DAY)) == 32


# --- Airflow ---------------------------------------------------------------------------------


@pytest.fixture
def old_run(world) -> tuple[Airflow, str]:
    """A run of the stack's own Airflow that ended now, with a task and its XCom."""
    airflow = Airflow(world.stack)
    run_id = airflow.start("retention_enforce")
    airflow.set_paused(["retention_enforce"], False)
    airflow.finish("retention_enforce", run_id, timeout_s=240)
    return airflow, run_id


@pytest.mark.timeout(300)
def test_an_old_run_goes_with_its_task_states_and_xcom_and_a_later_one_stays(world, old_run):
    airflow, run_id = old_run
    ended_at = airflow.call("GET", f"/dags/retention_enforce/dagRuns/{run_id}")["end_date"]
    remains = lambda: rows_of_run(world.stack, run_id)  # noqa: E731
    assert remains()["xcom"] > 0
    moment = dt.datetime.fromisoformat(ended_at)
    airflow_memory.delete_runs(moment - dt.timedelta(seconds=1), "retention_enforce")
    assert remains()["dag_run"] == 1
    assert airflow_memory.delete_runs(moment, "retention_enforce") >= 1
    assert set(remains().values()) == {0}


def rows_of_run(stack: Stack, run_id: str) -> dict[str, int]:
    with psycopg.connect(stack.dsn("airflow", "airflow")) as connection:
        return {
            table: connection.execute(
                f"SELECT count(*) FROM {table} WHERE run_id = %s", (run_id,)
            ).fetchone()[0]
            for table in ("dag_run", "task_instance", "xcom")
        }


def test_old_logs_go_and_young_ones_stay(world, tmp_path, monkeypatch):
    logs = tmp_path / "logs"
    monkeypatch.setenv("AIRFLOW__LOGGING__BASE_LOG_FOLDER", str(logs))
    now = dt.datetime.now(dt.UTC)
    for name, days in (("dag_id=a/run_id=1/old.log", 40), ("dag_id=a/young.log", 20)):
        file = logs / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("x")
        stamp = time.time() - days * 86_400
        os.utime(file, (stamp, stamp))
    assert airflow_memory.delete_logs(now - 30 * DAY) == 1
    assert [p.name for p in logs.rglob("*.log")] == ["young.log"]
    assert (logs / "dag_id=a" / "run_id=1").is_dir()  # emptied just now: a task may be at work
    assert airflow_memory.delete_logs(now + DAY) == 1
    assert list(logs.iterdir()) == []
