"""An alert nobody decided on in time goes to those who come next; it is never accepted by time.

It stays waiting, its review run stays open, and nothing more goes to partners. Time does not run
against people in their quiet hours.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from functools import partial

from psycopg import Connection

from precrisis.alerts.channels import Message, mail_channels, people_channels
from precrisis.alerts.deliver import deliver
from precrisis.alerts.due import Channel, Row
from precrisis.alerts.holding import Quiet, read_quiet
from precrisis.alerts.review import UNDECIDED
from precrisis.alerts.version_rows import VERSIONS, whole_version
from precrisis.alerts.versions import VersionKey
from precrisis.alerts.wording import languages, texts
from precrisis.city import city
from precrisis.outcome import Outcome, Step
from precrisis.relay import relay, send
from precrisis.run import Run
from precrisis.warehouse import connect

# Since when a person has been asked: since it was raised, or since it grew after a dismissal.
OVERDUE = f"""
SELECT u.alert_id, u.asked_again, asked.rule, asked.severity, asked.made_at
FROM ({UNDECIDED}) AS u
INNER JOIN ({VERSIONS}) AS asked
    ON asked.alert_id = u.alert_id AND asked.version = coalesce(u.asked_again, 1)
WHERE asked.made_at BETWEEN %(oldest)s AND %(until)s AND NOT EXISTS (
    SELECT FROM ops.alert_delivery AS d
    WHERE d.alert_id = asked.alert_id AND d.version = asked.version
        AND d.channel = %(channel)s AND d.status = 'sent'
)
ORDER BY asked.made_at, u.alert_id
"""
TOO_OLD = dt.timedelta(days=7)  # as for every delivery: after a week an alert helps nobody


@dataclass(frozen=True)
class Overdue:
    """An alert for those who come next on a channel; asked_at is when others could know (UTC)."""

    row: Row
    asked_at: dt.datetime
    channel: Channel

    @property
    def key(self) -> VersionKey:
        return VersionKey(self.row["alert_id"], self.row["asked_again"] or 1)


def escalate(run: Run) -> int:
    """Tell those who come next of each overdue alert, once; return how many were told of.

    Raises:
        StepFailed: the relay refused; the next run tries again.
    """
    step = Step("escalate_alert", "alert", run, role="analysis")
    with connect("analysis") as connection:
        quiet = read_quiet(connection, run.interval_end)
        overdue = [
            Overdue(row, asked_at, channel)
            for channel in mail_channels("escalation")
            for row, asked_at in _overdue(connection, quiet, channel, run.interval_end)
        ]
    done = step.each(overdue, _name, lambda item, outcome: _tell(item, outcome, run))
    return sum(outcome.rows_out for outcome in done)


def _overdue(
    connection: Connection, quiet: Quiet, channel: Channel, now: dt.datetime
) -> Iterator[tuple[Row, dt.datetime]]:
    """What those who come next on a channel are to hear now, and since when others were asked."""
    waits_for = dt.timedelta(minutes=city().thresholds.risk_points["review_overdue_minutes"].value)
    facts = {"until": now - waits_for, "oldest": now - TOO_OLD, "channel": channel}
    for row in connection.execute(OVERDUE, facts).fetchall():
        asked_at = quiet.asked_at(row, people_channels())
        held_until = quiet.held_until(row, channel, now)
        if asked_at <= now - waits_for and (held_until is None or held_until <= now):
            yield row, asked_at


def _name(item: Overdue) -> str:
    group = item.channel.partition(":")[2]
    return f"{item.key.name}:{group}" if group else item.key.name


def _tell(item: Overdue, outcome: Outcome, run: Run) -> None:
    query = f"SELECT * FROM ({VERSIONS}) AS v WHERE alert_id = %s AND version = %s"
    with connect("analysis") as connection:
        asked = connection.execute(query, item.key).fetchone()
        version = whole_version(connection, asked)
        connection.commit()
        to = mail_channels("escalation")[item.channel]
        message = Message(version, is_asked_again=item.row["asked_again"] is not None).mail(to)
        waited_min = int((run.interval_end - item.asked_at).total_seconds() // 60)
        _readdress(message, waited_min)
        going = partial(send, message, relay())
        reference = message["Message-ID"]
        sent = deliver(item.key, item.channel, going, reference, connection) == "sent"
        outcome.rows_out = int(sent)


def _readdress(message: EmailMessage, waited_min: int) -> None:
    """Under a Message-ID of its own that answers the first mail."""
    first, subject = message["Message-ID"], message["Subject"]
    mark = texts(languages(city())[0])["overdue"].format(minutes=waited_min)
    for name in ("Subject", "Message-ID", "In-Reply-To", "References"):
        del message[name]
    message["Subject"] = f"[{mark}] {subject}"
    message["Message-ID"] = first.replace("<alert.", "<overdue.")
    message["In-Reply-To"] = message["References"] = first
