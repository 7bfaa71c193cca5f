"""Versions of alerts go out on every channel: in their order, each once (see deliver.py)."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from psycopg import Connection

from precrisis import clock
from precrisis.alerts.channels import Message, channels, publish_feed
from precrisis.alerts.deliver import DeliveryError
from precrisis.alerts.due import Channel, Due, Row, due
from precrisis.alerts.holding import Quiet, note_waiting, read_quiet
from precrisis.alerts.version_rows import VERSIONS, follow_decisions, whole_version
from precrisis.alerts.versions import VersionKey
from precrisis.outcome import Outcome, Step
from precrisis.run import Run
from precrisis.settings import settings
from precrisis.warehouse import connect

# In the order in which they were made. After a week an alert helps nobody; its row says failed.
WAITING = f"""
SELECT n.*,
    ARRAY(
        SELECT d.channel FROM ops.alert_delivery AS d
        WHERE d.alert_id = n.alert_id AND d.version = n.version AND d.status = 'sent'
    ) AS sent_on,
    ARRAY(
        SELECT d.channel FROM ops.alert_delivery AS d
        WHERE d.alert_id = n.alert_id AND d.version = n.version AND d.status = 'waiting'
    ) AS waiting_on,
    ARRAY(
        SELECT d.channel FROM ops.alert_delivery AS d
        WHERE d.alert_id = n.alert_id AND d.version < n.version AND d.status = 'sent'
    ) AS told_on,
    NOT EXISTS (
        SELECT FROM ops.alert_version AS l
        WHERE l.alert_id = n.alert_id AND l.version > n.version
    ) AS is_newest,
    EXISTS (
        SELECT FROM ops.alert_version AS w
        WHERE w.alert_id = n.alert_id AND w.version > n.version AND w.why = 'withdrawn'
    ) AS is_withdrawn,
    (
        SELECT r.decision FROM ops.alert_review AS r
        WHERE r.alert_id = n.alert_id ORDER BY r.decided_at DESC LIMIT 1
    ) AS decision,
    n.why = 'grew' AND EXISTS (
        SELECT FROM ops.alert_review AS r
        WHERE r.alert_id = n.alert_id AND r.decision = 'dismiss' AND r.decided_at < n.made_at
    ) AS is_asked_again
FROM ({VERSIONS}) AS n
WHERE n.made_at > now() - interval '7 days'
ORDER BY n.made_at, n.risk_index DESC, n.alert_id, n.version
"""
# A channel that was away for this many alerts in a run is left in peace until the next.
AWAY = 2


def deliver_alerts(run: Run, looks_after_feed: bool = True) -> None:
    """Tell every version that is due where it is due; each in its turn, whatever fails elsewhere.

    looks_after_feed: write the feed anew where it lacks something, also when nothing is due.

    Raises:
        StepFailed: a channel failed; all that can go out did, and the next run tries again.
    """
    with connect("analysis") as connection:
        follow_decisions(connection)
        connection.commit()
        rows = connection.execute(WAITING).fetchall()
        found = _due(rows, read_quiet(connection, clock.now()))
        note_waiting(connection, found)
        connection.commit()
    telling = [item for item in found if item.channels]
    step = Step("deliver_alert", "alert", run, role="analysis")
    try:
        step.each(telling, _name, _Rounds().go)
    finally:
        if looks_after_feed or telling:
            feed = Step("publish_alert_feed", "alert", run, role="analysis")
            feed.each([run], lambda r: f"{r.interval_end:%Y-%m-%dT%H%M%S}", _publish_feed)


def _due(rows: Iterable[Row], quiet: Quiet) -> list[Due]:
    """Whether somebody sleeps is a matter of the moment, and not of the run's interval."""
    now, is_actual = clock.now(), settings().alert_status == "Actual"
    return due(rows, channels(), is_actual, now, lambda r, c: quiet.held_until(r, c, now))


def _publish_feed(_: Run, outcome: Outcome) -> None:
    with connect("analysis") as connection:
        outcome.status = "ok" if publish_feed(connection) else "unchanged"


def _name(item: Due) -> str:
    return VersionKey(item.row["alert_id"], item.row["version"]).name


@dataclass
class _Rounds:
    """The deliveries of one run: what failed in it holds up what must come after it."""

    failed: set[tuple[str, Channel]] = field(default_factory=set)
    away: Counter[Channel] = field(default_factory=Counter)

    def go(self, item: Due, outcome: Outcome) -> None:
        """Send one version on its channels, whatever happens on another.

        Raises:
            DeliveryError: of the first channel that failed, after all were tried.
        """
        failures = []
        with connect("analysis") as connection:
            message = _message(connection, item)
            for channel in item.channels:
                if not self._is_open(message, channel):
                    continue
                try:
                    outcome.rows_out += message.send(channel, connection) == "sent"
                    self.away[channel] = 0
                except DeliveryError as error:
                    failures.append(error)
                    self._note(message, channel, error)
        outcome.rows_in = len(item.channels)
        if failures:
            raise failures[0]

    def _is_open(self, message: Message, channel: Channel) -> bool:
        """No earlier version of the alert is stuck there, and the channel answers."""
        stuck = (message.version.candidate.alert_id, channel) in self.failed
        return not stuck and self.away[channel] < AWAY

    def _note(self, message: Message, channel: Channel, error: DeliveryError) -> None:
        self.failed.add((message.version.candidate.alert_id, channel))
        self.away[channel] += error.is_away


def _message(connection: Connection, item: Due) -> Message:
    row = item.row
    message = Message(whole_version(connection, row), row["is_asked_again"], row["waiting_on"])
    connection.commit()
    return message
