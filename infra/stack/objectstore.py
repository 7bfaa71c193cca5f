"""SeaweedFS on loopback, with the flags that its defaults leave open switched off.

The filer port would answer without credentials, so it gets JWT keys; buckets are made here and
nowhere else; an identity per zone of trust.
"""

import json
import os
import time
from pathlib import Path

from infra.stack import transport
from infra.stack.layout import BUCKETS, ROOT, S3_IDENTITIES, Stack, write_private

# What each identity may do; the store's own words, of which Write means deleting too.
ACTIONS = {
    "admin": ["Admin", "Read", "Write", "List", "Tagging"],
    "analysis": ["Read:restricted", "List:restricted", "Write:derived", "Read:derived"],
    "publish": ["Write:published", "Read:published", "List:published"],
    "reader": ["Read:published", "List:published"],
}
# Finer, in S3's words: who takes in can't read back or delete, who deletes can't read or write.
POLICIES = {
    "ingest": (("restricted",), ("PutObject",)),
    "retention": (
        BUCKETS,
        ("ListBucket", "DeleteObject", "ListBucketMultipartUploads", "AbortMultipartUpload",
         "GetBucketVersioning"),
    ),
}  # fmt: skip


def configure(stack: Stack) -> None:
    """Write identities and signing keys, both private."""
    identities = [
        {
            "name": name,
            "credentials": [{"accessKey": name, "secretKey": stack.passwords[f"s3:{name}"]}],
            "actions": ACTIONS.get(name, []),
            "policyNames": [name] if name in POLICIES else [],
        }
        for name in S3_IDENTITIES
    ]
    policies = [{"name": n, "content": json.dumps(_policy(*p))} for n, p in POLICIES.items()]
    home = stack.state / "weed"
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_private(home / "s3.json", json.dumps({"identities": identities, "policies": policies}))
    sections = ("jwt.signing", "jwt.signing.read", "jwt.filer_signing", "jwt.filer_signing.read")
    key = stack.passwords["s3:jwt"]
    text = "".join(f'[{section}]\nkey = "{key}"\n' for section in sections)
    write_private(home / ".seaweedfs" / "security.toml", text)
    (home / "data").mkdir(exist_ok=True, mode=0o700)
    _forget_certificate(home / "data" / "mini.options")


def _forget_certificate(remembered: Path) -> None:
    """The store remembers flags of its last start, also those it is not given any more.

    Not even an empty flag overrides them: switched off, TLS would stay on.
    """
    if remembered.exists():
        lines = remembered.read_text().splitlines(keepends=True)
        kept = [line for line in lines if not line.startswith(("s3.cert.", "s3.key."))]
        remembered.write_text("".join(kept))


def _policy(buckets: tuple[str, ...], actions: tuple[str, ...]) -> dict:
    """An S3 policy that allows these actions on these buckets and what is in them."""
    resources = [f"arn:aws:s3:::{bucket}{part}" for bucket in buckets for part in ("", "/*")]
    actions = [f"s3:{action}" for action in actions]
    statement = {"Effect": "Allow", "Action": actions, "Resource": resources}
    return {"Version": "2012-10-17", "Statement": [statement]}


def command(stack: Stack) -> list[str]:
    home = stack.state / "weed"
    return [
        str(ROOT / ".venv" / "bin" / "weed"), "-logtostderr=true", "mini",
        f"-dir={home / 'data'}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1",
        f"-master.port={stack.port('weed_master')}", f"-volume.port={stack.port('weed_volume')}",
        f"-filer.port={stack.port('weed_filer')}", f"-s3.port={stack.port('s3')}",
        f"-admin.port={stack.port('weed_admin')}", "-s3.port.iceberg=0", "-s3.port.lance=0",
        "-webdav=false", "-master.telemetry=false", f"-s3.config={home / 's3.json'}",
        "-s3.allowDeleteBucketNotEmpty=false", "-s3.autoCreateBucket=false",
        *transport.s3_flags(stack),
    ]  # fmt: skip


def environment(stack: Stack) -> dict[str, str]:
    return {
        "HOME": str(stack.state / "weed"),
        "GOMEMLIMIT": "400MiB",
        "WEED_S3_SSE_KEK": stack.passwords["s3:kek"] * 2,  # kept outside the data folder
    }


def client(stack: Stack, identity: str = "admin"):
    """A minio client signed in as one identity."""
    from minio import Minio

    return Minio(
        f"127.0.0.1:{stack.port('s3')}",
        access_key=identity,
        secret_key=stack.passwords[f"s3:{identity}"],
        secure=stack.has_tls,
        region="us-east-1",
    )


def make_buckets(stack: Stack) -> None:
    """Make the three zones of trust; an existing bucket is left as it is."""
    store = client(stack)
    for bucket in BUCKETS:
        if not store.bucket_exists(bucket):
            store.make_bucket(bucket)


def answers(stack: Stack) -> bool:
    """True when a PUT and a GET both work: /healthz says yes too early after a crash."""
    import io

    store = client(stack)
    key = f"status/{os.getpid()}-{time.monotonic_ns()}"
    store.put_object("published", key, io.BytesIO(b"ok"), 2)
    body = store.get_object("published", key).read()
    store.remove_object("published", key)
    return body == b"ok"
