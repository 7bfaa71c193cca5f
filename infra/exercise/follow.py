"""The steps of the DAGs, in their order, with nothing waited for between them."""

import json
import os
import subprocess
from typing import Any

from infra.exercise.scenario import Scenario
from infra.stack.layout import ROOT


def prepare(run: Any) -> None:
    """Places, calendar and past incidents, and the marts and baseline that follow from them."""
    from precrisis.places import take_in_places
    from precrisis.records.calendar import take_in_calendar
    from precrisis.records.incidents import take_in_incidents
    from precrisis.risk import fit_baseline

    take_in_places(run)
    take_in_calendar(run)
    take_in_incidents(run)
    _dbt(run, "--select", "+fct_zone_hour", "+int_incidents_zoned", "--exclude", "tag:risk")
    fit_baseline(run)
    build_index(run)


def follow(scenario: Scenario, run: Any) -> None:
    """Take in, analyse, build where the marts have news, raise and deliver."""
    from precrisis.alerts.raising import raise_alerts

    if scenario.film:
        _footage(run)
    if scenario.planned or scenario.recorded:
        _records(run)
    if scenario.posts:
        _posts(run)
    if scenario.posts or scenario.recorded:
        build_index(run)
    raise_alerts(run)


def _footage(run: Any) -> None:
    from precrisis.footage.analyse import analyse, find_segments
    from precrisis.footage.ingest import take_in
    from precrisis.footage.listing import find_recordings, footage_sources

    for source_id in footage_sources():
        for batch in find_recordings(source_id, run):
            take_in(batch, run)
    for batch in find_segments(run):
        analyse(batch, run)


def _records(run: Any) -> None:
    from precrisis.records.calendar import take_in_calendar
    from precrisis.records.incidents import take_in_incidents

    take_in_calendar(run)
    take_in_incidents(run)


def _posts(run: Any) -> None:
    from precrisis.posts.analyse import understand_posts
    from precrisis.posts.ingest import take_in_posts

    take_in_posts(run)
    understand_posts(run)


def build_index(run: Any) -> None:
    """Of `warehouse_build` and `risk_score` what the risk index rests on."""
    _dbt(run, "--select", "+fct_zone_hour")


def _dbt(run: Any, *selection: str) -> None:
    project, target = str(ROOT / "dbt"), f"{os.environ['PRECRISIS_STATE']}/dbt"
    command = [str(ROOT / ".venv/bin/dbt"), "run", "--quiet", "--project-dir", project]
    command += ["--profiles-dir", project, "--target-path", target, "--log-path", target]
    command += [*selection, "--vars", json.dumps({"until": run.interval_end.isoformat()})]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    if done.returncode:
        raise RuntimeError(f"dbt: {done.stdout[-2000:]}")
