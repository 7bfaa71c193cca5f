"""The entries of an RSS or Atom document, as posts."""

import calendar
import datetime as dt
import io
import re
from collections.abc import Mapping
from typing import Any

import feedparser
from lxml import etree

from precrisis.posts.connector import Post
from precrisis.posts.plain_text import markup_of

NAME_IN_BRACKETS = re.compile(r"\((.+)\)")  # RSS: address@example.org (First Last)
Entry = Mapping[str, Any]


class NoFeed(ValueError):
    """A document is no feed that is read; says what it is, and quotes nothing of it."""


def parsed(content: bytes) -> list[Entry]:
    """The entries of a feed, as feedparser reads them, in the feed's order.

    Raises:
        NoFeed: it is no well-formed XML, declares entities, or is no feed.
    """
    _refuse_bad_xml(content)
    # From memory: feedparser opens a string or bytes that happen to name a file. We take the text
    # out of the markup ourselves.
    found = feedparser.parse(io.BytesIO(content), sanitize_html=False, resolve_relative_uris=False)
    if not found.version or (found.bozo and not found.entries):
        raise NoFeed("answered XML that is no RSS or Atom feed")
    return found.entries


def _refuse_bad_xml(content: bytes) -> None:
    """feedparser goes on with a looser parser where XML is broken; entities may stand for more."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        document = etree.fromstring(content, parser).getroottree()
    except (etree.XMLSyntaxError, ValueError):
        raise NoFeed("answered something that is no well-formed XML") from None
    if document.docinfo.internalDTD is not None and list(document.docinfo.internalDTD.entities()):
        raise NoFeed("declares entities of its own, which are not expanded")


def post_of(entry: Entry, source_id: str) -> Post:
    """An entry as feedparser reads it, in the shape of a post."""
    published, updated = _moment(entry, "published"), _moment(entry, "updated")
    posted_at = published or updated
    author = entry.get("author") or ""
    name = NAME_IN_BRACKETS.search(author)
    return {
        "id": entry.get("id") or entry.get("link"),
        "created_at": posted_at and posted_at.isoformat(),
        "edited_at": updated.isoformat() if updated and updated != posted_at else None,
        "spoiler_text": _markup(entry.get("title_detail")),
        "content": _content(entry),
        "language": (entry.get("title_detail") or {}).get("language"),
        "account": {"id": author or source_id, "display_name": name[1] if name else author},
    }


def _content(entry: Entry) -> str:
    """The summary, or the whole where there is none: of long texts little is kept anyway."""
    return _markup(entry.get("summary_detail") or next(iter(entry.get("content") or []), None))


def _markup(detail: Mapping[str, Any] | None) -> str:
    """A part of an entry as HTML: feeds hold text, HTML and XHTML."""
    value, kind = (detail or {}).get("value") or "", (detail or {}).get("type", "text/plain")
    return markup_of(value) if kind == "text/plain" else value


def _moment(entry: Entry, name: str) -> dt.datetime | None:
    """A time of an entry, which feedparser has brought to UTC."""
    stated = entry.get(f"{name}_parsed")
    try:
        return stated and dt.datetime.fromtimestamp(calendar.timegm(stated), dt.UTC)
    except (ValueError, OverflowError, OSError):
        return None
