"""What a publication computes before it talks to Superset."""

import datetime as dt
import math
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from precrisis.dashboards import city_values
from precrisis.dashboards.client import sign_in
from precrisis.dashboards.warehouse import reader_dsns

ROME = ZoneInfo("Europe/Rome")
NOW = dt.datetime(2026, 11, 23, 18, 0, tzinfo=ROME)


@pytest.mark.parametrize(
    "latest",
    [None, dt.datetime(2026, 11, 23, 17), dt.datetime(2026, 11, 22, 0)],
)
def test_fresh_or_no_data_open_a_period_that_rolls(latest):
    expected = "DATEADD(DATETIME('today'), -13, day) : DATEADD(DATETIME('today'), 1, day)"
    assert city_values.time_range(latest, NOW) == expected


def test_old_data_open_the_last_two_weeks_that_have_any():
    latest = dt.datetime(2026, 11, 21, 23)
    assert city_values.time_range(latest, NOW) == "2026-11-08 : 2026-11-22"


def test_map_classes_change_at_the_alert_limit():
    assert city_values.risk_breaks(60) == ["0", "20", "40", "60", "80", "100"]


def test_the_view_holds_all_zones_and_a_closer_one_would_not():
    zones = [(11.10, 46.05, 11.11, 46.06), (11.13, 46.06, 11.14, 46.08)]
    longitude, latitude, zoom = city_values.view(zones)
    assert (round(longitude, 4), round(latitude, 4)) == (11.12, 46.065)
    px_per_degree = 512 * 2**zoom / 360
    across = 0.04 * px_per_degree / 780
    upward = 0.03 * px_per_degree / math.cos(math.radians(latitude)) / 560
    assert max(across, upward) == pytest.approx(1, abs=0.01)


def test_each_schema_is_read_as_its_own_role_and_the_bundle_gets_no_password():
    settings = SimpleNamespace(
        bi_dsn="postgresql://bi_reader:one@db:6432/precrisis?sslmode=verify-full",
        warehouse_passwords={"bi_reader": "one", "officer_reader": "two"},
    )
    dsns = reader_dsns(settings)
    officer = "postgresql://officer_reader:two@db:6432/precrisis?sslmode=verify-full"
    assert dsns == {"marts": settings.bi_dsn, "officer": officer}
    assert city_values.uri(officer) == (
        "postgresql+psycopg2://officer_reader:XXXXXXXXXX@db:6432/precrisis"
    )


def test_a_password_never_travels_in_clear_to_another_machine():
    with pytest.raises(ValueError, match="not https"):
        sign_in("http://superset.example.org", "secret")
