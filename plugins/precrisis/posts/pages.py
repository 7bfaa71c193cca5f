"""One page of a feed: cut, quarantined where it can't be used, stored where it can."""

import datetime as dt
from dataclasses import dataclass

import psycopg

from precrisis import clock
from precrisis.outcome import Outcome, Refused, quarantine
from precrisis.pack.sources import Source
from precrisis.posts.author_secret import author_secrets
from precrisis.posts.connector import TOO_OLD, Page, Post, TakenBack
from precrisis.posts.cutting import CutPost, UnusablePost, cut
from precrisis.posts.deletions import kept_posts, mark_deleted, taken_back_of
from precrisis.posts.storing import store_posts
from precrisis.register import Purpose
from precrisis.retention.periods import OLDEST_POST

GONE = "posts are gone at the source: marked for deletion"


@dataclass
class Reading:
    """The reading of one feed in one run; what came of it is counted in its outcome."""

    connection: psycopg.Connection
    source: Source
    purpose: Purpose
    outcome: Outcome

    def take_in(self, page: Page) -> set[str]:
        """Store what is new or edited of a page, and mark what it says is gone.

        Returns the hashes of the posts on it.
        """
        collected_at = clock.now()
        if page.taken_back.is_everything:
            self._let_go(set(kept_posts(self.connection, self.source.source_id)))
        posts = self._usable(page.posts, collected_at)
        hashes = {post.post_id_hash for post in posts}
        recent = [post for post in posts if post.posted_at >= collected_at - OLDEST_POST]
        self.outcome.remark(TOO_OLD, len(posts) - len(recent))
        for what, count in page.remarks.items():
            self.outcome.remark(what, count)
        self.outcome.rows_in += len(page.posts) + len(page.refused)
        self.outcome.rows_out += store_posts(self.connection, self.purpose, recent, collected_at)
        for key, refusal in page.refused:
            quarantine(self.connection, "post", key, refusal)
        self.connection.commit()
        self._follow(page, hashes)
        return hashes

    def _usable(self, posts: list[Post], collected_at: dt.datetime) -> list[CutPost]:
        source_id, secret_at = self.source.source_id, author_secrets().secret_at
        cuts = [cut(source_id, post, secret_at, collected_at) for post in posts]
        for bad in (c for c in cuts if isinstance(c, UnusablePost)):
            refusal = Refused(bad.rule, bad.reason)
            quarantine(self.connection, "post", f"{bad.source}/{bad.post_key}", refusal)
        newest = {c.post_id_hash: c for c in cuts if isinstance(c, CutPost)}
        return list(newest.values())

    def _follow(self, page: Page, hashes: set[str]) -> None:
        """What is gone; and what an edit moved to another week, where it has another key."""
        source_id = self.source.source_id
        self._let_go(taken_back_of(self.connection, source_id, page.taken_back))
        on_page = TakenBack(frozenset(str(post.get("id")) for post in page.posts))
        moved = taken_back_of(self.connection, source_id, on_page) - hashes
        mark_deleted(self.connection, source_id, moved)
        self.outcome.remark(
            "posts have another date now: the earlier ones marked for deletion", len(moved)
        )

    def _let_go(self, gone: set[str]) -> None:
        mark_deleted(self.connection, self.source.source_id, gone)
        self.outcome.remark(GONE, len(gone))
