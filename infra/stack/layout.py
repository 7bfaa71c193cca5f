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

from infra.stack import ports

ROOT = Path(__file__).resolve().parents[2]

LOOPBACK = "127.0.0.1"

WAREHOUSE_ROLES = (
    "ingest", "analysis", "transformer", "bi_reader", "offence_reader", "partner", "auditor",
    "retention", "officer_reader",
)  # fmt: skip
AIRFLOW_USERS = {"engineer": "admin", "operator": "op", "viewer": "viewer"}
SUPERSET_USERS = ("admin", "analyst", "officer")
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
        return self.port_base + ports.OFFSETS[service]

    def host(self, service: str) -> str:
        """The name or address of a service: PRECRISIS_HOST for those that may leave loopback."""
        return self.outside_host if service in ports.CAN_LEAVE else LOOPBACK

    def url(self, service: str) -> str:
        scheme = "https" if self.has_tls and service in ports.HAS_TLS else "http"
        return f"{scheme}://{self.host(service)}:{self.port(service)}"

    @property
    def outside_host(self) -> str:
        """By what name other machines reach what people use; loopback unless a city sets it."""
        return os.environ.get("PRECRISIS_HOST", LOOPBACK)

    @property
    def has_tls(self) -> bool:
        """Whether services speak TLS (PRECRISIS_TLS=on); transport.py says how."""
        return os.environ.get("PRECRISIS_TLS", "off") == "on"

    @property
    def tls(self) -> Path:
        """Folder of ca.pem, server.pem and server.key: a city's own, or what `make tls` makes."""
        return Path(os.environ.get("PRECRISIS_TLS_DIR", self.state / "tls"))

    @property
    def smtp_port(self) -> int:
        """Port of the mail relay: the city's where PRECRISIS_SMTP_HOST names one, else our sink."""
        if "PRECRISIS_SMTP_HOST" in os.environ:
            return int(os.environ.get("PRECRISIS_SMTP_PORT", "587"))
        return self.port("smtp")

    @property
    def keys(self) -> Path:
        """Keys of the zones of the object store; outside the folder of its data."""
        return Path(os.environ.get("PRECRISIS_KEYS_DIR", self.state / "secrets" / "keys"))

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
        return (
            f"postgresql://{role}:{password}@{self.host('postgres')}"
            f":{self.port('postgres')}/{database}"
        )


def write_private(file: Path, text: str) -> None:
    """Write a file that only its owner can read, creating its folder with mode 0700."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        stream.write(text)
