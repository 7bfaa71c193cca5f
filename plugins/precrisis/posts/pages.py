"""One page of a feed: cut, quarantined where it can't be used, stored where it can."""

from dataclasses import dataclass, field

import psycopg

from precrisis import clock
from precrisis.city import Purpose, Source
from precrisis.outcome import Outcome, Refused, quarantine
from precrisis.posts.author_secret import author_secrets
from precrisis.posts.cutting import CutPost, UnusablePost, cut
from precrisis.posts.mastodon_source import Page
from precrisis.posts.storing import store_posts
from precrisis.retention_periods import OLDEST_POST


@dataclass
class Reading:
    """The reading of one feed in one run; counts in its outcome, and what it says there at last."""

    connection: psycopg.Connection
    source: Source
    purpose: Purpose
    outcome: Outcome
    remarks: dict[str, int] = field(default_factory=dict)

    def remark(self, what: str, count: int) -> None:
        """Count something to be said in the outcome."""
        if count:
            self.remarks[what] = self.remarks.get(what, 0) + count
            self.outcome.detail = "; ".join(f"{n} {said}" for said, n in self.remarks.items())

    def take_in(self, page: Page) -> set[str]:
        """Store what is new or edited of a page; return the hashes of the posts on it."""
        collected_at = clock.now()
        secret_at = author_secrets().secret_at
        source_id = self.source.source_id
        cuts = [cut(source_id, status, secret_at, collected_at) for status in page.statuses]
        for bad in (c for c in cuts if isinstance(c, UnusablePost)):
            refusal = Refused(bad.rule, bad.reason)
            quarantine(self.connection, "post", f"{bad.source}/{bad.post_key}", refusal)
        posts = [c for c in cuts if isinstance(c, CutPost)]
        recent = [post for post in posts if post.posted_at >= collected_at - OLDEST_POST]
        self.remark("posts were left alone, being too old", len(posts) - len(recent))
        self.outcome.rows_in += len(page.statuses)
        self.outcome.rows_out += store_posts(self.connection, self.purpose, recent, collected_at)
        self.connection.commit()
        return {post.post_id_hash for post in posts}
