"""How many people were in each zone, to the city's context broker: counts that the marts show."""

import datetime as dt
from typing import Any

from precrisis.alerts.broker import bring
from precrisis.alerts.ngsi_ld import HOUR, crowd_entity
from precrisis.city import city
from precrisis.outcome import Outcome, Step
from precrisis.run import Run
from precrisis.warehouse import connect

# The newest whole hour of each zone; counts under the small-cell threshold are null there.
CROWDS = """
SELECT DISTINCT ON (zone_id) zone_id, hour_start_at, people_mean FROM marts.fct_zone_hour
WHERE people_mean IS NOT NULL AND hour_start_at >= %(since)s AND hour_start_at <= %(last)s
ORDER BY zone_id, hour_start_at DESC
"""


def publish_crowds(run: Run) -> None:
    """Bring the newest count of each zone to the context broker, if the city pack names one.

    Raises:
        StepFailed: the broker did not take some of them; the next run brings newer ones.
    """
    if city().context_broker is None:
        return
    lookback = city().thresholds.risk_points["alert_lookback_hours"].value
    end = run.interval_end
    span = {"since": end - dt.timedelta(hours=lookback), "last": end - HOUR}
    with connect("analysis") as connection:
        rows = connection.execute(CROWDS, span).fetchall()
    step = Step("publish_crowd", "alert", run, role="analysis")
    step.each(rows, lambda row: row["zone_id"], _bring)


def _bring(row: dict[str, Any], outcome: Outcome) -> None:
    zone = city().zone(row["zone_id"])
    entity = crowd_entity(zone, city(), row["hour_start_at"], row["people_mean"])
    bring(city().context_broker, entity)
    outcome.rows_in = outcome.rows_out = 1
