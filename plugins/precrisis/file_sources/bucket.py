"""A source in somebody else's object store, read with credentials of its own, never with ours.

Its address is https://host:port/bucket/prefix; its `token_variable` names the environment variable
that holds "access:secret". An object is there only once it is whole, so none is too fresh.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

from minio import Minio
from minio.error import MinioException, S3Error
from urllib3 import PoolManager, Retry, Timeout
from urllib3.exceptions import HTTPError

from precrisis.file_sources.offered import OfferedFile, SourceUnreadable
from precrisis.pack.sources import Source

NOT_LET_IN = {"AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken"}
TIMEOUT_S = 30.0
WRONG_ADDRESS = "write its address as https://host:port/bucket/prefix"


def listed(source: Source) -> list[OfferedFile]:
    """The objects under the source's prefix, by their keys.

    Raises:
        SourceUnreadable: its address or credentials are wrong, or the store does not answer.
    """
    bucket, prefix = _place(source)
    with _store(source) as store:
        found = store.list_objects(bucket, prefix=prefix, recursive=True)
        return [
            OfferedFile(entry.object_name, entry.size, entry.etag or "")
            for entry in found
            if not entry.is_dir
        ]


def fetch(source: Source, key: str, target: Path) -> None:
    """Read one object into a file.

    Raises:
        SourceUnreadable: as for `listed`, or the object is gone.
    """
    with _store(source) as store:
        store.fget_object(_place(source)[0], key, str(target))


def _place(source: Source) -> tuple[str, str]:
    address = urlsplit(source.address)
    bucket, _, prefix = unquote(address.path).lstrip("/").partition("/")
    if address.scheme not in ("http", "https") or not bucket:
        raise _unreadable(source, WRONG_ADDRESS)
    return bucket, prefix


@contextmanager
def _store(source: Source) -> Iterator[Minio]:
    """The source's store. What it answers is said in our words: its own can quote the request."""
    address = urlsplit(source.address)
    access_key, secret_key = _credentials(source)
    patience = PoolManager(timeout=Timeout(TIMEOUT_S), retries=Retry(total=2, backoff_factor=0.5))
    try:
        yield Minio(
            address.netloc,
            access_key=access_key,
            secret_key=secret_key,
            secure=address.scheme == "https",
            http_client=patience,
        )
    except S3Error as error:
        raise _unreadable(source, _meaning(source, error.code)) from None
    except (MinioException, HTTPError):
        raise _unreadable(source, "its store does not answer as one; look at it") from None
    except ValueError:  # a name that no bucket can have, a port that is no number
        raise _unreadable(source, WRONG_ADDRESS) from None


def _credentials(source: Source) -> tuple[str, str]:
    if source.token_variable is None:
        raise _unreadable(source, "name the variable of its credentials as token_variable")
    access_key, _, secret_key = os.environ.get(source.token_variable, "").partition(":")
    if not (access_key and secret_key):
        raise _unreadable(source, f'set {source.token_variable} to "access:secret"')
    return access_key, secret_key


def _meaning(source: Source, code: str) -> str:
    if code in NOT_LET_IN:
        return f"its store refused the credentials ({code}); correct {source.token_variable}"
    if code == "NoSuchBucket":
        return f"there is no bucket '{_place(source)[0]}'; correct its address in sources.yaml"
    return f"its store answered {code}; look at it, then run again"


def _unreadable(source: Source, what: str) -> SourceUnreadable:
    return SourceUnreadable(f"Source '{source.source_id}': {what}.")
