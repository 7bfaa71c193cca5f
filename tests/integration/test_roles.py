"""Who may do what: every role of the warehouse, every identity of the store, and nobody."""

import contextlib
import io
import urllib.error
import urllib.request

import psycopg
import pytest
from minio import Minio
from minio.error import S3Error

from infra.stack.layout import BUCKETS, S3_IDENTITIES, WAREHOUSE_ROLES
from precrisis.store import REGION, client
from precrisis.warehouse import connect

ACTS = ("SELECT", "INSERT", "UPDATE", "DELETE")
R, W, RW = {"SELECT"}, {"SELECT", "INSERT", "UPDATE"}, set(ACTS)
NONE: set[str] = set()
BUILT = ("intermediate", "marts", "offences", "officer")

# table: {role: what it may do}. A role that is not named may do nothing.
RIGHTS = {
    "raw.footage_segment": {"ingest": RW, "analysis": R, "transformer": R, "retention": {"DELETE"}},
    "raw.post": {"ingest": RW, "analysis": R, "transformer": R, "retention": {"DELETE"}},
    "raw.place": {"ingest": RW, "analysis": R, "transformer": R},
    "raw.layer_version": {"ingest": RW, "analysis": R, "transformer": R},
    "raw.place_version": {"ingest": RW, "analysis": R, "transformer": R},
    "raw.disorder_audit": {"ingest": RW, "analysis": R, "transformer": R},
    "raw.survey_answer": {
        "ingest": RW, "analysis": R, "transformer": R, "retention": {"DELETE"},
    },
    "raw.weather_hour": {"ingest": RW, "analysis": R, "transformer": R},
    "raw.stop_service": {"ingest": RW, "analysis": R, "transformer": R},
    "raw.vulnerability": {"ingest": RW, "analysis": R, "transformer": R},
    "raw.incident": {"ingest": RW, "analysis": R, "transformer": R},
    "raw.purpose": {"ingest": RW, "analysis": R, "transformer": R},
    "raw.objection": {"ingest": RW, "analysis": R, "transformer": R},
    "raw.expiry": {"ingest": RW, "analysis": R, "transformer": R},
    "raw.camera_observation": {"analysis": RW, "transformer": R, "retention": {"DELETE"}},
    "raw.line_crossing": {"analysis": RW, "transformer": R, "retention": {"DELETE"}},
    "raw.video_event": {"analysis": RW, "transformer": R, "retention": {"DELETE"}},
    "raw.video_sign": {"analysis": RW, "transformer": R, "retention": {"DELETE"}},
    "raw.event_label": {"ingest": RW, "analysis": R, "transformer": R, "retention": {"DELETE"}},
    "raw.event_score": {"analysis": RW, "transformer": R, "retention": {"DELETE"}},
    "raw.camera_calibration": {"analysis": RW, "transformer": R, "retention": {"DELETE"}},
    "raw.forecast": {"analysis": RW, "transformer": R, "retention": {"DELETE"}},
    "raw.forecast_cell": {"analysis": RW, "transformer": R},
    "raw.forecast_hour": {"analysis": RW, "transformer": R},
    "raw.forecast_window": {"analysis": RW, "transformer": R},
    "raw.hot_spot": {"analysis": RW, "transformer": R, "retention": {"DELETE"}},
    "raw.forecast_split": {"analysis": RW, "transformer": R},
    "raw.measure_effect": {"analysis": RW, "transformer": R, "retention": {"DELETE"}},
    "raw.risk_baseline": {"analysis": RW, "transformer": R, "retention": {"DELETE"}},
    "raw.risk_covariate": {"analysis": RW, "transformer": R, "retention": {"DELETE"}},
    "raw.near_repeat": {"analysis": RW, "transformer": R},
    "raw.post_signal": {"analysis": RW, "transformer": R, "retention": {"DELETE"}},
    "raw.post_correction": {"analysis": W, "transformer": R, "retention": {"DELETE"}},
    "raw.theme_example": {
        "analysis": {"SELECT", "INSERT"}, "transformer": R, "retention": {"DELETE"},
    },
    "ops.outcome": {"ingest": W, "analysis": W, "transformer": R, "auditor": R, "retention": RW},
    "ops.object_ledger": {
        "ingest": W, "analysis": W, "transformer": R, "auditor": R,
        "retention": {"SELECT", "UPDATE"},
    },
    "ops.deletion_receipt": {
        "ingest": R, "analysis": R, "transformer": R, "auditor": R,
        "retention": {"SELECT", "INSERT"},
    },
    "ops.legal_hold": {"auditor": {"SELECT", "INSERT"}, "transformer": R, "retention": R},
    "ops.district_grant": {"transformer": R, "auditor": R},
    "ops.share": {"analysis": {"SELECT", "INSERT"}, "transformer": R, "auditor": R},
    "ops.alert_version": {"analysis": {"SELECT", "INSERT"}, "transformer": R, "auditor": R},
    "ops.alert_stop": {"analysis": {"SELECT", "INSERT"}, "transformer": R, "auditor": R},
    "ops.privacy_test": {"analysis": {"SELECT", "INSERT"}, "transformer": R, "auditor": R},
    "intermediate.example": {"transformer": RW, "analysis": R},
    "marts.example": {"transformer": RW, "analysis": R, "bi_reader": R},
    "offences.example": {"transformer": RW, "offence_reader": R},
    "officer.example": {"transformer": RW, "officer_reader": R},
}  # fmt: skip


