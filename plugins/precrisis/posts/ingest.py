"""posts_ingest: public posts are pulled, cut down and pseudonymised before anything is written.

The cut texts go to the restricted bucket, one object a page, with a due time; the table holds keys
and times only. The cursor moves after a page is safe, so a crash repeats a page and loses none.
Each run steps back a little to meet late and edited posts; what is known is passed by.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Iterable

import psycopg

from expectations.post import STATION
from precrisis import door, store
from precrisis.city import Purpose, Source, city
from precrisis.gate import authorise
from precrisis.outcome import Outcome, Refused, Step, quarantine
from precrisis.posts.author_secret import AuthorSecrets
from precrisis.posts.cutting import CutPost, UnusablePost, cut
from precrisis.posts.mastodon_source import Feed, Page, pull, rewound
from precrisis.run import Run
from precrisis.settings import settings
from precrisis.warehouse import connect, upsert

LOOK_BACK = dt.timedelta(hours=2)


def take_in_posts(run: Run) -> int:
    """Pull every feed from where it was left; return the number of posts stored."""
    step = Step("take_in_posts", "post", run, role="ingest")
    feeds = city().sources_of("post")
    done = step.each(feeds, lambda s: s.source_id, lambda s, o: _take_in(s, o, run))
    return sum(outcome.rows_out for outcome in done)


def _take_in(source: Source, outcome: Outcome, run: Run) -> None:
    purpose = authorise(city(), source, run.interval_end)
    feed = Feed(source.source_id, source.address, tuple(source.hashtags), source.token_variable)
    with connect("ingest") as connection:
        for page in pull(feed, _start(connection, source.source_id, purpose)):
            outcome.rows_in += len(page.statuses)
            outcome.rows_out += _store_page(connection, source, purpose, page)
            _move_cursor(connection, source.source_id, page.cursor)
    outcome.status = "ok" if outcome.rows_out else "unchanged"


def _store_page(
    connection: psycopg.Connection, source: Source, purpose: Purpose, page: Page
) -> int:
    collected_at = dt.datetime.now(dt.UTC)
    secrets = AuthorSecrets(settings().state / "secrets" / "author")
    cuts = [
        cut(source.source_id, status, secrets.secret_at, collected_at) for status in page.statuses
    ]
    for bad in (c for c in cuts if isinstance(c, UnusablePost)):
        key = f"{bad.source}/{bad.post_key}"
        quarantine(connection, "post", key, Refused(bad.rule, bad.reason))
    posts = _news(connection, source, {c.post_id_hash: c for c in cuts if isinstance(c, CutPost)})
    if not posts:
        connection.commit()
        return 0
    content = _as_lines(posts.values())
    stored = store.put(
        connection, "ingest", "restricted", _object_key(source, posts), content,
        noun="post", retention=dt.timedelta(hours=purpose.retention_hours),
        content_type="application/x-ndjson",
    )  # fmt: skip
    rows = [_row(post, stored, collected_at) for post in posts.values()]
    batch_key = f"{source.source_id}/{stored.sha256[:16]}"
    try:
        return door.load(connection, STATION, rows, batch_key, keep=("collected_at", "due_at"))
    except door.AllRefused:
        return 0  # the last page may be one bad post: in quarantine, it must not hold up the feed


def _news(connection, source: Source, posts: dict[str, CutPost]) -> dict[str, CutPost]:
    """The posts that are not stored yet, or were edited since."""
    stored = connection.execute(
        "SELECT post_id_hash, sha256 FROM raw.post WHERE source = %s AND post_id_hash = ANY(%s)",
        (source.source_id, list(posts)),
    )
    known = {row["post_id_hash"]: row["sha256"] for row in stored}
    return {key: post for key, post in posts.items() if known.get(key) != _sha256(post.text)}


def _row(post: CutPost, stored: store.StoredObject, collected_at: dt.datetime) -> dict:
    return {
        "source": post.source,
        "post_id_hash": post.post_id_hash,
        "posted_at": post.posted_at,
        "edited_at": post.edited_at,
        "author_key": post.author_key,
        "text_length": len(post.text),
        "object_key": stored.key,
        "sha256": _sha256(post.text),
        "collected_at": collected_at,
        "due_at": stored.due_at,
    }


def _as_lines(posts: Iterable[CutPost]) -> bytes:
    lines = [
        json.dumps({"post_id_hash": post.post_id_hash, "text": post.text}, ensure_ascii=False)
        for post in posts
    ]
    return ("\n".join(lines) + "\n").encode()


def _object_key(source: Source, posts: dict[str, CutPost]) -> str:
    """Named by what is in it, so that a repeated page lands on the same key."""
    content = "".join(f"{key}{post.edited_at}" for key, post in sorted(posts.items()))
    digest = hashlib.sha256(content.encode()).hexdigest()[:16]
    day = min(post.posted_at for post in posts.values())
    return f"post/{day:%Y-%m-%d}/{source.source_id}_{digest}.jsonl"


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _start(connection: psycopg.Connection, source_id: str, purpose: Purpose) -> str | None:
    """The cursor, a little back. A feed that has been quiet for long is not read again: its posts
    may have been deleted when they were due, and must not come back.
    """
    row = connection.execute(
        "SELECT cursor, (SELECT max(collected_at) FROM raw.post WHERE source = %s) AS newest "
        "FROM ops.feed_cursor WHERE source = %s",
        (source_id, source_id),
    ).fetchone()
    if row is None:
        return None
    fresh_from = dt.datetime.now(dt.UTC) - dt.timedelta(hours=purpose.retention_hours) / 2
    is_fresh = row["newest"] is not None and row["newest"] > fresh_from
    return rewound(row["cursor"], LOOK_BACK) if is_fresh else row["cursor"]


def _move_cursor(connection: psycopg.Connection, source_id: str, cursor: str) -> None:
    row = {"source": source_id, "cursor": cursor, "updated_at": dt.datetime.now(dt.UTC)}
    upsert(connection, "ops.feed_cursor", ("source",), [row])
    connection.commit()
