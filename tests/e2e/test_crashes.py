"""kill -9 of a service during a run: it comes back, the run ends well, nothing is there twice."""

import datetime as dt
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

from infra.stack import objectstore, probes, programs
from infra.stack.layout import ROOT
from tests import clips

CAMERA = "duomo-nord"


def process_of(stack, program: str) -> int:
    return int(programs.control(stack, "pid", program).stdout.strip())


def offer_recording(stack, start: dt.datetime) -> None:
    """A short recording that the source did not offer before."""
    folder = stack.state / "samples" / "footage" / CAMERA
    clip = next(folder.glob("*.avi"))
    draft = stack.state / f"{CAMERA}.avi"
    subprocess.run(
        ["ffmpeg", "-v", "error", "-y", "-i", str(clip), "-t", "25", "-c", "copy", str(draft)],
        check=True,
    )
    shutil.move(clips.aged(draft), folder / f"{CAMERA}_{start:%Y%m%dT%H%M%SZ}.avi")


@pytest.mark.timeout(1500)
@pytest.mark.parametrize(
    "program",
    [
        "postgres",
        "objectstore",
        "airflow-scheduler",
        "airflow-api",
        "airflow-dag-processor",
        "airflow-triggerer",
        "superset",
        "mailsink",
        "feed",
    ],
)
def test_the_run_ends_well_after_a_kill(program, stack, airflow, rows):
    victim = process_of(stack, program)
    airflow.set_paused(["footage_ingest"], False)
    start, run_id = run_at_work(stack, airflow, rows)
    os.kill(victim, signal.SIGKILL)
    wait_until_all_answer(stack)
    airflow.finish("footage_ingest", run_id, timeout_s=700)
    assert process_of(stack, program) != victim
    segments = rows(
        "SELECT object_key FROM raw.footage_segment WHERE camera_id = %s "
        "AND started_at >= %s AND started_at < %s",
        CAMERA, start, start + dt.timedelta(minutes=1),
    )  # fmt: skip
    assert len(segments) == 3
    stored = {
        entry.object_name
        for entry in objectstore.client(stack).list_objects(
            "restricted", prefix=f"footage_segment/{start:%Y-%m-%d}/", recursive=True
        )
    }
    assert {row["object_key"] for row in segments} <= stored
    ledger = rows("SELECT object_key FROM ops.object_ledger WHERE bucket = 'restricted'")
    assert stored <= {row["object_key"] for row in ledger}


def run_at_work(stack, airflow, rows) -> tuple[dt.datetime, str]:
    """Offer a recording and start a run that is taking it in; its first minute and the run's id.

    The DAG's own schedule may be quicker and leave the run nothing to do: then offer another.
    """
    for _ in range(3):
        minute = 1 + len(rows("SELECT 1 FROM ops.outcome WHERE step = 'take_in_recording'"))
        start = dt.datetime(2026, 1, 5, 10, tzinfo=dt.UTC) + dt.timedelta(minutes=minute)
        offer_recording(stack, start)
        run_id = airflow.start("footage_ingest")
        if wait_for_take_in(airflow, run_id) != "skipped":
            return start, run_id
    raise AssertionError("three runs in a row had nothing to take in")


def wait_for_take_in(airflow, run_id: str) -> str:
    """The state of the first take_in task that is at work, done or skipped."""
    until = time.monotonic() + 240
    path = f"/dags/footage_ingest/dagRuns/{run_id}/taskInstances"
    while time.monotonic() < until:
        states = {t["task_id"]: t["state"] for t in airflow.call("GET", path)["task_instances"]}
        if states.get("take_in") in ("running", "success", "skipped"):
            return states["take_in"]
        time.sleep(0.2)
    raise AssertionError(f"take_in did not begin; tasks: {states}")


def wait_until_all_answer(stack) -> None:
    for name, probe in probes.SERVICES.items():
        reason = probes.wait(probe, stack, timeout_s=180)
        assert reason is None, f"{name}: {reason}"


def test_status_is_true_only_when_all_answer(stack):
    def status() -> int:
        call = [sys.executable, "-m", "infra.stack", "status"]
        return subprocess.run(call, cwd=ROOT, capture_output=True).returncode

    wait_until_all_answer(stack)
    assert status() == 0
    programs.control(stack, "stop", "mailsink")
    try:
        assert status() == 1
    finally:
        programs.control(stack, "start", "mailsink")
    wait_until_all_answer(stack)
