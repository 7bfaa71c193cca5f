"""`make demo`: run the samples through the pipeline and say plainly what came out."""

import psycopg
from psycopg.rows import tuple_row

from infra.stack import pipeline
from infra.stack.layout import AIRFLOW_USERS, Stack
from infra.stack.setup import say

STATIONS = {
    "recordings offered": "SELECT count(*) FROM ops.outcome WHERE step = 'take_in_recording'",
    "footage_segment": "SELECT count(*) FROM raw.footage_segment",
    "camera_observation": "SELECT count(*) FROM raw.camera_observation",
    "video_event": "SELECT count(*) FROM raw.video_event",
    "post": "SELECT count(*) FROM raw.post",
    "post_signal": "SELECT count(*) FROM raw.post_signal",
    "place": "SELECT count(*) FROM raw.place",
    "incident": "SELECT count(*) FROM raw.incident",
    "quarantined": "SELECT count(*) FROM ops.quarantine",
    "risk index (zone-hours)": "SELECT count(*) FROM marts.fct_zone_hour",
    "alerts": "SELECT count(*) FROM ops.alert",
    "reports": "SELECT count(*) FROM ops.report",
}


def run(stack: Stack) -> None:
    """Run the pipeline unless it ran before, then print the summary."""
    is_first = _count(stack, STATIONS["reports"]) == 0
    if is_first:
        pipeline.run_all(stack, say)
    else:
        say("the samples went through before; nothing to do")
    print(summary(stack))


def summary(stack: Stack) -> str:
    """What went in, what came out at each station, where to look, how to sign in."""
    lines = ["", "What went in and came out", ""]
    lines += [f"  {name:<26}{_count(stack, query):>7}" for name, query in STATIONS.items()]
    lines += [
        "",
        "The footage is OpenCV's sample clip (PETS 2009, filmed in Reading), not Trento.",
        "Posts, incidents and calendar are made up for the demonstration.",
        "",
        "Where to look",
        "",
        f"  dashboards   {stack.url('superset')}/superset/dashboard/city-safety/",
        f"               analyst / {stack.passwords['superset:analyst']}",
        f"               {stack.url('superset')}/superset/dashboard/data-protection/",
        f"               officer / {stack.passwords['superset:officer']}",
        f"  Airflow      {stack.url('airflow')}",
        *_accounts(stack),
        f"  mail         {stack.state / 'mail'}",
        f"  PDF report   {stack.state / 'mail'} (attached), and bucket published/reports/",
        f"  connections  source {stack.state / 'env'}",
        "",
        "  make status | make down | make clean",
    ]
    return "\n".join(lines)


def _accounts(stack: Stack) -> list[str]:
    return [
        f"               {user} / {stack.passwords[f'airflow:{user}']}" for user in AIRFLOW_USERS
    ]


def _count(stack: Stack, query: str) -> int:
    with psycopg.connect(stack.dsn("owner"), row_factory=tuple_row) as connection:
        try:
            return connection.execute(query).fetchone()[0]
        except psycopg.errors.UndefinedTable:
            return 0
