"""Posts that their authors deleted since they were stored."""

from collections.abc import Collection, Mapping
from datetime import datetime


def deleted_posts(
    stored: Mapping[str, datetime], seen: Collection[str], read_from: datetime, read_to: datetime
) -> set[str]:
    """Hashes of stored posts ({post_id_hash: posted_at}) that a complete re-read did not meet.

    Only posts of the stretch read again, from `read_from` up to but not including `read_to`, can be
    judged. Pass what a pull from a rewound cursor saw on every timeline, and only when it finished.
    """
    due = {post for post, posted_at in stored.items() if read_from <= posted_at < read_to}
    return due - set(seen)
