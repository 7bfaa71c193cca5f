"""Cut posts into the restricted bucket, one object each, and their keys and times into raw.post.

One object a post, so that an edit replaces it and a deletion removes it and nothing else.
"""

import datetime as dt
import hashlib
import json

import psycopg

from expectations.post import STATION
from precrisis import clock, door, store
from precrisis.posts.author_secret import author_secrets
from precrisis.posts.cutting import CutPost, keyed_hash
from precrisis.register import Purpose

KNOWN = "SELECT object_key, sha256 FROM raw.post WHERE object_key = ANY(%s)"
# What was deleted, or is about to be, does not come back when the feed is read again.
DELETED = """
SELECT object_key FROM ops.object_ledger
WHERE bucket = 'restricted' AND object_key = ANY(%s) AND (deleted_at IS NOT NULL OR due_at <= %s)
"""
# An edit that gives a post another day gives it another object: the earlier one is due now.
MOVED = """
UPDATE ops.object_ledger AS o SET due_at = least(o.due_at, %(now)s), reason = 'replaced by an edit'
FROM raw.post AS p
WHERE p.source = %(source)s AND p.post_id_hash = ANY(%(hashes)s)
AND NOT p.object_key = ANY(%(keys)s) AND o.bucket = 'restricted' AND o.object_key = p.object_key
AND o.deleted_at IS NULL AND o.reason = 'due'
"""


def object_key(post: CutPost) -> str:
    """Key of a post's object: its day first, then a name that stays when it is edited."""
    return f"post/{post.posted_at:%Y-%m-%d}/{post.source}_{post.post_id_hash}.json"


def store_posts(
    connection: psycopg.Connection,
    purpose: Purpose,
    posts: list[CutPost],
    collected_at: dt.datetime,
) -> int:
    """Store the posts that are new or were edited; return how many.

    `collected_at` is when they were read (UTC); a post that is known keeps its first.
    """
    found = {object_key(post): post for post in posts}
    contents = {key: _content(post) for key, post in found.items()}
    for key in _passed_over(connection, contents):
        del contents[key]
    if not contents:
        return 0
    stored = store.put_all(
        connection, "ingest", "restricted", contents,
        noun="post", retention=dt.timedelta(hours=purpose.retention_hours),
        content_type="application/json",
    )  # fmt: skip
    rows = [_row(found[entry.key], entry, collected_at) for entry in stored]
    connection.execute(MOVED, _identities(rows))
    digest = hashlib.sha256("".join(sorted(entry.sha256 for entry in stored)).encode())
    batch_key = f"{rows[0]['source']}/{digest.hexdigest()[:16]}"
    try:
        return door.load(connection, STATION, rows, batch_key, keep=("collected_at", "due_at"))
    except door.AllRefused:
        return 0  # the last page may be one bad post: in quarantine, it must not hold up the feed


def _passed_over(connection: psycopg.Connection, contents: dict[str, bytes]) -> set[str]:
    """Keys of posts that are stored as they are, or were deleted."""
    keys = list(contents)
    known = {row["object_key"]: row["sha256"] for row in connection.execute(KNOWN, (keys,))}
    same = {k for k in keys if known.get(k) == hashlib.sha256(contents[k]).hexdigest()}
    deleted = connection.execute(DELETED, (keys, clock.now()))
    return same | {row["object_key"] for row in deleted}


def _identities(rows: list[dict]) -> dict:
    return {
        "source": rows[0]["source"],
        "hashes": [row["post_id_hash"] for row in rows],
        "keys": [row["object_key"] for row in rows],
        "now": clock.now(),
    }


def _content(post: CutPost) -> bytes:
    """What is sealed. The salt keeps the hash in ledger and receipt from confirming a guessed text.

    It follows from the post and the week's secret, so that a repeat gives the same hash.
    """
    salt = keyed_hash(author_secrets().secret_at(post.posted_at), "salt", post.post_id_hash)
    content = {"post_id_hash": post.post_id_hash, "salt": salt, "text": post.text}
    return json.dumps(content, ensure_ascii=False).encode()


def _row(post: CutPost, stored: store.StoredObject, collected_at: dt.datetime) -> dict:
    return {
        "source": post.source,
        "post_id_hash": post.post_id_hash,
        "posted_at": post.posted_at,
        "edited_at": post.edited_at,
        "author_key": post.author_key,
        "text_length": len(post.text),
        "object_key": stored.key,
        "sha256": stored.sha256,
        "collected_at": collected_at,
        "due_at": stored.due_at,
    }
