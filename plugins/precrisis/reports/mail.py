"""The mail that carries the weekly report: a short text and the PDF."""

import hashlib
from datetime import UTC, date, datetime
from email.message import EmailMessage
from email.utils import format_datetime

from precrisis.alerts.wording import Language
from precrisis.city import City
from precrisis.pack.recipients import Recipient
from precrisis.reports import formats
from precrisis.reports.page_facts import area_label, headline_of, is_sample
from precrisis.reports.queries import Week
from precrisis.reports.texts import report_texts


def report_mail(
    week: Week,
    city: City,
    recipient: Recipient,
    pdf: bytes,
    language: Language,
    *,
    sender: str,
    sent_at: datetime,
) -> EmailMessage:
    """Return the mail of a report; `week` was read for the districts of this recipient.

    Send it with precrisis.alerts.mail.send. The Message-ID follows from week and recipient, so a
    second copy is recognised.

    Raises:
        ValueError: the address holds a line break.
    """
    text = report_texts(language)
    label = formats.week_label(week.start, language)
    message = EmailMessage()
    message["From"] = sender
    message["To"] = recipient.address
    message["Subject"] = text["mail_subject"].format(city=city.name, week=label)
    message["Date"] = format_datetime(sent_at.astimezone(UTC))
    message["Message-ID"] = _message_id(week.start, recipient, sender)
    message["Auto-Submitted"] = "auto-generated"
    message["Content-Language"] = str(language)
    message.set_content(
        text["mail_body"].format(
            week=label,
            districts=area_label(text, districts_of(recipient)),
            headline=headline_of(week, city, language),
            sample=text["sample"].format(city=city.name) + "\n" if is_sample(city) else "",
            contact=city.contact["officer_address"],
        )
    )
    message.add_attachment(
        pdf, "application", "pdf", filename=file_name(city, week.start, language)
    )
    return message


def districts_of(recipient: Recipient) -> list[str] | None:
    """Return the districts a recipient may see; None is all of them."""
    return None if recipient.districts == "all" else list(recipient.districts)


def file_name(city: City, week_start: date, language: Language) -> str:
    """Return the name of the attached file."""
    return f"precrisis-{city.city_id}-{week_start.isoformat()}-{language}.pdf"


def _message_id(week_start: date, recipient: Recipient, sender: str) -> str:
    key = f"{week_start.isoformat()}|{recipient.address}|{recipient.districts}"
    digest = hashlib.sha256(key.encode()).hexdigest()[:24]
    return f"<report.{digest}@{sender.rpartition('@')[2]}>"
