"""The CAP documents of the last days as an Atom feed (RFC 4287): what a partner's reader polls.

It lies beside them, so its links are relative. It follows from what was sent; a crash before it is
written is cured by the next run.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import urlsplit

from lxml import etree
from psycopg import Connection

from precrisis.alerts.cap import identifier
from precrisis.alerts.deliver import cap_key
from precrisis.alerts.version_rows import VERSIONS
from precrisis.alerts.versions import Version, version_of
from precrisis.alerts.wording import texts, wording
from precrisis.city import City

ATOM = "http://www.w3.org/2005/Atom"
KEY = "alerts/feed.atom"
TYPE = "application/atom+xml"
CERTIFICATE_KEY = "alerts/cap.pem"
CERTIFICATE_TYPE = "application/pem-certificate-chain"
SHOWN = f"""
SELECT n.* FROM ({VERSIONS}) AS n
INNER JOIN ops.alert_delivery AS d ON d.alert_id = n.alert_id AND d.version = n.version
WHERE d.channel = 'cap' AND d.status = 'sent' AND n.made_at > now() - interval '7 days'
ORDER BY n.made_at DESC, n.alert_id, n.version DESC
"""


def shown_versions(connection: Connection) -> list[Version]:
    """Return the versions of the last seven days whose CAP document is published, newest first."""
    return [version_of(row) for row in connection.execute(SHOWN)]


def alert_feed(versions: Sequence[Version], city: City, status: str) -> bytes:
    """Return the feed of some versions, the newest first, in the city's language.

    Raises:
        ValueError: there is none; a feed has a time of its last change.
    """
    if not versions:
        raise ValueError("a feed of no alerts has no time; publish none")
    root = etree.Element(f"{{{ATOM}}}feed", nsmap={None: ATOM})
    root.set("{http://www.w3.org/XML/1998/namespace}lang", city.language)
    title = texts(city.language)["feed"].format(city=city.name)
    _add(root, "id", _tag(city, "alerts"))
    _add(root, "title", title)
    _add(root, "updated", _utc(max(version.made_at for version in versions)))
    _add(_add(root, "author"), "name", city.authority["name"])
    _add(root, "generator", "PreCrisis")
    _link(root, "self", TYPE, KEY.rpartition("/")[2])
    _link(root, "related", CERTIFICATE_TYPE, CERTIFICATE_KEY.rpartition("/")[2])
    for version in versions:
        _entry(root, version, city, status)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _entry(root: etree._Element, version: Version, city: City, status: str) -> None:
    candidate = version.candidate
    words = wording(candidate, city, city.language)
    entry = _add(root, "entry")
    _add(entry, "id", _tag(city, identifier(version.key)))
    _add(entry, "title", words.titled(version.why, words.headline))
    _add(entry, "updated", _utc(version.made_at))
    _add(entry, "published", _utc(version.made_at))
    key = cap_key(version.key, candidate.starts_at)
    _link(entry, "alternate", "application/cap+xml", key.removeprefix("alerts/"))
    _add(entry, "summary", f"{words.when}. {words.severity}.")
    _add(entry, "category").set("term", status)


def _tag(city: City, name: str) -> str:
    """A name that is ours for good (RFC 4151)."""
    host = urlsplit(city.authority["website"]).hostname or ""
    return f"tag:{host.removeprefix('www.')},2026:precrisis:{name}"


def _link(parent: etree._Element, rel: str, kind: str, address: str) -> None:
    link = _add(parent, "link")
    for name, value in (("rel", rel), ("type", kind), ("href", address)):
        link.set(name, value)


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _add(parent: etree._Element, name: str, value: str | None = None) -> etree._Element:
    child = etree.SubElement(parent, f"{{{ATOM}}}{name}")
    child.text = value
    return child
