"""Typed settings: the one axis of configuration. Environment in, frozen object out.

Every variable is named PRECRISIS_<FIELD>; infra/stack writes them to <state>/env. A city's
own facts (cameras, zones, thresholds, purposes) are not here but in its city pack.
"""

from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parents[2]


class Settings(BaseSettings):
    """Where the services are and how each role signs in. Read once a process by `settings()`."""

    model_config = SettingsConfigDict(env_prefix="PRECRISIS_", frozen=True)

    state: Path = ROOT / ".run"
    cache: Path = ROOT / ".cache"
    city_pack: Path = ROOT / "infra" / "city" / "trento"
    samples: Path = ROOT / ".run" / "samples"
    # Keys of the zones of the object store; away from its data (zone_keys.py).
    keys_dir: Path = ROOT / ".run" / "secrets" / "keys"
    dbt_dir: Path = ROOT / "dbt"

    warehouse_host: str = "127.0.0.1"
    warehouse_port: int
    warehouse_database: str = "precrisis"
    warehouse_passwords: dict[str, str]

    s3_endpoint: str
    s3_secure: bool = False
    s3_identities: dict[str, tuple[str, str]]

    airflow_url: str
    airflow_passwords: dict[str, str]
    superset_url: str
    superset_passwords: dict[str, str]
    bi_dsn: str

    smtp_host: str = "127.0.0.1"
    smtp_port: int
    smtp_security: Literal["none", "starttls", "tls"] = "none"
    smtp_user: str = ""
    smtp_password: SecretStr = SecretStr("")
    mail_sender: str = "precrisis@localhost.localdomain"
    feed_url: str

    alert_status: str = "Exercise"

    def dsn(self, role: str) -> str:
        """Return the libpq URL of a warehouse role.

        Raises:
            KeyError: the role has no password in PRECRISIS_WAREHOUSE_PASSWORDS.
        """
        return (
            f"postgresql://{role}:{self.warehouse_passwords[role]}@{self.warehouse_host}"
            f":{self.warehouse_port}/{self.warehouse_database}"
        )

    def s3_keys(self, identity: str) -> tuple[str, str]:
        """Return (access key, secret key) of an object-store identity."""
        return self.s3_identities[identity]


@lru_cache(maxsize=1)
def settings() -> Settings:
    """Return the settings of this process.

    Raises:
        pydantic.ValidationError: a variable is missing; `source <state>/env` sets all of them.
    """
    return Settings()
