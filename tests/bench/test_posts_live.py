"""Posts as they come: how long from a server's sending to the signal, at several rates?

Not part of `make test`: it takes as long as it is told to. While the services run:

    PRECRISIS_BENCH_POSTS=1,5,20 PRECRISIS_BENCH_SECONDS=120 python -m pytest -s \
        tests/bench/test_posts_live.py

The program posts-watch runs as it does in the stack. A server of the tests speaks Jetstream's
protocol, or with PRECRISIS_BENCH_KIND=mastodon that of Mastodon, asked every POLL seconds.
"""

import datetime as dt
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path

import psycopg
import pytest

from infra.samples.feed_server import POSTS, create_app, running
from infra.stack.layout import ROOT
from precrisis.posts.author_secret import author_secrets
from precrisis.posts.cutting import post_hash_of
from precrisis.posts.jetstream_events import COLLECTION, in_microseconds
from precrisis.settings import settings
from tests.bench.test_many_cameras import percentiles, rss_mb
from tests.integration.conftest import (  # noqa: F401
    DATABASE,
    cap_keys,
    own_database,
    own_store,
    world,
)
from tests.jetstream_server import streaming

RATES = [float(rate) for rate in os.environ.get("PRECRISIS_BENCH_POSTS", "").split(",") if rate]
SECONDS = int(os.environ.get("PRECRISIS_BENCH_SECONDS", 60))
KIND = os.environ.get("PRECRISIS_BENCH_KIND", "jetstream")
POLL_S = int(os.environ.get("PRECRISIS_BENCH_POLL", 2))
SOURCE = "test-feed"
TEXTS = [json.loads(line)["text"] for line in POSTS.read_text().splitlines()]
SIGNALS = "SELECT post_id_hash FROM raw.post_signal WHERE loaded_at > now() - interval '1 minute'"
QUIET_S = 60


class Feeding:
    """What was sent when, and when its signal was first seen, by the hash of the post."""

    def __init__(self, world, send: Callable[[str, int], str]) -> None:  # noqa: F811
        self.world, self.send, self.number = world, send, 0
        self.sent: dict[str, float] = {}
        self.seen: dict[str, float] = {}
        self.is_over = False

    def feed(self, rate: float, seconds: float) -> list[float]:
        """Send at an even rate; return how long each took, in seconds, less what was left."""
        begun, mine = time.monotonic(), []
        for step in range(int(rate * seconds)):
            time.sleep(max(0.0, begun + step / rate - time.monotonic()))
            self.number += 1
            at = time.monotonic()
            mine.append(self._hash(self.send(next(self._texts), self.number)))
            self.sent[mine[-1]] = at
        self._wait_for(mine)
        return [self.seen[key] - self.sent[key] for key in mine if key in self.seen]

    def _wait_for(self, mine: list[str]) -> None:
        """Until all are seen, or nothing more comes: the rest was left to posts_analyse."""
        count, until = -1, 0.0
        while set(mine) - set(self.seen) and (len(self.seen) != count or time.monotonic() < until):
            if len(self.seen) != count:
                count, until = len(self.seen), time.monotonic() + QUIET_S
            time.sleep(0.2)

    _texts = cycle(TEXTS)

    def look(self) -> None:
        """Note what signals there are, ten times a second."""
        dsn = self.world.stack.dsn("owner", DATABASE)
        with psycopg.connect(dsn, autocommit=True) as connection:
            while not self.is_over:
                at = time.monotonic()
                for (post_id_hash,) in connection.execute(SIGNALS):
                    self.seen.setdefault(post_id_hash, at)
                time.sleep(0.1)

    def _hash(self, post_id: str) -> str:
        secret = author_secrets().secret_at(dt.datetime.now(dt.UTC))
        return post_hash_of(secret, SOURCE, post_id)


