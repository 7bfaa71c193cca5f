"""Write a version of an alert as mail: text, HTML with its map inside, the CAP document attached.

Nothing is fetched from outside when the mail is opened. The Message-ID follows from alert_id and
version, so a second copy after a crash is recognised as the same message; later versions answer the
first, so a mail program shows them together.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC
from email.message import EmailMessage
from email.utils import format_datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from precrisis.alerts.versions import Version, VersionKey
from precrisis.alerts.wording import Wording, languages, wording
from precrisis.city import City

MAP_ID = "map@precrisis"
COLOURS = {"minor": "#4a7c59", "moderate": "#b7791f", "severe": "#c2410c", "extreme": "#8b1a1a"}


def alert_mail(
    version: Version,
    city: City,
    map_png: bytes,
    cap_xml: bytes,
    links: Mapping[str, str],
    *,
    to: Sequence[str],
    sender: str,
    status: str = "Exercise",
    is_held: bool = False,
) -> EmailMessage:
    """Return the mail of an alert to those who are told of it.

    links: `review` (where a person decides) and, if there is one, `dashboard`. map_png is shown
    600 px wide. status is the CAP status; anything but Actual is marked in subject and body.
    is_held: it waited for the end of its readers' quiet hours, and says so.

    Raises:
        ValueError: it is for nobody, or a header value holds a line break.
        CityPackError: the zone is not in the city pack.
    """
    if not to:
        raise ValueError("the mail of an alert is for nobody; add alert_recipients to city.yaml")
    first, second = (wording(version.candidate, city, language) for language in languages(city))
    message = _envelope(version, first, to, sender, status)
    facts = _facts(version, first, second, city, links, status)
    if is_held:
        facts["changes"] += [words.text["held"] for words in (first, second)]
    message.set_content(_template("alert.txt").render(facts))
    message.add_alternative(_template("alert.html").render(facts), subtype="html")
    html = message.get_payload()[1]
    html.add_related(map_png, "image", "png", cid=f"<{MAP_ID}>", filename="map.png")
    message.add_attachment(
        cap_xml, "application", "cap+xml", filename=f"{version.key.name}.cap.xml"
    )
    return message


def message_id(key: VersionKey, sender: str) -> str:
    """Return the Message-ID of a version, the same at each try."""
    return f"<alert.{key.name}@{sender.rpartition('@')[2]}>"


def _envelope(
    version: Version, words: Wording, to: Sequence[str], sender: str, status: str
) -> EmailMessage:
    subject = words.text["subject"].format(
        severity=words.text["subject_severity"][words.candidate.severity],
        zone=words.zone_name,
        when=words.when,
    )
    subject = words.titled(version.why, subject[0].upper() + subject[1:])
    message = EmailMessage()
    message["From"] = sender
    message["To"] = ", ".join(to)
    message["Subject"] = subject if status == "Actual" else f"[{_mark(words, status)}] {subject}"
    message["Date"] = format_datetime(version.made_at.astimezone(UTC))
    message["Message-ID"] = message_id(version.key, sender)
    if version.earlier:
        first, *_ = (key for key, _ in version.earlier)
        message["In-Reply-To"] = message["References"] = message_id(first, sender)
    message["Auto-Submitted"] = "auto-generated"
    message["Content-Language"] = f"{words.language}"
    return message


def _mark(words: Wording, status: str) -> str:
    return words.text["exercise" if status == "Exercise" else "test"]


def _facts(
    version: Version,
    first: Wording,
    second: Wording,
    city: City,
    links: Mapping[str, str],
    status: str,
) -> dict[str, Any]:
    candidate = first.candidate
    total = sum(reason["value"] for reason in candidate.reasons) or 1
    bars = [
        {
            "value": first.number(reason["value"], "0.0"),
            "share_pct": max(2, round(100 * reason["value"] / total)),
            "first": reason[f"text_{first.language}"],
            "second": reason[f"text_{second.language}"],
        }
        for reason in candidate.reasons
    ]
    marks = [] if status == "Actual" else [_mark(words, status) for words in (first, second)]
    changes = [words.change(version.why) for words in (first, second) if version.earlier]
    return {
        "why": version.why,
        "changes": changes,
        "candidate": candidate,
        "city": city,
        "first": first,
        "second": second,
        "bars": bars,
        "marks": marks,
        "links": links,
        "map_id": MAP_ID,
        "colour": COLOURS[candidate.severity],
        "limit": first.number(candidate.inputs["rule"]["limit"]),
    }


@lru_cache(maxsize=1)
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=lambda name: bool(name) and name.endswith(".html"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _template(name: str):
    return _environment().get_template(name)
