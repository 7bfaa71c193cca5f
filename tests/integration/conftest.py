"""A warehouse and a store of the integration tests' own, beside the stack's: tests may empty them.

The database is one more in the stack's cluster, so roles and passwords are the real ones; the store
is a second process with the same flags, which a test may also stop.
"""

import datetime as dt
import io
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from psycopg.rows import dict_row

from infra.stack import apart, environment, objectstore
from infra.stack.layout import BUCKETS, ROOT, Stack
from precrisis.alerts import cap_signing
from precrisis.city import city
from precrisis.documents.notice import notice_sha256
from precrisis.settings import settings
from precrisis.zone_keys import HEADER, SEALED_ZONES, ZoneKeys
from tests import exports
from tests.alert_channels import broker, receiver, relay  # noqa: F401  fixtures

# Named by process, so that two runs of the tests on one stack do not empty each other's world.
DATABASE = f"precrisis_tests_{os.getpid()}"
# Tests run in several processes at once: each seeks ports where no other does.
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
WORKERS = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
PORTS_BEHIND_STACK = range(200 + 20 * WORKER, 1000, 20 * WORKERS)


class OwnStore:
    """A SeaweedFS process of the tests, on ports of its own."""

    def __init__(self, stack: Stack) -> None:
        self.stack, self.process = stack, None

    def start(self) -> None:
        self.process = apart.start_store(self.stack)

    def stop(self) -> None:
        self.process.kill()  # as a crash would
        self.process.wait(timeout=30)

    def keys(self, bucket: str, prefix: str = "") -> list[str]:
        listed = objectstore.client(self.stack).list_objects(bucket, prefix, recursive=True)
        return [entry.object_name for entry in listed]

    def read(self, bucket: str, key: str) -> bytes:
        """An object's content: opened where it is sealed."""
        stored = self.stored(bucket, key)
        is_sealed = stored.startswith(HEADER)
        return ZoneKeys(settings().keys_dir, bucket).open(stored) if is_sealed else stored

    def stored(self, bucket: str, key: str) -> bytes:
        """An object's bytes as the store has them."""
        with objectstore.client(self.stack).get_object(bucket, key) as answer:
            return answer.read()

    def write(self, bucket: str, key: str, content: bytes) -> None:
        client = objectstore.client(self.stack)
        client.put_object(bucket, key, io.BytesIO(content), len(content))

    def remove(self, bucket: str, key: str) -> None:
        objectstore.client(self.stack).remove_object(bucket, key)


@dataclass
class OwnWorld:
    """What a test works in: city pack and samples it may edit, an empty warehouse and store."""

    stack: Stack
    store: OwnStore
    pack: Path
    samples: Path
    set_variable: object

    def rows(self, query: str, *parameters) -> list[dict]:
        """Run SQL as the owner; the rows it gave."""
        dsn = self.stack.dsn("owner", DATABASE)
        with psycopg.connect(dsn, row_factory=dict_row, autocommit=True) as connection:
            cursor = connection.execute(query, parameters or None)
            return cursor.fetchall() if cursor.description else []

    def outcomes(self, step: str) -> dict[str, str]:
        """Status by item of a step; the newest run counts."""
        rows = self.rows(
            "SELECT item_key, status FROM ops.outcome WHERE step = %s ORDER BY ended_at", step
        )
        return {row["item_key"]: row["status"] for row in rows}

    def quarantined(self, noun: str) -> set[tuple[str, str]]:
        """(item key, rule) of what was refused."""
        rows = self.rows("SELECT item_key, rule FROM ops.quarantine WHERE noun = %s", noun)
        return {(row["item_key"], row["rule"]) for row in rows}

    def feed_at(self, address: str) -> None:
        """Let the pack's feed be at this address."""
        self.set_variable("PRECRISIS_FEED_URL", address)
        forget_configuration()

    def edit_pack(self, name: str, old: str, new: str) -> None:
        """Replace one passage of a file of the pack."""
        file = self.pack / name
        text = file.read_text()
        assert text.count(old) == 1, f"{name} has {old!r} {text.count(old)} times"
        file.write_text(text.replace(old, new))
        forget_configuration()

    def add_sources(self, *entries: str) -> None:
        """Add entries to the pack's sources, and publish the notices that name them."""
        file = self.pack / "sources.yaml"
        file.write_text(file.read_text() + "".join(entries))
        forget_configuration()
        the_city = city()
        for purpose in the_city.processing.purposes:
            sha256 = notice_sha256(the_city, purpose)
            if sha256 != purpose.notice.sha256:
                self.edit_pack("register.yaml", purpose.notice.sha256, sha256)


