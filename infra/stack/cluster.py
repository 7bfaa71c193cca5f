"""The private PostgreSQL cluster: made once, roles and tables applied at each set-up."""

import getpass
import hashlib
import os
import shutil
import stat
import subprocess
from pathlib import Path

from infra.stack import transport
from infra.stack.layout import ROOT, WAREHOUSE_ROLES, Stack, write_private

DATABASES = {"precrisis": "owner", "airflow": "airflow", "superset": "superset"}


def binary(name: str) -> str:
    """Path of a PostgreSQL program of the newest installed version that has PostGIS.

    Raises:
        FileNotFoundError: no version with PostGIS; install the package postgresql-postgis.
    """
    controls = sorted(Path("/usr/share/postgresql").glob("*/extension/postgis.control"))
    if not controls:
        raise FileNotFoundError("No PostgreSQL with PostGIS found: install postgresql-postgis.")
    return f"/usr/lib/postgresql/{controls[-1].parts[4]}/bin/{name}"


def run_as() -> str:
    """The user PostgreSQL runs as: it refuses root, so root hands over to 'postgres'."""
    return "postgres" if os.geteuid() == 0 else getpass.getuser()


def folder(stack: Stack) -> Path:
    """The data folder; outside the state folder when another user could not reach it there."""
    inside = stack.state / "postgres"
    parents = [parent for parent in inside.parents if parent.exists()]
    reachable = all(parent.stat().st_mode & stat.S_IXOTH for parent in parents)
    if os.geteuid() != 0 or reachable:
        return inside
    return Path("/var/tmp") / stack.short_name / "postgres"


def command(stack: Stack) -> list[str]:
    """Foreground server: TCP only, on loopback or under TLS, no socket file, SCRAM passwords."""
    options = {
        "listen_addresses": transport.address(stack),
        "port": stack.port("postgres"),
        "unix_socket_directories": "",
        "shared_buffers": "256MB",
        "max_connections": 120,
        "jit": "off",  # compiling costs a second a query, more than it saves at a city's size
        "timezone": "UTC",
        "log_min_error_statement": "panic",  # statements can hold values; keep them out of logs
        **transport.postgres_options(stack, folder(stack)),
    }
    flags = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    return [binary("postgres"), "-D", str(folder(stack)), *flags]


def create(stack: Stack) -> bool:
    """Run initdb once; return whether it was needed."""
    data = folder(stack)
    if (data / "PG_VERSION").exists():
        return False
    data.mkdir(parents=True, exist_ok=True)
    password_file = data.parent / "owner-password"
    write_private(password_file, stack.passwords["postgres:owner"])
    for path in (data, password_file):
        shutil.chown(path, run_as())
    initdb = [binary("initdb"), "-D", str(data), "-U", "owner", "-A", "scram-sha-256"]
    initdb += ["--pwfile", str(password_file), "-E", "UTF8", "--locale", "C.UTF-8", "--no-sync"]
    try:
        subprocess.run(
            initdb,
            check=True,
            cwd="/",
            user=run_as() if os.geteuid() == 0 else None,
            stdout=subprocess.DEVNULL,
        )
    finally:
        password_file.unlink()
    return True


def apply_schema(stack: Stack) -> None:
    """Create roles, databases and tables; safe to run again."""
    import psycopg
    from psycopg import sql

    with psycopg.connect(stack.dsn("owner", "postgres"), autocommit=True) as connection:
        for role in ("airflow", "superset", *WAREHOUSE_ROLES):
            _ensure_role(connection, sql, role, stack.passwords[f"postgres:{role}"])
        # What a killed process left open must not hold Airflow's locks for ever.
        connection.execute("ALTER ROLE airflow SET idle_in_transaction_session_timeout = '60s'")
        # Marts are made of millions of rows; what does not fit in this goes through the disk.
        connection.execute("ALTER ROLE transformer SET work_mem = '64MB'")
        known = {row[0] for row in connection.execute("SELECT datname FROM pg_database")}
        for database, owner in DATABASES.items():
            if database not in known:
                connection.execute(
                    sql.SQL("CREATE DATABASE {} OWNER {}").format(
                        sql.Identifier(database), sql.Identifier(owner)
                    )
                )
    with psycopg.connect(stack.dsn("owner"), autocommit=True) as connection:
        apply_tables(connection, "precrisis")


def apply_tables(connection, database: str) -> None:
    """Apply infra/postgis to a database; the log gets one entry when the files have changed."""
    from psycopg.types.json import Jsonb

    files = sorted((ROOT / "infra" / "postgis").glob("*.sql"))
    texts = [file.read_text().replace(':"database"', database) for file in files]
    connection.execute("SET precrisis.set_up = 'on'")
    for text in texts:
        connection.execute(text)
    connection.execute("RESET precrisis.set_up")
    digest = hashlib.sha256("".join(texts).encode()).hexdigest()
    connection.execute(
        """
        SELECT ops.append_audit(
            'configuration_change', 'infra/postgis', 'set-up', '', '', %(facts)s
        )
        WHERE %(facts)s IS DISTINCT FROM (
            SELECT facts FROM ops.audit_log
            WHERE action = 'configuration_change' AND subject = 'infra/postgis'
            ORDER BY entry_id DESC LIMIT 1
        )
        """,
        {"facts": Jsonb({"sha256": digest})},
    )


def _ensure_role(connection, sql, role: str, password: str) -> None:
    exists = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)).fetchone()
    verb = "ALTER" if exists else "CREATE"
    connection.execute(
        sql.SQL("{} ROLE {} LOGIN PASSWORD {}").format(
            sql.SQL(verb), sql.Identifier(role), sql.Literal(password)
        )
    )
