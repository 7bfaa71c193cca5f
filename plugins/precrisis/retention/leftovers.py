"""What an object store may keep beside its objects: parts of unfinished uploads, older versions.

The S3 client has no public call for uploads, so these two requests are signed with its signer.
"""

import datetime as dt
from collections.abc import Iterator
from urllib.parse import quote, urlencode, urlsplit, urlunsplit
from xml.etree import ElementTree

import requests
from minio.credentials import Credentials
from minio.signer import presign_v4

from precrisis import store
from precrisis.outcome import Outcome, Step
from precrisis.retention.objects import BUCKETS
from precrisis.retention.periods import UPLOAD
from precrisis.run import Run
from precrisis.settings import settings

TIMEOUT_S = 30
EXPIRES_S = 60


class VersionsKept(RuntimeError):
    """A bucket keeps versions: what is deleted would stay in it."""


def abort_uploads(run: Run) -> int:
    """Remove what unfinished uploads left in each bucket; return how many.

    Raises:
        StepFailed: a bucket did not answer, or it keeps versions of deleted objects.
    """
    step = Step("abort_uploads", "deletion", run, role="retention")
    done = step.each(BUCKETS, str, lambda bucket, outcome: _abort(bucket, outcome, run))
    return sum(outcome.rows_out for outcome in done)


def _abort(bucket: str, outcome: Outcome, run: Run) -> None:
    _refuse_versions(bucket)
    before = run.interval_end - UPLOAD.kept
    for key, upload_id, begun_at in _uploads(bucket):
        if begun_at <= before:
            _request("DELETE", f"/{bucket}/{quote(key)}", {"uploadId": upload_id})
            outcome.rows_out += 1
    outcome.status = "ok" if outcome.rows_out else "unchanged"


def _refuse_versions(bucket: str) -> None:
    versioning = store.client("retention").get_bucket_versioning(bucket)
    if versioning.status == "Enabled":
        raise VersionsKept(
            f"bucket {bucket} keeps versions, so nothing in it is ever deleted: switch versioning "
            "off, then delete the older versions"
        )


def _uploads(bucket: str) -> Iterator[tuple[str, str, dt.datetime]]:
    """(key, upload id, begun at) of every unfinished upload."""
    answer = _request("GET", f"/{bucket}", {"uploads": ""})
    for upload in ElementTree.fromstring(answer).iterfind(".//{*}Upload"):
        key, upload_id, begun = (
            upload.findtext(f"{{*}}{n}") for n in ("Key", "UploadId", "Initiated")
        )
        yield key, upload_id, dt.datetime.fromisoformat(begun)


def _request(method: str, path: str, query: dict[str, str]) -> bytes:
    scheme = "https" if settings().s3_secure else "http"
    address = urlunsplit((scheme, settings().s3_endpoint, path, urlencode(query), ""))
    signed = presign_v4(
        method=method,
        url=urlsplit(address),
        region=store.REGION,
        credentials=Credentials(*settings().s3_keys("retention")),
        date=dt.datetime.now(dt.UTC),
        expires=EXPIRES_S,
    )
    answer = requests.request(method, urlunsplit(signed), timeout=TIMEOUT_S)
    if not answer.ok:  # its own error would quote the signed address
        raise ConnectionError(f"the object store answered {answer.status_code} to {method} {path}")
    return answer.content
