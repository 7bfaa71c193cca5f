"""How long an alert takes, and what a storm costs; `pytest -s` shows the figures.

Only that the work is done is asserted: how long it takes depends on what else the machine does.
"""

import datetime as dt
import json
import os
import statistics
import subprocess
import sys
import time

import pytest

from infra.stack.layout import ROOT
from precrisis.alerts import raising
from precrisis.run import Run
from tests import marts

MINUTE = dt.timedelta(minutes=1)
APART = dt.timedelta(minutes=15)  # more than an event of the pack lasts without a sign
ALERTS = 30
EMPTY_MART = """
CREATE TABLE marts.fct_zone_hour
(zone_id text, local_date date, risk_index real, certainty real)
"""
SIGN = """
INSERT INTO ops.alert_candidate
(candidate_id, kind, zone_id, starts_at, ends_at, confidence, inputs, landed_at)
VALUES (%s, 'density_level', 'town-square', %s, %s, 0.9,
    '{"segments": ["s"], "model_version": "m"}', %s)
"""
STORM = """
INSERT INTO ops.alert_candidate
(candidate_id, kind, zone_id, starts_at, ends_at, confidence, inputs, landed_at)
SELECT n::text, 'density_level', (ARRAY['town-square', 'market-square'])[1 + n %% 2],
    at, at + interval '20 seconds', 0.9, '{"segments": ["s"], "model_version": "m"}', at
FROM generate_series(1, 100000) AS n, LATERAL (
    SELECT %s::timestamptz + n * interval '18 milliseconds' AS at
) AS moment
"""


@pytest.fixture
def scene(town, receiver, relay):
    town.edit_pack("thresholds.yaml", "budget_per_day: 6", "budget_per_day: 200")
    town.rows(EMPTY_MART)
    town.rows("GRANT SELECT ON marts.fct_zone_hour TO analysis")
    yield town
    marts.forget(town)


def test_from_candidate_to_delivered_message(scene, receiver, relay, run):
    """With review off (Exercise): file, feed, mail with its map, and webhook."""
    taken_s = []
    for n in range(ALERTS):
        at = run.interval_end + n * APART
        raising.raise_alerts(Run("test", f"end-{n}", at - MINUTE, at - MINUTE))
        scene.rows(SIGN, f"sign-{n}", at, at, at)
        started = time.perf_counter()
        raising.raise_alerts(Run("test", f"run-{n}", at, at))
        taken_s.append(time.perf_counter() - started)
        assert len(relay.mails) >= n + 1
    told = {name for name, _ in receiver.taken if "." not in name}
    assert len(told) == ALERTS
    *_, p95 = statistics.quantiles(taken_s, n=20)
    print(f"\nalert: p50 {statistics.median(taken_s):.2f} s, p95 {p95:.2f} s of {ALERTS}")


def test_a_hundred_thousand_candidates_of_an_hour(scene, run):
    scene.rows(STORM, run.interval_end - dt.timedelta(minutes=40))
    code = STORMED.format(end=run.interval_end.isoformat())
    environment = os.environ | {"PYTHONPATH": f"{ROOT}:{ROOT / 'plugins'}"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures["raised"] == 2
    print(f"\nstorm of 100,000: {figures}")


STORMED = """
import datetime as dt, json, resource, time
from precrisis.alerts.urgent_selection import select_urgent
from precrisis.outcome import Outcome
from precrisis.run import Run

def peak_mb():
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)

end = dt.datetime.fromisoformat("{end}")
run, before = Run("test", "storm", end, end), peak_mb()
figures = []
for _ in range(3):
    outcome, started = Outcome("storm"), time.perf_counter()
    select_urgent(run, outcome)
    figures.append((outcome.rows_out, round(time.perf_counter() - started, 1), peak_mb()))
print(json.dumps({{
    "raised": figures[0][0], "seconds": [f[1] for f in figures],
    "mb_before": before, "mb_peak": [f[2] for f in figures],
}}))
"""
