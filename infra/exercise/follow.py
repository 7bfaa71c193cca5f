"""The steps of the DAGs, in their order, with nothing waited for between them.

The index is built for the whole hours before the exercise began, also when it plays over the turn
of an hour: or the index of the hour that ends would tell again what earlier scenarios staged.
"""

import datetime as dt
from typing import Any

from infra.exercise.scenario import Scenario


def prepare(run: Any, until: dt.datetime) -> None:
    """Places, calendar and past incidents, and the marts and baseline that follow from them."""
    from precrisis.dbt_build import dbt_build
    from precrisis.places import take_in_places
    from precrisis.records.calendar import take_in_calendar
    from precrisis.records.incidents import take_in_incidents
    from precrisis.risk import fit_baseline

    take_in_places(run)
    take_in_calendar(run)
    take_in_incidents(run)
    before_risk = ["+fct_zone_hour", "+exposure:baseline_fit"]
    dbt_build(until, before_risk, exclude=["tag:risk"], verb="run")
    fit_baseline(run)
    build_index(until)


def follow(scenario: Scenario, run: Any, until: dt.datetime) -> None:
    """Take in, analyse, build where the marts have news, raise and deliver."""
    from precrisis.alerts.raising import raise_alerts

    if scenario.film:
        _footage(run)
    if scenario.planned or scenario.recorded:
        _records(run)
    if scenario.posts:
        _posts(run)
    if scenario.posts or scenario.recorded:
        build_index(until)
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


def build_index(until: dt.datetime) -> None:
    """Of `warehouse_build` and `risk_score` what the risk index up to `until` (UTC) rests on."""
    from precrisis.dbt_build import dbt_build

    dbt_build(until, ["+fct_zone_hour"], verb="run")
