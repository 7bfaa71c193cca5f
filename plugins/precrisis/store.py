"""The object store: what is written, under which key, until when. One ledger row per object."""

import datetime as dt
import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
from minio import Minio
from minio.error import S3Error

from precrisis.settings import settings
from precrisis.warehouse import upsert

# Named, so that the client does not ask for it: an identity that may only write can't.
REGION = "us-east-1"


@dataclass(frozen=True)
class StoredObject:
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
    """Enter the object in the ledger, then write it.

    In this order a crash leaves a ledger row without an object, which the next run fills or
    retention closes; the other order would leave an object nobody knows to delete. A repeat
    keeps the due time that was given first.
    """
    stored_at = dt.datetime.now(dt.UTC)
    digest = hashlib.sha256(content).hexdigest()
    row = {
        "bucket": bucket,
        "object_key": key,
        "noun": noun,
        "sha256": digest,
        "size_bytes": len(content),
        "stored_at": stored_at,
        "due_at": stored_at + retention,
        "deleted_at": None,
    }
    keep = ("stored_at", "due_at")
    upsert(connection, "ops.object_ledger", ("bucket", "object_key"), [row], keep=keep)
    connection.commit()
    client(identity).put_object(
        bucket, key, io.BytesIO(content), len(content), content_type=content_type
    )
    due_at = connection.execute(
        "SELECT due_at FROM ops.object_ledger WHERE bucket = %s AND object_key = %s", (bucket, key)
    ).fetchone()["due_at"]
    return StoredObject(bucket, key, digest, len(content), due_at)


def get(identity: str, bucket: str, key: str) -> bytes:
    """Read an object.

    Raises:
        FileNotFoundError: there is none under this key (deleted when due, or never written).
    """
    try:
        answer = client(identity).get_object(bucket, key)
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
