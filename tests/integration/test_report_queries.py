"""Every query of the weekly report against the built marts, in the role that may read nothing else.

The week lies in 2001: that it runs shows that tables, columns and rights are there.
"""

import datetime as dt

import pytest

from precrisis.reports.queries import Week, read_week
from precrisis.warehouse import connect

MONDAY = dt.date(2001, 1, 1)


@pytest.mark.parametrize("districts", [None, ["Centro storico - Piedicastello"]])
def test_every_query_runs_on_the_marts(districts):
    with connect("bi_reader") as connection:
        week = read_week(connection, MONDAY, "Europe/Rome", districts, 50, 0.5)
    counted = {"next_week", "suppressed"}  # one row of counts each
    assert {name for name in counted if len(getattr(week, name)) == 1} == counted
    of_no_week = {"sites", "cameras", "scores", "checks"}
    dated = set(Week.__dataclass_fields__) - counted - of_no_week - {"start"}
    assert {name for name in dated if getattr(week, name)} == set()
    assert week.suppressed == [{"window_count": 0, "theme_hour_count": 0}]
    assert len({row["fitted_on"] for row in week.scores}) <= 1, "only the newest fit is shown"
