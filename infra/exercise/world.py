"""Where an exercise is played: the running stack's database server, models and mail, own data.

A database of its own in the stack's cluster, a store of its own beside the stack's, and a copy of
the city pack whose sources are the exercise's. So nothing of the real city is read or changed, and
no mart, forecast, precision of a rule or retention ledger learns from what was staged.
"""

import datetime as dt
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import yaml
from psycopg.rows import dict_row

from infra.samples import feed_server
from infra.stack import apart, environment, objectstore, samples
from infra.stack.layout import Stack

DATABASE = f"precrisis_exercise_{os.getpid()}"
OFFSETS = range(240, 1000, 20)  # ports behind the stack's
FEED_ZONE = feed_server.TIME_ZONE
HOUR = dt.timedelta(hours=1)
# What takes the place of a city's first source of a noun; further ones are left out.
STAGED = {
    "post": ("mastodon", "${PRECRISIS_FEED_URL}"),
    "incident": ("csv", "${PRECRISIS_SAMPLES}/records/incidents.csv"),
    "calendar_event": ("csv", "${PRECRISIS_SAMPLES}/records/calendar.csv"),
}


@dataclass
class World:
    """What the injectors write to. `hour` (UTC) is the last whole one: posts are dated in it."""

    stack: Stack
    clip: Path
    samples: Path
    feed: feed_server.SampleFeed
    hour: dt.datetime
    post_count: int = 0

    @property
    def until(self) -> dt.datetime:
        """The end of `hour`, up to which the index is built."""
        return self.hour + HOUR

    def rows(self, query: str, *parameters: Any) -> list[dict[str, Any]]:
        """Run SQL as the owner in the exercise's database."""
        dsn = self.stack.dsn("owner", DATABASE)
        with psycopg.connect(dsn, row_factory=dict_row) as connection:
            return connection.execute(query, parameters or None).fetchall()


@contextmanager
def exercise_world(stack: Stack) -> Iterator[World]:
    """Set up the world and this process's environment; take all of it away at the end.

    Raises:
        RuntimeError: a service of the exercise does not answer.
    """
    with ExitStack() as at_end:
        state = Path(at_end.enter_context(tempfile.TemporaryDirectory(prefix="exercise-")))
        own = Stack(state=state, port_base=apart.free_base(stack, OFFSETS))
        at_end.enter_context(apart.database(stack, DATABASE))
        at_end.enter_context(_store(own))
        pack = _pack(stack.city_pack, state / "city")
        _environment(stack, own, pack)
        samples.lay_out_records(own)
        (state / "no-posts").touch()
        hour = dt.datetime.now(dt.UTC).replace(minute=0, second=0, microsecond=0) - HOUR
        app = feed_server.create_app(state / "no-posts", hour.astimezone(FEED_ZONE).date(), None)
        os.environ["PRECRISIS_FEED_URL"] = at_end.enter_context(feed_server.running(app))
        _renew_notices(pack)
        _forget_configuration()
        _make_folders()
        _make_keys()
        clip = samples.fetch_footage(stack)
        yield World(stack, clip, state / "samples", app.state.feed, hour)


@contextmanager
def _store(own: Stack) -> Iterator[None]:
    objectstore.configure(own)
    process = apart.start_store(own)
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=30)


def _pack(original: Path, copy: Path) -> Path:
    """A copy of the city pack that asks the exercise's sources, under the purposes of the real."""
    shutil.copytree(original, copy)
    file = copy / "sources.yaml"
    file.write_text(yaml.safe_dump(_staged(yaml.safe_load(file.read_text("utf-8")))), "utf-8")
    return copy


def _staged(sources: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The city's places and holidays as they are, and for all else what the exercise offers."""
    staged, left = [], dict(STAGED)
    for source in sources:
        noun = source["noun"]
        if noun == "place" or source["kind"] == "holidays":
            staged.append(source)
        elif noun == "footage_segment":
            folder = f"${{PRECRISIS_SAMPLES}}/footage/{source['source_id']}"
            staged.append(_at(source, "folder", folder))
        elif noun in left:
            staged.append(_at(source, *left.pop(noun)))
    return staged


def _renew_notices(pack: Path) -> None:
    """A notice names the sources of its purpose: let the copy's register hold those of the copy."""
    from precrisis.city import read_city
    from precrisis.documents.notice import notice_sha256

    city, register = read_city(pack), pack / "register.yaml"
    text = register.read_text("utf-8")
    for purpose in city.processing.purposes:
        text = text.replace(purpose.notice.sha256, notice_sha256(city, purpose))
    register.write_text(text, "utf-8")


def _at(source: dict[str, Any], kind: str, address: str) -> dict[str, Any]:
    kept = ("source_id", "noun", "purpose_id", "terms")
    return {k: source[k] for k in kept if k in source} | {"kind": kind, "address": address}


def _environment(stack: Stack, own: Stack, pack: Path) -> None:
    """This process is a task of the stack but for its data."""
    s3 = environment.platform(own)
    os.environ.update(environment.common(stack))
    os.environ.update({
        "PRECRISIS_WAREHOUSE_DATABASE": DATABASE,
        "PRECRISIS_S3_ENDPOINT": s3["PRECRISIS_S3_ENDPOINT"],
        "PRECRISIS_S3_IDENTITIES": s3["PRECRISIS_S3_IDENTITIES"],
        "PRECRISIS_STATE": str(own.state),
        "PRECRISIS_KEYS_DIR": str(own.state / "keys"),
        "PRECRISIS_CITY_PACK": str(pack),
        "PRECRISIS_SAMPLES": str(own.state / "samples"),
        "PRECRISIS_ALERT_STATUS": "Exercise",
        "TQDM_DISABLE": "1",  # no progress bars among the lines
    })  # fmt: skip


def _forget_configuration() -> None:
    from precrisis.city import city
    from precrisis.settings import settings

    settings.cache_clear()
    city.cache_clear()


def _make_folders() -> None:
    """Each footage source's folder: one that is not there can't be read."""
    from precrisis.city import city

    for source in city().sources_of("footage_segment"):
        Path(source.address).mkdir(parents=True)


def _make_keys() -> None:
    from precrisis.alerts import cap_signing
    from precrisis.alerts.cap import sender_of
    from precrisis.city import city
    from precrisis.settings import settings
    from precrisis.zone_keys import SEALED_ZONES, ZoneKeys

    for zone in SEALED_ZONES:
        ZoneKeys(settings().keys_dir, zone).make(dt.datetime.now(dt.UTC))
    cap_signing.make(settings().keys_dir, sender_of(city()))


def wait_for_next_second() -> None:
    """Sleep to the next second, so that what is stamped by second is in order."""
    time.sleep(1 - time.time() % 1)
