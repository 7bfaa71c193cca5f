"""What every DAG shares: retries, tags, pools, and where a run began to count."""

import datetime as dt
from enum import StrEnum

from airflow.timetables.trigger import CronTriggerTimetable


class Tag(StrEnum):
    """Tags of the DAG list: the part of the way, and the station a DAG ends at."""

    INGEST = "1-ingest"
    ANALYSE = "2-analyse"
    BUILD = "3-build"
    PUBLISH = "4-publish"
    GUARD = "5-guard"


class Pool(StrEnum):
    """Scarce things; sizes are set by the stack (infra/airflow/pools.json)."""

    VIDEO = "video"
    TEXT = "text"
    FEEDS = "feeds"
    WAREHOUSE = "warehouse"
    WAREHOUSE_WATCH = "warehouse_watch"


RETRY = {"retries": 2, "retry_delay": dt.timedelta(seconds=10), "retry_exponential_backoff": True}


def cron(expression: str) -> CronTriggerTimetable:
    """A schedule in UTC whose first run waits for its time when the DAG is switched on.

    A window of zero, since `run_immediately=False` still takes a time that has just passed; and a
    DAG with this schedule has no start_date, which would switch the setting off.
    """
    return CronTriggerTimetable(expression, timezone="UTC", run_immediately=dt.timedelta())