@contextmanager
def jetstream(world):  # noqa: F811
    with streaming() as (address, stream):
        stream.stays_open = True
        world.feed_at("unused")
        watched(world, f"kind: jetstream\n  address: {address}")

        def send(text: str, number: int) -> str:
            now, did = dt.datetime.now(dt.UTC), f"did:plc:{number % 97}"
            made_at = now.isoformat().replace("+00:00", "Z")
            text = f"Rivermouth: {text}"
            stream.post(in_microseconds(now), text, str(number), did=did, createdAt=made_at)
            return f"at://{did}/{COLLECTION}/{number}"

        yield send


@contextmanager
def mastodon(world):  # noqa: F811
    app = create_app(Path(os.devnull), dt.datetime.now(dt.UTC).date())
    with running(app) as address:
        world.feed_at(address)
        world.edit_pack(
            "sources.yaml", "retention_hours: 50", f"retention_hours: 50\n    poll_s: {POLL_S}"
        )
        watched(world, "kind: mastodon\n  address: ${PRECRISIS_FEED_URL}")
        feed = app.state.feed

        def send(text: str, number: int) -> str:
            post = {"id": number, "author": number % 97, "language": "it", "hashtags": []}
            return str(feed.tell(post | {"text": text}))

        yield send


def watched(world, source: str) -> None:  # noqa: F811
    old = "kind: mastodon\n  address: ${PRECRISIS_FEED_URL}"
    world.edit_pack("sources.yaml", old, f"{source}\n  is_continuous: true")


@contextmanager
def watching():
    settings().state.mkdir(exist_ok=True)
    ours = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'plugins'}"}
    command = [sys.executable, "-m", "precrisis.posts.watch"]
    child = subprocess.Popen(command, cwd=ROOT, env=ours)
    try:
        yield child
    finally:
        child.terminate()
        child.wait(timeout=60)


def worked(pid: int) -> tuple[float, float]:
    """CPU seconds of a process, and for how long threads that live still waited for a CPU."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    tasks = [file.read_text().split() for file in Path(f"/proc/{pid}/task").glob("*/schedstat")]
    ticks = int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK"), sum(int(waited) for _, waited, _ in tasks) / 1e9


@pytest.mark.skipif(not RATES, reason="a bench: set PRECRISIS_BENCH_POSTS")
@pytest.mark.timeout(len(RATES) * (SECONDS + 3 * QUIET_S) + 300)
def test_posts_live(world):  # noqa: F811
    kinds = {"jetstream": jetstream, "mastodon": mastodon}
    with kinds[KIND](world) as send, watching() as watch:
        feeding = Feeding(world, send)
        looking = threading.Thread(target=feeding.look, daemon=True)
        looking.start()
        feeding.feed(1, 5)  # the model is loaded
        print(f"\n{KIND}, {SECONDS} s at each rate\n{HEAD}")
        for rate in RATES:
            print(line_of(feeding, rate, watch.pid), flush=True)
        feeding.is_over = True
        looking.join()
    assert world.quarantined("post") | world.quarantined("post_signal") == set()
    print(world.rows("SELECT step, item_key, status, rows_in, rows_out, detail FROM ops.outcome"))


HEAD = " rate  posts  left p50_s p95_s max_s cores waited cpu_ms_a_post rss_mb"


def line_of(feeding: Feeding, rate: float, pid: int) -> str:
    """Feed at a rate; a line of the table. `waited`: for a CPU, on which others worked as well."""
    ran, waited, begun = *worked(pid), time.monotonic()
    took = feeding.feed(rate, SECONDS)
    lasted, sent = time.monotonic() - begun, int(rate * SECONDS)
    ran, waited = (after - before for after, before in zip(worked(pid), (ran, waited), strict=True))
    p50, p95 = percentiles(took)
    return (
        f"{rate:5} {sent:6} {sent - len(took):5} {p50:5} {p95:5} {max(took):5.2f} "
        f"{ran / lasted:5.2f} {waited / lasted:6.2f} {1000 * ran / sent:13.0f} {rss_mb(pid):6.0f}"
    )
