"""partners_recall: a person takes back what was shared.

The ledger is marked, the parcel is due for deletion at once (`retention_enforce` deletes it, with a
receipt), and the recipient is told by a signed notice to delete its copies.
"""

import datetime as dt
import json
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any

import psycopg

from precrisis import clock
from precrisis.audit import MIN_REASON
from precrisis.city import City, city
from precrisis.outcome import Outcome, Refused, Step
from precrisis.plain_files import parsed_yaml
from precrisis.relay import relay, send
from precrisis.run import Run
from precrisis.settings import ROOT, settings
from precrisis.sharing import signing
from precrisis.sharing.share import BUCKET, KNOWN
from precrisis.warehouse import connect

TEXTS = ROOT / "plugins" / "precrisis" / "sharing" / "texts.yaml"
NOTICE = "precrisis-recall/1"
MARK = """
UPDATE ops.share SET recalled_at = %(at)s, recalled_by = %(by)s, recall_reason = %(reason)s
WHERE agreement_id = %(agreement_id)s AND period_start = %(period)s AND recalled_at IS NULL
"""
DUE_NOW = """
UPDATE ops.object_ledger SET due_at = least(due_at, %(at)s), reason = 'recalled'
WHERE bucket = %(bucket)s AND starts_with(object_key, %(prefix)s) AND deleted_at IS NULL
"""
TOLD = """
UPDATE ops.share SET notified_at = %s WHERE agreement_id = %s AND period_start = %s
"""


class NotAuthorised(PermissionError):
    """A recall was asked for without a person or a reason; says what is missing."""


def recall_share(run: Run, params: dict[str, Any]) -> None:
    """Recall one period of one agreement. A repeat tells the recipient only if it was not told.

    Args:
        params: agreement_id, period (its first local day, ISO), reason (10 characters or more).

    Raises:
        NotAuthorised: nobody signed in stands behind the run, or the reason is missing.
    """
    reason = str(params["reason"]).strip()
    if not run.started_by:
        raise NotAuthorised("A recall is made by a person signed in to Airflow, not by time")
    if len(reason) < MIN_REASON:
        raise NotAuthorised(f"A recall needs a reason ({MIN_REASON} characters)")
    step = Step("recall_share", "share", run, role="analysis")
    asked = {
        "agreement_id": str(params["agreement_id"]),
        "period": dt.date.fromisoformat(str(params["period"])),
        "reason": reason,
        "by": run.started_by,
        "at": clock.now(),
    }
    key = f"{asked['agreement_id']}/{asked['period']}"
    step.each([asked], lambda _: key, _recall)


def _recall(asked: dict[str, Any], outcome: Outcome) -> None:
    with connect("analysis") as ledger:
        ledger.execute(MARK, asked)
        entry = ledger.execute(KNOWN, (asked["agreement_id"], asked["period"])).fetchone()
        if entry is None:
            raise Refused(
                "never_shared",
                f"'{asked['agreement_id']}' has no share that begins on {asked['period']}; "
                "ops.share lists what was given out",
            )
        ledger.execute(
            DUE_NOW,
            {"at": entry["recalled_at"], "bucket": BUCKET, "prefix": entry["object_prefix"]},
        )
        ledger.commit()
        if entry["notified_at"]:
            outcome.status = "unchanged"
            return
        _tell(ledger, entry)
    outcome.rows_out = 1


def _tell(ledger: psycopg.Connection, entry: dict[str, Any]) -> None:
    send(recall_mail(entry, city(), settings().mail_sender), relay())
    ledger.execute(TOLD, (clock.now(), entry["agreement_id"], entry["period_start"]))


def recall_mail(entry: dict[str, Any], the_city: City, sender: str) -> EmailMessage:
    """Return the mail to the recipient of a row of ops.share, its notice and signature attached.

    Raises:
        SecretUnusable: the signing key is missing.
    """
    notice = _notice(entry, the_city)
    signature, _ = signing.sign(settings().keys_dir, notice)
    texts = parsed_yaml(TEXTS.read_text(), TEXTS.name)["recall"]
    facts = {
        "agreement": entry["agreement_id"],
        "act": entry["act"],
        "first": entry["period_start"].isoformat(),
        "controller": the_city.controller,
        "officer": the_city.contact["officer_address"],
    }
    mail = EmailMessage()
    mail["From"], mail["To"] = sender, entry["recipient_address"]
    mail["Subject"] = texts["subject"][the_city.language].format(**facts)
    mail["Date"] = format_datetime(entry["recalled_at"])
    key = f"{entry['agreement_id']}.{entry['period_start']}"
    mail["Message-ID"] = f"<recall.{key}@{sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    languages = sorted(texts["body"], key=lambda language: language != the_city.language)
    mail.set_content("\n".join(texts["body"][language].format(**facts) for language in languages))
    mail.add_attachment(notice, "application", "json", filename="recall.json")
    mail.add_attachment(signature, "application", "octet-stream", filename="recall.json.sig")
    return mail


def _notice(entry: dict[str, Any], the_city: City) -> bytes:
    """Not the reason: it may speak of what is nobody's business outside."""
    content = {
        "format": NOTICE,
        "controller": the_city.controller,
        "agreement_id": entry["agreement_id"],
        "act": entry["act"],
        "period_start": entry["period_start"].isoformat(),
        "period_end": entry["period_end"].isoformat(),
        "content_sha256": entry["sha256"],
        "recalled_at": entry["recalled_at"].isoformat(timespec="seconds"),
        "wanted": "delete every copy and what was made of it, and confirm",
    }
    return json.dumps(content, ensure_ascii=False, indent=1).encode()
