"""The stop switch: no alerts of a rule, a kind of event or a camera, at once, until it ends.

What was raised before goes on: a person is asked about it. A camera's stop ends what is urgent from
it; its counts still reach the marts, whose alerts rest on more than one camera.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from psycopg import Connection

from precrisis import clock
from precrisis.audit import MIN_REASON
from precrisis.city import city
from precrisis.run import Run
from precrisis.warehouse import connect, upsert

LONGEST = dt.timedelta(days=7)
# The newest word on each counts; a row without length ends a stop.
NOW = """
SELECT * FROM (
    SELECT DISTINCT ON (what, name) * FROM ops.alert_stop ORDER BY what, name, set_at DESC
) AS newest WHERE %(at)s >= starts_at AND %(at)s < ends_at ORDER BY what, name
"""


class NotStopped(PermissionError):
    """A stop was asked for without what it needs; says what is missing."""


@dataclass(frozen=True)
class Stops:
    """What is stopped at a moment."""

    names: frozenset[tuple[str, str]]

    def has(self, what: str, name: str) -> bool:
        """True when a rule, kind or camera is stopped."""
        return (what, name) in self.names

    def allow(self, sign: Mapping[str, Any]) -> bool:
        """True unless the kind of a row of ops.alert_candidate, or its camera, is stopped."""
        camera_id = sign["inputs"].get("camera_id", "")
        return not self.has("kind", sign["kind"]) and not self.has("camera", camera_id)


def read_stops(connection: Connection) -> Stops:
    """Return what is stopped now."""
    return Stops(frozenset((row["what"], row["name"]) for row in stops_now(connection)))


def stops_now(connection: Connection) -> Iterable[dict[str, Any]]:
    """Return the rows of ops.alert_stop that hold now."""
    return connection.execute(NOW, {"at": clock.now()}).fetchall()


def set_stop(run: Run, params: dict[str, Any]) -> None:
    """Stop alerts of a rule, kind or camera from now on; 0 hours end a stop that holds.

    Args:
        params: what (rule, kind or camera), name, reason, hours (up to 168).

    Raises:
        NotStopped: nobody signed in stands behind the run, the city has nothing of that name, or
            reason or end are missing.
    """
    what, name = str(params["what"]), str(params["name"]).strip()
    now, lasts = clock.now(), dt.timedelta(hours=float(params["hours"]))
    reason = str(params["reason"]).strip()
    if not run.started_by:
        raise NotStopped("A stop is set by a person signed in to Airflow, not by time")
    if name not in _known(what):
        raise NotStopped(
            f"The city has no {what} '{name}'; it has {', '.join(sorted(_known(what)))}"
        )
    if len(reason) < MIN_REASON or not dt.timedelta() <= lasts <= LONGEST:
        raise NotStopped(
            f"A stop needs a reason ({MIN_REASON} characters) and an end within a week"
        )
    row = {
        "what": what, "name": name, "starts_at": now, "ends_at": now + lasts,
        "set_by": run.started_by, "reason": reason, "set_at": now,
    }  # fmt: skip
    with connect("analysis") as connection:
        upsert(connection, "ops.alert_stop", ("what", "name", "set_at"), [row], keep=tuple(row))


def _known(what: str) -> set[str]:
    thresholds, urgent = city().thresholds, city().thresholds.urgent_events
    rules = {rule.rule for rule in thresholds.alert_rules} | ({urgent.rule} if urgent else set())
    return {
        "rule": rules,
        "kind": set(urgent.kinds) if urgent else set(),
        "camera": {camera.camera_id for camera in city().cameras},
    }.get(what, set())
