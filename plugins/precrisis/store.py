"""The object store: what is written, under which key, until when. One ledger row per object.

What goes into a zone of people's data is sealed to that zone's key (zone_keys.py) before it leaves
this process, so neither the store nor its disk ever holds it in the clear.
"""

import datetime as dt
import hashlib
import io
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import psycopg
from minio import Minio
from minio.error import S3Error

from precrisis import clock
from precrisis.settings import settings
from precrisis.warehouse import upsert
from precrisis.zone_keys import SEALED_ZONES, Damaged, WrongKey, ZoneKeys

# Named, so that the client does not ask for it: an identity that may only write can't.
REGION = "us-east-1"


# A page of posts is many small objects: the store answers several at once.
AT_ONCE = 8


@dataclass(frozen=True)
class StoredObject:
    """What was stored. Hash and size are those of the content, not of its sealed form.

    Sealing is different each time: only so does a repeat write the same rows.
    """

    bucket: str
    key: str
    sha256: str
    size_bytes: int
    due_at: dt.datetime


def client(identity: str) -> Minio:
    """A client signed in as one of the store's identities (infra/stack/objectstore.py)."""
    access_key, secret_key = settings().s3_keys(identity)
    return Minio(
        settings().s3_endpoint,
        access_key=access_key,
        secret_key=secret_key,
        secure=settings().s3_secure,
        region=REGION,
    )


def put(
    connection: psycopg.Connection,
    identity: str,
    bucket: str,
    key: str,
    content: bytes,
    *,
    noun: str,
    retention: dt.timedelta,
    content_type: str = "application/octet-stream",
) -> StoredObject:
    """Enter one object in the ledger, then write it; as `put_all`."""
    (stored,) = put_all(
        connection, identity, bucket, {key: content},
        noun=noun, retention=retention, content_type=content_type,
    )  # fmt: skip
    return stored


def put_all(
    connection: psycopg.Connection,
    identity: str,
    bucket: str,
    contents: Mapping[str, bytes],
    *,
    noun: str,
    retention: dt.timedelta,
    content_type: str = "application/octet-stream",
) -> list[StoredObject]:
    """Enter objects (content by key) in the ledger, then write them, several at once.

    In this order a crash leaves a ledger row without an object, which the next run fills or
    retention closes; the other order would leave an object nobody knows to delete. A repeat
    keeps the due time that was given first.

    Raises:
        SecretUnusable: the zone's public key is missing.
    """
    stored_at = clock.now()
    sealed = {key: _sealed(bucket, content) for key, content in contents.items()}
    rows = [
        {
            "bucket": bucket,
            "object_key": key,
            "noun": noun,
            "sha256": hashlib.sha256(content).hexdigest(),
            "size_bytes": len(content),
            "key_id": sealed[key][1],
            "stored_at": stored_at,
            "due_at": stored_at + retention,
            "deleted_at": None,
        }
        for key, content in contents.items()
    ]
    keep = ("stored_at", "due_at")
    upsert(connection, "ops.object_ledger", ("bucket", "object_key"), rows, keep=keep)
    connection.commit()
    _write(client(identity), bucket, {key: body for key, (body, _) in sealed.items()}, content_type)
    given = connection.execute(
        "SELECT object_key, due_at FROM ops.object_ledger "
        "WHERE bucket = %s AND object_key = ANY(%s)",
        (bucket, list(contents)),
    )
    due_at = {row["object_key"]: row["due_at"] for row in given}
    return [
        StoredObject(bucket, r["object_key"], r["sha256"], r["size_bytes"], due_at[r["object_key"]])
        for r in rows
    ]


def _sealed(bucket: str, content: bytes) -> tuple[bytes, str]:
    """What is written, and the id of the key it is sealed to ('' where it lies in the clear)."""
    if bucket not in SEALED_ZONES:
        return content, ""
    return ZoneKeys(settings().keys_dir, bucket).seal(content)


def _write(store: Minio, bucket: str, bodies: Mapping[str, bytes], content_type: str) -> None:
    def write(key: str) -> None:
        body = bodies[key]
        store.put_object(bucket, key, io.BytesIO(body), len(body), content_type=content_type)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(write, bodies))


def get(identity: str, bucket: str, key: str) -> bytes:
    """Read an object's content.

    Raises:
        FileNotFoundError: there is none under this key (deleted when due, or never written).
        Damaged: it is not what was stored.
        WrongKey, SecretUnusable: this process can't open it; the message says why.
    """
    return _opened(bucket, key, _read(client(identity), bucket, key))


def get_all(identity: str, bucket: str, keys: list[str]) -> dict[str, bytes | Exception]:
    """Content by key, several read at once; what is missing or damaged is its exception.

    Raises:
        WrongKey, SecretUnusable: this process can't open what is in the zone.
    """
    store = client(identity)

    def attempt(key: str) -> bytes | Exception:
        try:
            return _opened(bucket, key, _read(store, bucket, key))
        except (FileNotFoundError, Damaged) as error:
            return error

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return dict(zip(keys, pool.map(attempt, keys), strict=True))


def _opened(bucket: str, key: str, body: bytes) -> bytes:
    if bucket not in SEALED_ZONES:
        return body
    try:
        return ZoneKeys(settings().keys_dir, bucket).open(body)
    except (WrongKey, Damaged) as error:
        raise type(error)(f"{bucket}/{key} can't be opened: {error}") from None


def _read(store: Minio, bucket: str, key: str) -> bytes:
    try:
        answer = store.get_object(bucket, key)
    except S3Error as error:
        if error.code == "NoSuchKey":
            raise FileNotFoundError(f"{bucket}/{key} is not in the store") from None
        raise
    try:
        return answer.read()
    finally:
        answer.close()
        answer.release_conn()


def fetch(identity: str, bucket: str, key: str, folder: Path) -> Path:
    """Read an object into a file of `folder` (for programs that want a path)."""
    target = folder / Path(key).name
    target.write_bytes(get(identity, bucket, key))
    return target


def keys(identity: str, bucket: str, prefix: str) -> Iterator[str]:
    """Keys under a prefix, in order."""
    for entry in client(identity).list_objects(bucket, prefix=prefix, recursive=True):
        yield entry.object_name
