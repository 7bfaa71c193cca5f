"""reports_publish: the planners' weekly report, one PDF per area, mailed once per recipient."""

import datetime as dt
import hashlib
from typing import Any

from precrisis import store
from precrisis.city import city
from precrisis.outcome import Outcome, Step
from precrisis.pack.recipients import Recipient
from precrisis.relay import relay, send
from precrisis.reports.mail import districts_of, file_name, report_mail
from precrisis.reports.weekly import read_city_week, report_pdf
from precrisis.run import Run
from precrisis.settings import settings
from precrisis.warehouse import connect, upsert

KEPT = dt.timedelta(days=365)  # aggregates above the small cells


def publish_reports(run: Run, params: dict[str, Any] | None = None) -> int:
    """Write and mail the report of a week; return how many mails went out.

    The week is `params["week_start"]` (ISO date) where given, else the last whole week, Monday to
    Sunday local, before the run.
    """
    week_start = week_of(run, (params or {}).get("week_start"))
    step = Step("publish_report", "report", run, role="analysis")
    done = step.each(
        city().report_recipients,
        lambda recipient: _report_id(recipient, week_start),
        lambda recipient, outcome: _publish(recipient, week_start, outcome),
    )
    return sum(outcome.rows_out for outcome in done)


def week_of(run: Run, given: str | None) -> dt.date:
    """First day of the week to report on."""
    if given:
        return dt.date.fromisoformat(given)
    today = run.interval_end.astimezone(city().timezone).date()
    return today - dt.timedelta(days=today.weekday() + 7)


def _publish(recipient: Recipient, week_start: dt.date, outcome: Outcome) -> None:
    """Store first, mail second: a mail always has its stored twin."""
    the_city, language = city(), city().language
    report_id = _report_id(recipient, week_start)
    key = (
        f"reports/{week_start.isoformat()}/{report_id}_{file_name(the_city, week_start, language)}"
    )
    with connect("bi_reader") as marts:
        week = read_city_week(
            marts, the_city, week_start, districts_of(recipient), recipient.sheets
        )
    pdf = report_pdf(week, the_city, language, districts_of(recipient))
    outcome.rows_in = 1
    with connect("analysis") as connection:
        if _is_sent(connection, report_id):
            outcome.status = "unchanged"
            return
        store.put(
            connection, "publish", "published", key, pdf,
            noun="report", retention=KEPT, content_type="application/pdf",
        )  # fmt: skip
        row = {
            "report_id": report_id,
            "week_start": week_start,
            "language": language,
            "object_key": key,
            "sent_at": None,
        }
        upsert(connection, "ops.report", ("report_id",), [row], keep=("sent_at",))
        connection.commit()
        mail = report_mail(
            week, the_city, recipient, pdf, language,
            sender=settings().mail_sender, sent_at=dt.datetime.now(dt.UTC),
        )  # fmt: skip
        send(mail, relay())
        connection.execute(
            "UPDATE ops.report SET sent_at = now() WHERE report_id = %s", (report_id,)
        )
    outcome.rows_out = 1


def _is_sent(connection, report_id: str) -> bool:
    row = connection.execute(
        "SELECT sent_at FROM ops.report WHERE report_id = %s", (report_id,)
    ).fetchone()
    return bool(row and row["sent_at"])


def _report_id(recipient: Recipient, week_start: dt.date) -> str:
    """One report per recipient and week; the id holds no address."""
    name = f"{week_start.isoformat()}|{recipient.address}|{recipient.districts}"
    return hashlib.sha256(name.encode()).hexdigest()[:16]
