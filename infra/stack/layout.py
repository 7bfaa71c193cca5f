"""Where one stack lives: its checkout, state folder, ports and passwords.

Two stacks fit on one machine when they differ in PRECRISIS_STATE and PRECRISIS_PORT_BASE.
"""

import hashlib
import json
import os
import secrets
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# Offsets from the port base. SeaweedFS adds 10,000 to each of its ports for gRPC.
PORT_OFFSETS = {
    "weed_master": 1, "weed_volume": 2, "weed_filer": 3, "s3": 4, "weed_admin": 5,
    "smtp": 25, "postgres": 32, "airflow": 80, "superset": 88, "feed": 90,
    "worker_logs": 93, "trigger_logs": 94,
}  # fmt: skip

WAREHOUSE_ROLES = ("ingest", "analysis", "transformer", "bi_reader", "auditor", "retention")
AIRFLOW_USERS = {"engineer": "admin", "operator": "op", "viewer": "viewer"}
SUPERSET_USERS = ("admin", "analyst")
S3_IDENTITIES = ("admin", "ingest", "analysis", "publish", "reader", "retention")
BUCKETS = ("restricted", "derived", "published")


@dataclass(frozen=True)
class Stack:
    """One stack. Passwords are made once and kept, mode 0600, in <state>/secrets."""

    state: Path
    port_base: int

    @classmethod
    def from_environment(cls) -> "Stack":
        """Read PRECRISIS_STATE (default .run) and PRECRISIS_PORT_BASE (default 18000)."""
        state = Path(os.environ.get("PRECRISIS_STATE", ".run"))
        state = state if state.is_absolute() else ROOT / state
        return cls(state=state, port_base=int(os.environ.get("PRECRISIS_PORT_BASE", "18000")))

    def port(self, service: str) -> int:
        return self.port_base + PORT_OFFSETS[service]

    def url(self, service: str) -> str:
        return f"http://127.0.0.1:{self.port(service)}"

    @property
    def cache(self) -> Path:
        """Weights and downloads, shared by all stacks of a checkout."""
        return Path(os.environ.get("PRECRISIS_CACHE", ROOT / ".cache"))

    @property
    def city_pack(self) -> Path:
        return Path(os.environ.get("PRECRISIS_CITY_PACK", ROOT / "infra" / "city" / "trento"))

    @property
    def logs(self) -> Path:
        return self.state / "logs"

    @property
    def short_name(self) -> str:
        """A name for what cannot live in the state folder, such as a socket with a long path."""
        return "precrisis-" + hashlib.sha256(str(self.state).encode()).hexdigest()[:10]

    @cached_property
    def passwords(self) -> dict[str, str]:
        """Generated passwords by '<service>:<user>'; letters and digits, so fit for any URL."""
        file = self.state / "secrets" / "passwords.json"
        known = json.loads(file.read_text()) if file.exists() else {}
        wanted = [f"postgres:{r}" for r in ("owner", "airflow", "superset", *WAREHOUSE_ROLES)]
        wanted += [f"airflow:{u}" for u in AIRFLOW_USERS] + ["airflow:jwt", "airflow:fernet"]
        wanted += [f"superset:{u}" for u in SUPERSET_USERS] + ["superset:secret"]
        wanted += [f"s3:{i}" for i in S3_IDENTITIES] + ["s3:jwt", "s3:kek"]
        missing = [name for name in wanted if name not in known]
        if missing:
            known.update({name: secrets.token_hex(16) for name in missing})
            write_private(file, json.dumps(known, indent=1))
        return known

    def dsn(self, role: str, database: str = "precrisis") -> str:
        """libpq URL of a role of the private cluster."""
        password = self.passwords[f"postgres:{role}"]
        return f"postgresql://{role}:{password}@127.0.0.1:{self.port('postgres')}/{database}"


def write_private(file: Path, text: str) -> None:
    """Write a file that only its owner can read, creating its folder with mode 0700."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        stream.write(text)
