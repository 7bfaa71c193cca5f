"""Settings come from the environment alone, typed, and are fixed once read."""

import os

import pytest
from pydantic import ValidationError

from precrisis.settings import Settings

NEEDED = {
    "WAREHOUSE_PORT": "5433",
    "WAREHOUSE_PASSWORDS": '{"ingest": "one", "analysis": "two"}',
    "S3_ENDPOINT": "127.0.0.1:9",
    "S3_IDENTITIES": '{"ingest": ["ingest", "key"]}',
    "AIRFLOW_URL": "http://airflow",
    "AIRFLOW_PASSWORDS": "{}",
    "SUPERSET_URL": "http://superset",
    "SUPERSET_PASSWORDS": "{}",
    "BI_DSN": "postgresql://bi",
    "SMTP_PORT": "25",
    "FEED_URL": "http://feed",
}


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    for name in [name for name in os.environ if name.startswith("PRECRISIS_")]:
        monkeypatch.delenv(name)
    for name, value in NEEDED.items():
        monkeypatch.setenv(f"PRECRISIS_{name}", value)


def test_a_role_s_address_names_role_and_database():
    settings = Settings()
    assert settings.dsn("ingest") == "postgresql://ingest:one@127.0.0.1:5433/precrisis"
    assert settings.s3_keys("ingest") == ("ingest", "key")


@pytest.mark.parametrize("name", NEEDED)
def test_a_missing_variable_is_named(monkeypatch, name):
    monkeypatch.delenv(f"PRECRISIS_{name}")
    with pytest.raises(ValidationError, match=name.lower()):
        Settings()


def test_a_port_that_is_no_number_is_refused(monkeypatch):
    monkeypatch.setenv("PRECRISIS_WAREHOUSE_PORT", "first")
    with pytest.raises(ValidationError, match="warehouse_port"):
        Settings()


def test_a_role_without_a_password_has_no_address():
    with pytest.raises(KeyError, match="auditor"):
        Settings().dsn("auditor")


def test_settings_can_t_be_changed():
    with pytest.raises(ValidationError, match="frozen"):
        Settings().smtp_port = 26


def test_what_leaves_the_building_is_an_exercise_until_a_city_says_otherwise():
    assert Settings().alert_status == "Exercise"
