"""A bucket that a city's video system exports to, in the tests' object store."""

import json

from infra.stack import objectstore
from infra.stack.layout import Stack

BUCKET = "camera-exports"
ACCESS, SECRET = "exporter", "only-of-the-video-system"
LOGIN = f"{ACCESS}:{SECRET}"


def let_in(stack: Stack) -> None:
    """Give the store one identity more, which may read the exports alone; before it is started."""
    file = stack.state / "weed" / "s3.json"
    content = json.loads(file.read_text())
    reader = {
        "name": ACCESS,
        "credentials": [{"accessKey": ACCESS, "secretKey": SECRET}],
        "actions": [f"Read:{BUCKET}", f"List:{BUCKET}"],
    }
    file.write_text(json.dumps(content | {"identities": [*content["identities"], reader]}))


def emptied(stack: Stack):
    """Make the bucket, or empty it; a client that may write to it."""
    admin = objectstore.client(stack)
    if not admin.bucket_exists(BUCKET):
        admin.make_bucket(BUCKET)
    for entry in admin.list_objects(BUCKET, recursive=True):
        admin.remove_object(BUCKET, entry.object_name)
    return admin