def forget_configuration() -> None:
    settings.cache_clear()
    city.cache_clear()


@pytest.fixture(scope="session")
def own_database() -> Iterator[Stack]:
    """The schema applied to a database of the tests' own, removed at the end."""
    stack = Stack.from_environment()
    with apart.database(stack, DATABASE, is_durable=False):
        yield stack


@pytest.fixture(scope="session")
def own_store(tmp_path_factory) -> Iterator[OwnStore]:
    base = apart.free_base(Stack.from_environment(), PORTS_BEHIND_STACK)
    stack = Stack(state=tmp_path_factory.mktemp("own"), port_base=base)
    objectstore.configure(stack)
    exports.let_in(stack)
    store = OwnStore(stack)
    store.start()
    yield store
    store.stop()


@pytest.fixture(scope="session")
def cap_keys(tmp_path_factory) -> Path:
    """The key that alerts are signed with; to make one for each test takes too long."""
    folder = tmp_path_factory.mktemp("cap")
    cap_signing.make(folder, "precrisis@safety.rivermouth.example")
    return folder


@pytest.fixture
def world(own_database, own_store, cap_keys, tmp_path, monkeypatch) -> Iterator[OwnWorld]:
    """An empty warehouse and store, and a copy of the second city's pack with empty samples."""
    pack, samples = tmp_path / "city", tmp_path / "samples"
    shutil.copytree(ROOT / "tests" / "city", pack)
    (samples / "footage").mkdir(parents=True)
    (samples / "records").mkdir()
    s3 = environment.platform(own_store.stack)
    for name, value in {
        "WAREHOUSE_DATABASE": DATABASE,
        "S3_ENDPOINT": s3["PRECRISIS_S3_ENDPOINT"],
        "S3_IDENTITIES": s3["PRECRISIS_S3_IDENTITIES"],
        "STATE": str(tmp_path / "state"),
        "KEYS_DIR": str(tmp_path / "keys"),
        "CITY_PACK": str(pack),
        "SAMPLES": str(samples),
    }.items():
        monkeypatch.setenv(f"PRECRISIS_{name}", value)
    forget_configuration()
    for zone in SEALED_ZONES:
        ZoneKeys(tmp_path / "keys", zone).make(dt.datetime.now(dt.UTC))
    for file in cap_keys.iterdir():
        shutil.copy(file, tmp_path / "keys")
    found = OwnWorld(own_database, own_store, pack, samples, monkeypatch.setenv)
    _empty(found)
    yield found
    monkeypatch.undo()
    forget_configuration()


@pytest.fixture
def clock_at(monkeypatch) -> Callable[[dt.datetime], None]:
    """Put the platform's clock to a moment (UTC); what is stamped is stamped with it."""

    def put(moment: dt.datetime) -> None:
        monkeypatch.setattr("precrisis.clock.now", lambda: moment)

    return put


# TRUNCATE makes and syncs new files, a second for all tables: only those that hold rows. (DELETE
# would leave holes, and rows come back in another order than they were written in.) The log refuses
# to be emptied; only session_replication_role, which only the owner may set, overrules it.
EMPTY = """
DO $$
DECLARE
    name text;
    has_rows boolean;
    filled text[] := '{}';
BEGIN
    SET LOCAL session_replication_role = replica;
    FOR name IN
        SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
        WHERE schemaname IN ('raw', 'ops', 'intermediate', 'marts', 'offences')
    LOOP
        EXECUTE 'SELECT EXISTS (SELECT FROM ' || name || ')' INTO has_rows;
        IF has_rows THEN
            filled := filled || name;
        END IF;
    END LOOP;
    IF cardinality(filled) > 0 THEN
        EXECUTE 'TRUNCATE ' || array_to_string(filled, ', ') || ' CASCADE';
    END IF;
END $$
"""


def _empty(world: OwnWorld) -> None:
    world.rows(EMPTY)
    for bucket in BUCKETS:
        for key in world.store.keys(bucket):
            world.store.remove(bucket, key)


@pytest.fixture
def town(world, run) -> OwnWorld:
    """The places of the city pack in raw, and no mart built yet."""
    from precrisis.places import take_in_places
    from tests import marts

    marts.forget(world)
    take_in_places(run)
    return world


@pytest.fixture(scope="session")
def films(tmp_path_factory) -> Path:
    """One whole 12-second film that tests copy and break."""
    from tests import clips

    return clips.film(tmp_path_factory.mktemp("films") / "whole.avi")
