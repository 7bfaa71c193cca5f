"""The FastAPI app that Airflow mounts at /precrisis: control room, Data Docs, runs, posts.

Great Expectations' own Data Docs load scripts and a counting pixel from a dozen foreign hosts, so
these pages show the same results (ops.validation, kept without values) from this machine alone.
"""

from typing import Any

from airflow.api_fastapi.core_api.security import get_user
from fastapi import Depends, FastAPI, HTTPException, Response
from fastapi.responses import FileResponse, HTMLResponse

from precrisis import clock
from precrisis.city import city
from precrisis.pages import posts_review
from precrisis.pages.city_drawing import city_drawing
from precrisis.pages.control_room import situation
from precrisis.pages.rendering import HERE, page
from precrisis.settings import settings
from precrisis.warehouse import connect

SHOWN = 30
POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"
# The one page with a script: its own, which asks this host again and again.
LIVE_POLICY = f"{POLICY}; script-src 'self'; connect-src 'self'"
STATIONS = """
SELECT DISTINCT ON (noun) noun, ran_at, batch_key, is_success, row_count, failed_count,
    count(*) OVER w AS batch_count, sum(row_count) OVER w AS all_rows,
    sum(failed_count) OVER w AS all_failed
FROM ops.validation WINDOW w AS (PARTITION BY noun)
ORDER BY noun, ran_at DESC
"""
CHECKS = """
SELECT noun, batch_key, ran_at, is_success, row_count, failed_count, result
FROM ops.validation WHERE noun = %s ORDER BY ran_at DESC LIMIT %s
"""
OUTCOMES = """
SELECT step, item_key, status, rows_in, rows_out, detail, started_at, ended_at
FROM ops.outcome WHERE dag_id = %s AND run_id = %s ORDER BY started_at LIMIT 2000
"""
OBJECTS = """
SELECT l.bucket, l.object_key, l.noun, l.size_bytes, l.due_at, l.deleted_at
FROM ops.object_ledger AS l, (
    SELECT min(started_at) AS begun, max(ended_at) AS ended
    FROM ops.outcome WHERE dag_id = %s AND run_id = %s
) AS r WHERE l.stored_at BETWEEN r.begun AND r.ended ORDER BY l.object_key LIMIT 500
"""
QUARANTINE = """
SELECT item_key, rule, reason, seen_count, last_seen_at
FROM ops.quarantine WHERE noun = %s ORDER BY last_seen_at DESC LIMIT %s
"""

app = FastAPI(title="PreCrisis", dependencies=[Depends(get_user)], docs_url=None, redoc_url=None)
app.include_router(posts_review.router)


@app.middleware("http")
async def keep_to_this_host(request, call_next) -> Response:
    """Nothing is loaded from elsewhere, nothing is kept by a cache, only Airflow may frame it."""
    response = await call_next(request)
    response.headers.setdefault("Content-Security-Policy", POLICY)
    response.headers["Cache-Control"] = "private, no-store"
    return response


@app.get("/control-room", response_class=HTMLResponse)
def control_room(response: Response) -> str:
    """The wall screen: map, alerts that wait for a person, sources; its script keeps it fresh."""
    response.headers["Content-Security-Policy"] = LIVE_POLICY
    return _room("control_room.html")


@app.get("/control-room/now", response_class=HTMLResponse)
def control_room_now() -> str:
    """What changes on the wall screen, for its script."""
    return _room("control_room_now.html")


@app.get("/control-room.js")
def control_room_script() -> FileResponse:
    """The script of the wall screen."""
    return FileResponse(HERE / "control_room.js", media_type="text/javascript")


@app.get("/data-docs", response_class=HTMLResponse)
def stations() -> str:
    """Every door with its latest check."""
    return page("stations.html", stations=_rows(STATIONS))


@app.get("/data-docs/{noun}", response_class=HTMLResponse)
def station(noun: str) -> str:
    """One door: the rules of its latest check, its history, what is in quarantine."""
    checks = _rows(CHECKS, noun, SHOWN)
    if not checks:
        raise HTTPException(404, f"no check of '{noun}' is on record yet")
    rules = [_rule(result) for result in checks[0]["result"]["results"]]
    quarantined = _rows(QUARANTINE, noun, SHOWN)
    return page("station.html", noun=noun, checks=checks, rules=rules, quarantined=quarantined)


@app.get("/runs/{dag_id}/{run_id}", response_class=HTMLResponse)
def outcomes(dag_id: str, run_id: str) -> str:
    """What a run did to each item, and the objects it stored; keys only, never content."""
    found = _rows(OUTCOMES, dag_id, run_id)
    objects = _rows(OBJECTS, dag_id, run_id)
    return page("run.html", dag_id=dag_id, run_id=run_id, outcomes=found, objects=objects)


def _room(template: str) -> str:
    status, the_city = settings().alert_status, city()
    return page(
        template, city=the_city, map=city_drawing(), status=status, **situation(clock.now())
    )


def _rule(result: dict[str, Any]) -> dict[str, Any]:
    configuration = result["expectation_config"]
    return {
        "name": configuration["meta"]["rule"],
        "reason": configuration["meta"]["reason"],
        "kind": configuration["type"],
        "is_kept": result["success"],
        "checked": result["result"].get("element_count", 0),
        "broken": result["result"].get("unexpected_count", 0),
    }


def _rows(query: str, *arguments: Any) -> list[dict[str, Any]]:
    with connect("auditor") as connection:
        return connection.execute(query, arguments).fetchall()
