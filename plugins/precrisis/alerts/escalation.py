"""An alert nobody decided on in time goes to those who come next; it is never accepted by time.

It stays waiting, its review run stays open, and nothing more goes to partners.
"""

import datetime as dt
from email.message import EmailMessage
from functools import partial
from typing import Any

from precrisis.alerts.channels import Message
from precrisis.alerts.deliver import deliver
from precrisis.alerts.review import UNDECIDED
from precrisis.alerts.version_rows import VERSIONS, whole_version
from precrisis.alerts.versions import VersionKey
from precrisis.alerts.wording import languages, texts
from precrisis.city import city
from precrisis.outcome import Outcome, Step
from precrisis.relay import relay, send
from precrisis.run import Run
from precrisis.warehouse import connect

CHANNEL = "escalation"
# Since when a person has been asked: since it was raised, or since it grew after a dismissal.
OVERDUE = f"""
SELECT u.*, asked.made_at AS asked_at
FROM ({UNDECIDED}) AS u
INNER JOIN ops.alert_version AS asked
    ON asked.alert_id = u.alert_id AND asked.version = coalesce(u.asked_again, 1)
WHERE asked.made_at BETWEEN %(oldest)s AND %(until)s AND NOT EXISTS (
    SELECT FROM ops.alert_delivery AS d
    WHERE d.alert_id = asked.alert_id AND d.version = asked.version
        AND d.channel = %(channel)s AND d.status = 'sent'
)
ORDER BY asked.made_at, u.alert_id
"""
TOO_OLD = dt.timedelta(days=7)  # as for every delivery: after a week an alert helps nobody


def escalate(run: Run) -> int:
    """Tell those who come next of each overdue alert, once; return how many were told of.

    Raises:
        StepFailed: the relay refused; the next run tries again.
    """
    step = Step("escalate_alert", "alert", run, role="analysis")
    waits_for = dt.timedelta(minutes=city().thresholds.risk_points["review_overdue_minutes"].value)
    facts = {
        "until": run.interval_end - waits_for,
        "oldest": run.interval_end - TOO_OLD,
        "channel": CHANNEL,
    }
    with connect("analysis") as connection:
        overdue = connection.execute(OVERDUE, facts).fetchall()
    if not city().escalation_recipients:
        overdue = []
    done = step.each(overdue, _name, lambda row, outcome: _tell(row, outcome, run))
    return sum(outcome.rows_out for outcome in done)


def _name(row: dict[str, Any]) -> str:
    return VersionKey(row["alert_id"], row["asked_again"] or 1).name


def _tell(row: dict[str, Any], outcome: Outcome, run: Run) -> None:
    key = VersionKey(row["alert_id"], row["asked_again"] or 1)
    query = f"SELECT * FROM ({VERSIONS}) AS v WHERE alert_id = %s AND version = %s"
    with connect("analysis") as connection:
        asked = connection.execute(query, key).fetchone()
        version = whole_version(connection, asked)
        connection.commit()
        message = Message(version, is_asked_again=row["asked_again"] is not None).mail
        waited_min = int((run.interval_end - row["asked_at"]).total_seconds() // 60)
        _readdress(message, waited_min)
        going = partial(send, message, relay())
        reference = message["Message-ID"]
        outcome.rows_out = int(deliver(key, CHANNEL, going, reference, connection) == "sent")


def _readdress(message: EmailMessage, waited_min: int) -> None:
    """To the next recipients, under a Message-ID of its own that answers the first mail."""
    first, subject = message["Message-ID"], message["Subject"]
    mark = texts(languages(city())[0])["overdue"].format(minutes=waited_min)
    for name in ("To", "Subject", "Message-ID", "In-Reply-To", "References"):
        del message[name]
    message["To"] = ", ".join(city().escalation_recipients)
    message["Subject"] = f"[{mark}] {subject}"
    message["Message-ID"] = first.replace("<alert.", "<overdue.")
    message["In-Reply-To"] = message["References"] = first
