"""What the control-room page shows: alerts that wait for a person, and whether sources still speak.

Read-only: the page decides nothing, it leads to where a person decides. Everything comes from ops,
read as `auditor`, and from the city pack; an alert holds no count under the disclosure threshold.
"""

import datetime as dt
from typing import Any, Literal

from precrisis.alerts.stops import stops_now
from precrisis.alerts.versions import VersionKey
from precrisis.city import city
from precrisis.pages.city_drawing import city_drawing
from precrisis.pages.pin_labels import label
from precrisis.settings import settings
from precrisis.warehouse import connect

MOST_SHOWN = 40
NEW_FOR = dt.timedelta(minutes=3)
DECIDED_FOR = dt.timedelta(hours=2)  # how long a decision stays in sight
State = Literal["speaks", "silent", "trouble"]

# An alert as its newest version says; one that grew after a person dismissed it is asked again.
ALERTS = """
SELECT a.alert_id, a.zone_id, a.starts_at, a.raised_at, v.ends_at, v.risk_index, v.certainty,
    v.severity, v.reasons, v.unknowns, v.why,
    CASE WHEN again.version IS NULL THEN r.decision END AS decision, r.decided_at,
    again.version AS asked_again, count(*) OVER () AS found,
    ARRAY(
        SELECT DISTINCT d.channel FROM ops.alert_delivery AS d
        WHERE d.alert_id = a.alert_id AND d.status = 'failed' ORDER BY d.channel
    ) AS undelivered,
    ARRAY(
        SELECT DISTINCT d.channel FROM ops.alert_delivery AS d
        WHERE d.alert_id = a.alert_id AND d.status = 'waiting' ORDER BY d.channel
    ) AS held,
    (
        SELECT min(d.waits_until) FROM ops.alert_delivery AS d
        WHERE d.alert_id = a.alert_id AND d.status = 'waiting'
    ) AS held_until
FROM ops.alert AS a
INNER JOIN LATERAL (
    SELECT * FROM ops.alert_version WHERE alert_id = a.alert_id ORDER BY version DESC LIMIT 1
) AS v ON true
LEFT JOIN LATERAL (
    SELECT decision, decided_at FROM ops.alert_review
    WHERE alert_id = a.alert_id ORDER BY decided_at DESC LIMIT 1
) AS r ON true
LEFT JOIN LATERAL (
    SELECT max(g.version) AS version FROM ops.alert_version AS g
    WHERE g.alert_id = a.alert_id AND g.why = 'grew' AND g.made_at > r.decided_at
        AND r.decision = 'dismiss'
) AS again ON true
WHERE r.decided_at IS NULL OR r.decided_at > %(decided_since)s OR again.version IS NOT NULL
ORDER BY r.decided_at IS NOT NULL AND again.version IS NULL,
    array_position(ARRAY['extreme', 'severe', 'moderate', 'minor'], v.severity),
    a.raised_at DESC, a.alert_id
LIMIT %(most)s
"""
# Keys begin with the time, so the last ones are the newest footage: enough for hundreds of cameras.
FOOTAGE = r"""
SELECT substring(object_key FROM 'Z_(.*)\.mkv$') AS camera_id, max(stored_at) AS at
FROM (
    SELECT object_key, stored_at FROM ops.object_ledger
    WHERE bucket = 'restricted' AND object_key >= 'footage_segment/'
        AND object_key < 'footage_segment0'
    ORDER BY object_key DESC LIMIT 20000
) AS newest GROUP BY 1
"""
LAST_OUTCOME = """
SELECT ended_at AS at, status FROM ops.outcome
WHERE step = %(step)s AND item_key = %(key)s ORDER BY ended_at DESC LIMIT 1
"""


def situation(now: dt.datetime) -> dict[str, Any]:
    """Return what the page shows at `now` (UTC): `waiting`, `decided`, `stops`, `sources`, ...

    Raises:
        psycopg.OperationalError: the warehouse does not answer; the page then says so by itself.
    """
    facts = {"decided_since": now - DECIDED_FOR, "most": MOST_SHOWN}
    with connect("auditor") as connection:
        rows = connection.execute(ALERTS, facts).fetchall()
        sources, stops = _sources(connection, now), stops_now(connection)
    alerts = [_shown(row, now) for row in rows]
    waiting = [alert for alert in alerts if alert["decision"] is None]
    for number, alert in enumerate(waiting, start=1):
        alert["number"] = number
    return {
        "now": now,
        "waiting": waiting,
        "decided": [alert for alert in alerts if alert["decision"]],
        "unseen_count": (rows[0]["found"] if rows else 0) - len(rows),
        "pins": _pins(waiting),
        "sources": sources,
        "stops": stops,
    }


def _shown(row: dict[str, Any], now: dt.datetime) -> dict[str, Any]:
    place = city_drawing().places.get(row["zone_id"])
    asked = VersionKey(row["alert_id"], row["asked_again"] or 1).name
    path = f"/dags/alerts_review/runs/{asked}/tasks/decide/required_actions"
    return {
        **row,
        "place": place.name if place else row["zone_id"],
        "age": now - row["raised_at"],
        "is_new": row["decision"] is None and now - row["raised_at"] < NEW_FOR,
        "review_url": f"{settings().airflow_url}{path}",
    }


def _pins(waiting: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One pin a place, with the numbers of its alerts; the gravest of them gives the colour."""
    pins: dict[str, dict[str, Any]] = {}
    for alert in waiting:
        place = city_drawing().places.get(alert["zone_id"])
        if place:
            first = {"place": place, "severity": alert["severity"], "numbers": [], "alert_ids": []}
            pin = pins.setdefault(alert["zone_id"], first)
            pin["numbers"].append(str(alert["number"]))
            pin["alert_ids"].append(alert["alert_id"])
    label(list(pins.values()), city_drawing().height)
    return list(pins.values())


def _sources(connection: Any, now: dt.datetime) -> list[dict[str, Any]]:
    """Cameras and feeds of the pack, with when each was last heard."""
    seen = {row["camera_id"]: row["at"] for row in connection.execute(FOOTAGE)}
    found = [
        {"name": camera.name, "kind": "camera", **_heard(seen.get(camera.camera_id), now)}
        for camera in city().cameras
    ]
    # Only what they are called and when they were last read: nothing is read from them here.
    for feed in (source for source in city().sources if source.noun == "post"):
        facts = {"step": "take_in_posts", "key": feed.source_id}
        last = connection.execute(LAST_OUTCOME, facts).fetchone() or {"at": None, "status": "ok"}
        heard = _heard(last["at"], now, is_troubled=last["status"] in ("failed", "quarantined"))
        found.append({"name": feed.source_id, "kind": "feed", **heard})
    return found


def _heard(last: dt.datetime | None, now: dt.datetime, is_troubled: bool = False) -> dict[str, Any]:
    """The state of a source from its last word: silent when that is older than the pack bears."""
    bears = dt.timedelta(minutes=city().thresholds.risk_points["source_silent_minutes"].value)
    if last is None:
        return {"state": "silent", "age": None}
    state: State = "speaks" if now - last <= bears else "silent"
    return {"state": "trouble" if is_troubled else state, "age": now - last}
