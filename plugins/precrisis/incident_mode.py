"""Opening and closing incident mode: a named person, an act, a reason, an end."""

import datetime as dt
from typing import Any

from precrisis.audit import MIN_REASON
from precrisis.city import city
from precrisis.run import Run
from precrisis.warehouse import connect

LONGEST = dt.timedelta(hours=24)
CLOSE = """
UPDATE ops.incident_mode SET ends_at = %(starts_at)s
WHERE camera_id = %(camera_id)s AND %(starts_at)s BETWEEN starts_at AND ends_at
"""
OPEN = """
INSERT INTO ops.incident_mode (camera_id, starts_at, ends_at, opened_by, act, reason)
VALUES (%(camera_id)s, %(starts_at)s, %(ends_at)s, %(opened_by)s, %(act)s, %(reason)s)
"""


class NotAuthorised(PermissionError):
    """Incident mode was asked for without what it needs; says what is missing."""


def set_incident_mode(run: Run, params: dict[str, Any]) -> None:
    """Put one camera into incident mode from now on; it falls back by itself at its end.

    Args:
        params: camera_id, act, reason, hours (up to 24; 0 ends a mode that is open).

    Raises:
        NotAuthorised: nobody signed in stands behind the run, or act, reason or end are missing.
        CityPackError: the pack has no such camera.
    """
    camera_id = city().camera(params["camera_id"]).camera_id
    now, lasts = dt.datetime.now(dt.UTC), dt.timedelta(hours=float(params["hours"]))
    reason, act = str(params["reason"]).strip(), str(params["act"]).strip()
    if not run.started_by:
        raise NotAuthorised("Incident mode is set by a person signed in to Airflow, not by time")
    if not act or len(reason) < MIN_REASON:
        raise NotAuthorised(f"Incident mode needs an act and a reason ({MIN_REASON} characters)")
    if not dt.timedelta() <= lasts <= LONGEST:
        raise NotAuthorised("Incident mode needs an end within 24 hours; open it again if needed")
    row = {
        "camera_id": camera_id,
        "starts_at": now,
        "ends_at": now + lasts,
        "opened_by": run.started_by,
        "act": act,
        "reason": reason,
    }
    with connect("analysis") as connection:
        connection.execute(OPEN if lasts else CLOSE, row)