@pytest.fixture
def mart(world):
    """A table that dbt's role made in each schema of its own, as a build does."""
    with connect("transformer") as connection:
        for schema in BUILT:
            connection.execute(f"CREATE TABLE IF NOT EXISTS {schema}.example (zone_id text)")
    yield
    with connect("transformer") as connection:
        for schema in BUILT:
            connection.execute(f"DROP TABLE {schema}.example")


def statement(act: str, table: str, column: str) -> str:
    return {
        "SELECT": f"SELECT * FROM {table}",
        "INSERT": f"INSERT INTO {table} OVERRIDING SYSTEM VALUE "
        f"SELECT (NULL::{table}).* WHERE false",
        "UPDATE": f"UPDATE {table} SET {column} = {column} WHERE false",
        "DELETE": f"DELETE FROM {table} WHERE false",
    }[act]


@pytest.mark.parametrize("role", WAREHOUSE_ROLES)
def test_a_role_may_do_on_each_table_what_its_work_needs_and_no_more(world, mart, role):
    found = {}
    with connect(role) as connection:
        for table in RIGHTS:
            column = world.rows(
                "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass "
                "AND attnum > 0 AND attidentity = '' ORDER BY attnum LIMIT 1",
                table,
            )[0]["attname"]
            for act in ACTS:
                with contextlib.suppress(psycopg.errors.InsufficientPrivilege):
                    with connection.transaction():
                        connection.execute(statement(act, table, column))
                    found.setdefault(table, set()).add(act)
    assert found == {table: rights[role] for table, rights in RIGHTS.items() if role in rights}


@pytest.mark.parametrize("role", WAREHOUSE_ROLES)
def test_no_role_may_make_tables_where_records_enter_or_change_roles(world, role):
    forbidden = [
        "CREATE TABLE raw.planted (a int)",
        "CREATE TABLE ops.planted (a int)",
        "CREATE TABLE public.planted (a int)",
        "CREATE ROLE planted",
        "GRANT SELECT ON raw.post TO bi_reader",
        "TRUNCATE ops.outcome",
    ]
    with connect(role) as connection:
        for text in forbidden:
            with contextlib.suppress(psycopg.errors.InsufficientPrivilege):
                with connection.transaction():
                    connection.execute(text)
                    # A GRANT without the right to it only warns; look at what it did.
                    if text.startswith("GRANT"):
                        given = "SELECT has_table_privilege('bi_reader', 'raw.post', 'SELECT') AS x"
                        assert not connection.execute(given).fetchone()["x"]
                        continue
                pytest.fail(f"{role} could run: {text}")


def test_retention_sees_of_a_station_only_the_keys_it_deletes_by(world):
    with connect("retention") as connection:
        assert connection.execute("SELECT object_key FROM raw.post").fetchall() == []
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT author_key FROM raw.post")


def test_a_wrong_password_is_refused(world):
    dsn = world.stack.dsn("ingest").replace(world.stack.passwords["postgres:ingest"], "wrong")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(dsn)


# identity: {bucket: what it may do}; the admin identity belongs to set-up alone.
STORE_RIGHTS = {
    "ingest": {"restricted": {"put"}},
    "analysis": {"restricted": {"get", "list"}, "derived": {"put", "delete", "get"}},
    "publish": {"published": {"put", "delete", "get", "list"}},
    "retention": {bucket: {"delete", "list"} for bucket in BUCKETS},
    "reader": {"published": {"get", "list"}},
}


def acts(store: Minio, bucket: str) -> dict:
    return {
        "put": lambda: store.put_object(bucket, "planted/by-test", io.BytesIO(b"x"), 1),
        "get": lambda: store.get_object(bucket, "planted/known").read(),
        "list": lambda: list(store.list_objects(bucket, recursive=True)),
        "delete": lambda: store.remove_object(bucket, "planted/deletable"),
    }


def allowed(world, store: Minio) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for bucket in BUCKETS:
        for name in ("planted/known", "planted/deletable"):
            world.store.write(bucket, name, b"content")
        for act, attempt in acts(store, bucket).items():
            with contextlib.suppress(S3Error):
                attempt()
                found.setdefault(bucket, set()).add(act)
    return found


@pytest.mark.parametrize("identity", [i for i in S3_IDENTITIES if i != "admin"])
def test_an_identity_may_do_in_each_bucket_what_its_work_needs_and_no_more(world, identity):
    assert allowed(world, client(identity)) == STORE_RIGHTS[identity]


@pytest.mark.parametrize("keys", [(None, None), ("ingest", "wrong"), ("nobody", "wrong")])
def test_without_a_known_signature_nothing_is_allowed(world, keys):
    endpoint = f"127.0.0.1:{world.store.stack.port('s3')}"
    stranger = Minio(endpoint, *keys, secure=False, region=REGION)
    assert allowed(world, stranger) == {}


def test_no_identity_may_make_a_bucket_or_write_into_one_that_is_not_there(world):
    for identity in STORE_RIGHTS:
        with pytest.raises(S3Error):
            client(identity).make_bucket("planted")
        with pytest.raises(S3Error):
            client(identity).put_object("planted", "x", io.BytesIO(b"x"), 1)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_the_filer_behind_the_store_refuses_whoever_has_no_signed_token(world, method):
    world.store.write("restricted", "planted/known", b"content")
    port = world.store.stack.port("weed_filer")
    address = f"http://127.0.0.1:{port}/buckets/restricted/planted/known"
    request = urllib.request.Request(address, method=method, data=b"x" if method == "PUT" else None)
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=10)
    assert refused.value.code == 401
    assert world.store.read("restricted", "planted/known") == b"content"
