"""Everything can be run again: the same world comes out."""

import subprocess
import sys

import pytest

from infra.stack.layout import ROOT

COUNTED = (
    "raw.footage_segment", "raw.camera_observation", "raw.video_event", "raw.post",
    "raw.post_signal", "raw.place", "raw.incident", "raw.calendar_event", "ops.alert",
    "ops.alert_delivery", "ops.alert_version", "ops.report", "ops.object_ledger", "ops.quarantine",
)  # fmt: skip


@pytest.fixture
def world(rows, stack):
    def look() -> dict[str, int]:
        counts = {t: rows(f"SELECT count(*) AS n FROM {t}")[0]["n"] for t in COUNTED}
        return counts | {"mails": len(list((stack.state / "mail").glob("*.eml")))}

    return look


def test_a_second_demo_changes_nothing(world):
    before = world()
    result = subprocess.run(
        [sys.executable, "-m", "infra.stack", "demo"], cwd=ROOT, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr
    assert "nothing to do" in result.stdout
    assert world() == before


@pytest.mark.parametrize(
    "dag_id",
    ["city_ingest", "incidents_ingest", "footage_ingest", "posts_ingest", "warehouse_build"],
)
def test_a_second_run_changes_nothing(dag_id, airflow, world):
    before = world()
    airflow.finish(dag_id, airflow.start(dag_id))
    assert world() == before


def test_alerts_and_reports_go_out_once(airflow, world, rows):
    before = world()
    week = rows("SELECT week_start FROM ops.report LIMIT 1")[0]["week_start"]
    airflow.finish("alerts_raise", airflow.start("alerts_raise"))
    conf = {"week_start": week.isoformat()}
    airflow.finish("reports_publish", airflow.start("reports_publish", conf))
    assert world() == before
