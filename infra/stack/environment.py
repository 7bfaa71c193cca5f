"""The environment that every service and every task gets: one place, no Variable, no constant."""

import base64
import hashlib
import json
import os
import shlex

from infra.stack import transport
from infra.stack.layout import (
    AIRFLOW_USERS,
    ROOT,
    S3_IDENTITIES,
    SUPERSET_USERS,
    WAREHOUSE_ROLES,
    Stack,
    write_private,
)

QUIET = {  # no component calls home
    "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
    "AIRFLOW__COSMOS__ENABLE_TELEMETRY": "False",
    "DO_NOT_TRACK": "1",
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "False",
    "GX_ANALYTICS_ENABLED": "False",
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "SCARF_ANALYTICS": "false",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}


def platform(stack: Stack) -> dict[str, str]:
    """PRECRISIS_* as plugins/precrisis/settings.py reads them."""
    secret = stack.passwords
    return {
        "PRECRISIS_STATE": str(stack.state),
        "PRECRISIS_CACHE": str(stack.cache),
        "PRECRISIS_KEYS_DIR": str(stack.keys),
        "PRECRISIS_CITY_PACK": str(stack.city_pack),
        "PRECRISIS_SAMPLES": str(stack.state / "samples"),
        "PRECRISIS_PORT_BASE": str(stack.port_base),
        "PRECRISIS_TLS": "on" if stack.has_tls else "off",
        "PRECRISIS_TLS_DIR": str(stack.tls),
        "PRECRISIS_HOST": stack.outside_host,
        "PRECRISIS_WAREHOUSE_HOST": stack.host("postgres"),
        "PRECRISIS_WAREHOUSE_PORT": str(stack.port("postgres")),
        "PRECRISIS_WAREHOUSE_PASSWORDS": json.dumps(
            {role: secret[f"postgres:{role}"] for role in WAREHOUSE_ROLES}
        ),
        "PRECRISIS_S3_ENDPOINT": f"127.0.0.1:{stack.port('s3')}",
        "PRECRISIS_S3_SECURE": str(stack.has_tls),
        "PRECRISIS_S3_IDENTITIES": json.dumps(
            {name: [name, secret[f"s3:{name}"]] for name in S3_IDENTITIES}
        ),
        "PRECRISIS_AIRFLOW_URL": stack.url("airflow"),
        "PRECRISIS_AIRFLOW_PASSWORDS": json.dumps(
            {user: secret[f"airflow:{user}"] for user in AIRFLOW_USERS}
        ),
        "PRECRISIS_SUPERSET_URL": stack.url("superset"),
        "PRECRISIS_SUPERSET_PASSWORDS": json.dumps(
            {user: secret[f"superset:{user}"] for user in SUPERSET_USERS}
        ),
        "PRECRISIS_BI_DSN": stack.dsn("bi_reader"),
        "PRECRISIS_SMTP_PORT": str(stack.smtp_port),
        "PRECRISIS_FEED_URL": stack.url("feed"),
    }


def airflow(stack: Stack) -> dict[str, str]:
    """What the four Airflow processes need; LocalExecutor, four workers on a small machine."""
    secret = stack.passwords
    fernet = base64.urlsafe_b64encode(hashlib.sha256(secret["airflow:fernet"].encode()).digest())
    dsn = stack.dsn("airflow", "airflow").replace("postgresql://", "postgresql+psycopg2://")
    return {
        "AIRFLOW_HOME": str(stack.state / "airflow"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT": "120",
        "AIRFLOW__CORE__FERNET_KEY": fernet.decode(),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{stack.url('airflow')}/execution/",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": ",".join(
            f"{user}:{role}" for user, role in AIRFLOW_USERS.items()
        ),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(
            stack.state / "secrets" / "airflow-users.json"
        ),
        "AIRFLOW__API__BASE_URL": stack.url("airflow"),
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API__EXPOSE_CONFIG": "False",
        "AIRFLOW__API__EXPOSE_STACKTRACE": "False",
        "AIRFLOW__API__ENABLE_SWAGGER_UI": "False",
        "AIRFLOW__API__SECRET_KEY": secret["airflow:jwt"],
        "AIRFLOW__API_AUTH__JWT_SECRET": secret["airflow:jwt"],
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": dsn,
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "300",
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "30",
        "AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES": "1",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(stack.logs / "airflow"),
        "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(stack.port("worker_logs")),
        "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(stack.port("trigger_logs")),
        "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.5",
        # A scheduler that dies takes its LocalExecutor tasks along: the next one must notice soon.
        "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "20",
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "60",
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "5",
        # Only what dbt understood of the project: without it each build parses all of it anew.
        "AIRFLOW__COSMOS__CACHE_DIR": str(stack.state / "cosmos"),
        "AIRFLOW__COSMOS__ENABLE_CACHE_DBT_LS": "False",
    }


def _set_by_the_city(stack: Stack) -> dict[str, str]:
    """PRECRISIS_* that the stack does not work out: mail relay, alert status, feed tokens."""
    computed = platform(stack)
    return {
        name: value
        for name, value in os.environ.items()
        if name.startswith("PRECRISIS_") and name not in computed
    }


def common(stack: Stack) -> dict[str, str]:
    """Everything a service, a task or a test of this stack needs."""
    return {
        **_set_by_the_city(stack),
        **QUIET,
        **platform(stack),
        **transport.environment(stack),
        "PRECRISIS_TRANSFORMER_PASSWORD": stack.passwords["postgres:transformer"],
        **airflow(stack),
        "PYTHONPATH": ":".join(str(ROOT / part) for part in ("", "plugins", "infra/airflow")),
        "PATH": f"{ROOT / '.venv' / 'bin'}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        # Process titles must not overwrite the environment by which `make down` finds strays.
        "SPT_NOENV": "1",
    }


def write_env_file(stack: Stack) -> None:
    """Write <state>/env: `source` it to connect with psql, an S3 client or a script."""
    role_passwords = {
        f"PRECRISIS_{role.upper()}_PASSWORD": stack.passwords[f"postgres:{role}"]
        for role in WAREHOUSE_ROLES
    }
    connect = {
        "PGHOST": stack.host("postgres"),
        "PGPORT": str(stack.port("postgres")),
        "PGDATABASE": "precrisis",
        "PGUSER": "bi_reader",
        "PGPASSWORD": stack.passwords["postgres:bi_reader"],
        **role_passwords,
        "S3_ENDPOINT": stack.url("s3"),
        "AWS_ACCESS_KEY_ID": "reader",
        "AWS_SECRET_ACCESS_KEY": stack.passwords["s3:reader"],
        "AIRFLOW_URL": stack.url("airflow"),
        "SUPERSET_URL": stack.url("superset"),
    }
    values = {**common(stack), **connect}
    lines = [f"export {name}={shlex.quote(value)}" for name, value in values.items()]
    write_private(stack.state / "env", "\n".join(lines) + "\n")
