"""Posts that a city already receives as files, such as citizens' reports: CSV and JSON Lines.

A folder or an S3 prefix; the pack says which column holds what, and no other is looked at. A file
is taken once, and anew when it changed: rows that are the same change nothing, edited rows replace
what is kept, rows marked deleted take it back. A bad row is quarantined and the rest goes on.

A row without an author counts as the source's own voice: to the small-cell rule all such rows
together are one author.
"""

import datetime as dt
import hashlib
import json
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from precrisis.city import city
from precrisis.file_sources import bucket, folder
from precrisis.file_sources.offered import OfferedFile
from precrisis.outcome import Refused
from precrisis.pack.sources import Source
from precrisis.posts.connector import Connector, Page, Post, TakenBack, recent
from precrisis.posts.file_rows import Row, rows_of
from precrisis.posts.plain_text import markup_of
from precrisis.visible import visible_key

ROWS_A_PAGE = 500
NOT_DELETED = {"", "0", "false", "no"}


def read(source: Source, cursor: str | None) -> Iterator[Page]:
    """The rows of every file not taken yet, by name; the cursor holds marks of those that were.

    Raises:
        SourceUnreadable: the folder or bucket can't be listed or read.
    """
    offered = bucket.listed(source) if source.kind == "s3" else folder.listed(source)
    by_mark = {_mark(file): file for file in sorted(offered, key=lambda file: file.path)}
    taken = set(json.loads(cursor) if cursor else []) & set(by_mark)
    for mark, file in by_mark.items():
        if mark not in taken:
            yield from _pages(source, file, _cursor(taken))
            taken.add(mark)
            yield Page(_cursor(taken), [])


def _mark(file: OfferedFile) -> str:
    """Not the name itself, which somebody else chose: it may hold one of a person."""
    named = json.dumps([file.path, file.size_bytes, file.version])
    return hashlib.sha256(named.encode()).hexdigest()[:16]


def _cursor(taken: set[str]) -> str:
    return json.dumps(sorted(taken))


def _pages(source: Source, file: OfferedFile, cursor: str) -> Iterator[Page]:
    key = f"{source.source_id}/{visible_key(file.path)}"
    with tempfile.TemporaryDirectory() as scratch:
        try:
            rows = rows_of(_at_hand(source, file, Path(scratch)), source)
            while some := list(islice(rows, ROWS_A_PAGE)):
                yield page_of(source, key, some, cursor)
        except Refused as refusal:
            yield Page(cursor, [], refused=[(key, refusal)])


def _at_hand(source: Source, file: OfferedFile, scratch: Path) -> Path:
    if source.kind == "folder":
        return Path(source.address, file.path)
    target = scratch / f"rows{Path(file.path).suffix}"
    bucket.fetch(source, file.path, target)
    return target


def page_of(source: Source, key: str, rows: list[Row], cursor: str) -> Page:
    """Rows of a file as a page; `key` names the file where a row is refused."""
    bad = [(f"{key}/row {row.number}", row.refusal) for row in rows if row.refusal]
    good = [row.values for row in rows if not row.refusal]
    gone = {str(v["id"]) for v in good if _is_deleted(v)}
    kept = [_post(source, v) for v in good if not _is_deleted(v)]
    posts, remarks = recent(kept)
    return Page(cursor, posts, TakenBack(frozenset(gone)), bad, remarks)


def _is_deleted(values: dict[str, Any]) -> bool:
    """Whatever is written there means deleted, unless it says that it does not."""
    stated = values.get("deleted")
    return stated is not None and str(stated).strip().lower() not in NOT_DELETED


def _post(source: Source, values: dict[str, Any]) -> Post:
    author, text = values.get("author"), values["text"]
    return {
        "id": values["id"],
        "created_at": _moment(values["posted_at"]),
        "edited_at": _moment(values.get("edited_at")),
        "content": markup_of(text) if isinstance(text, str) else None,
        "language": values.get("language"),
        "account": {"id": author or source.source_id, "display_name": author or ""},
    }


def _moment(stated: Any) -> str | None:
    """A time in ISO 8601; one without a zone is the city's local time."""
    try:
        moment = dt.datetime.fromisoformat(stated)
    except (TypeError, ValueError):
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=city().timezone)).isoformat()


CONNECTOR = Connector(read)
