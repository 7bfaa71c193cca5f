"""Posts gone at the source: only those of the stretch that was read again."""

from datetime import UTC, datetime

from precrisis.posts.deletions import deleted_posts


def at(hour: int) -> datetime:
    return datetime(2026, 11, 18, hour, tzinfo=UTC)


def test_only_unseen_posts_of_the_stretch_are_deleted() -> None:
    stored = {"before": at(9), "first": at(10), "seen": at(11), "gone": at(11), "after": at(12)}
    assert deleted_posts(stored, {"seen"}, at(10), at(12)) == {"first", "gone"}
