"""Posts that may not be kept any longer: found, and marked for deletion with all that came of them.

A source tells posts and accounts by their own ids, and what is kept is named by keys of the week it
was posted in. So an id is looked for under the secret of every week that still has one.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

import psycopg

from precrisis import clock
from precrisis.posts.author_secret import author_secrets
from precrisis.posts.connector import TakenBack
from precrisis.posts.cutting import author_key_of, post_hash_of

KEPT = """
SELECT post_id_hash, max(posted_at) AS posted_at
FROM (
    SELECT source, post_id_hash, author_key, posted_at FROM raw.post WHERE due_at > %(now)s
    UNION ALL
    SELECT source, post_id_hash, author_key, posted_at FROM raw.post_signal WHERE due_at > %(now)s
) AS kept
WHERE source = %(source)s {among}
GROUP BY post_id_hash
"""
AMONG = "AND (post_id_hash = ANY(%(posts)s) OR author_key = ANY(%(authors)s))"
# Marked here, deleted by the retention role: object, row and signals, with a receipt.
MARK = """
UPDATE ops.object_ledger AS o SET due_at = least(o.due_at, %(now)s), reason = 'deleted by author'
FROM raw.post AS p
WHERE p.source = %(source)s AND p.post_id_hash = ANY(%(gone)s)
AND o.bucket = 'restricted' AND o.object_key = p.object_key
AND o.deleted_at IS NULL AND o.reason = 'due'
"""
MARK_ROWS = """
UPDATE raw.{table} SET due_at = least(due_at, %(now)s)
WHERE source = %(source)s AND post_id_hash = ANY(%(gone)s) AND due_at > %(now)s
"""


def kept_posts(connection: psycopg.Connection, source_id: str) -> dict[str, datetime]:
    """What is kept of a source, texts or signals: {post_id_hash: posted_at}."""
    return _kept(connection, source_id, "", {})


def taken_back_of(
    connection: psycopg.Connection, source_id: str, taken_back: TakenBack
) -> set[str]:
    """Hashes of the kept posts that the source says are gone."""
    if not (taken_back.post_ids or taken_back.author_ids):
        return set()
    values = {
        "posts": _under_every_week(post_hash_of, source_id, taken_back.post_ids),
        "authors": _under_every_week(author_key_of, source_id, taken_back.author_ids),
    }
    return set(_kept(connection, source_id, AMONG, values))


def deleted_posts(
    stored: Mapping[str, datetime], seen: Collection[str], read_from: datetime, read_to: datetime
) -> set[str]:
    """Hashes of stored posts ({post_id_hash: posted_at}) that a complete re-read did not meet.

    Only posts of the stretch read again, from `read_from` up to but not including `read_to`, can be
    judged. Pass what a pull from a rewound cursor saw on every timeline, and only when it finished.
    """
    due = {post for post, posted_at in stored.items() if read_from <= posted_at < read_to}
    return due - set(seen)


def mark_deleted(connection: psycopg.Connection, source_id: str, gone: Collection[str]) -> None:
    """Let the posts of these hashes, and their signals, be due now."""
    if not gone:
        return
    values = {"source": source_id, "gone": sorted(gone), "now": clock.now()}
    connection.execute(MARK, values)
    for table in ("post", "post_signal"):
        connection.execute(MARK_ROWS.format(table=table), values)
    connection.commit()


def _kept(
    connection: psycopg.Connection, source_id: str, among: str, values: dict[str, list[str]]
) -> dict[str, datetime]:
    rows = connection.execute(
        KEPT.format(among=among), {"source": source_id, "now": clock.now(), **values}
    )
    return {row["post_id_hash"]: row["posted_at"] for row in rows}


def _under_every_week(keyed, source_id: str, ids: Iterable[str]) -> list[str]:
    known = author_secrets()
    weeks = [known.secret_for(week) for week in known.weeks()]
    return [keyed(secret, source_id, own_id) for own_id in ids for secret in weeks]
