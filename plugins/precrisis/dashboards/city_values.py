"""What the placeholders of the assets take from the city and its place of work."""

import datetime as dt
import math
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

from precrisis.city import City
from precrisis.dashboards.warehouse import Box, forecast_boxes, latest_hour, reader_dsns
from precrisis.settings import Settings

_SHOWN_DAYS = 14
# What the zones may fill of the map's panel, margin left.
_MAP_PX = (780, 560)


def city_values(settings: Settings, city: City) -> dict[str, Any]:
    """Return what the placeholders take from the city and its place of work."""
    dsns = reader_dsns(settings)
    zones = [zone.geometry.bounds for zone in city.zones]
    longitude, latitude, zoom = view(zones)
    forecast = view([*zones, *forecast_boxes(settings.bi_dsn)])
    latest = latest_hour(settings.bi_dsn)
    limit = min(rule.limit for rule in city.thresholds.alert_rules)
    return {
        "city.name": city.name,
        "codes.category": {
            code: category["label"][city.language]
            for code, category in city.incident_categories.items()
        },
        "time_zone": city.time_zone,
        "centre.longitude": longitude,
        "centre.latitude": latitude,
        "centre.zoom": zoom,
        "forecast.longitude": forecast[0],
        "forecast.latitude": forecast[1],
        "forecast.zoom": forecast[2],
        "language": city.language,
        "alert_limit": limit,
        "alert_limit_text": f"{limit:g}",
        "risk_breaks": risk_breaks(limit),
        "sample_note": sample_note(city),
        **small_cells(city),
        "time_range": time_range(latest, dt.datetime.now(city.timezone)),
        "tile_url": f"tile://{settings.superset_url.rstrip('/')}/tiles/{{z}}/{{x}}/{{y}}.png",
        "warehouse_database": unquote(urlsplit(settings.bi_dsn).path.lstrip("/")),
        "warehouse_uri": uri(dsns["marts"]),
        "officer_uri": uri(dsns["officer"]),
    }


def uri(dsn: str) -> str:
    """Return a DSN as Superset's import takes it: the password travels apart."""
    parts = urlsplit(dsn)
    return (
        f"postgresql+psycopg2://{parts.username}:XXXXXXXXXX@"
        f"{parts.hostname}:{parts.port or 5432}{parts.path}"
    )


def sample_note(city: City) -> str:
    """Return the text that the banner shows: none when every camera films the city itself."""
    return "${dashboard.sample}" if any(camera.is_sample for camera in city.cameras) else ""


def small_cells(city: City) -> dict[str, str]:
    """Return the numbers below which people and authors are hidden, as texts."""
    points = city.thresholds.risk_points
    return {name: f"{points[name].value:g}" for name in ("small_cell_people", "small_cell_authors")}


def time_range(latest: dt.datetime | None, now: dt.datetime) -> str:
    """Return the period a dashboard opens with: the last two weeks that have data.

    With fresh data it rolls with the day of reading. Data that ended before (an archive, an
    exercise) get fixed days, for a rolling period would open an empty dashboard.

    Args:
        latest: last local hour with data, without offset; None when there is none.
        now: the present, with offset.
    """
    if latest is None or now.date() - latest.date() < dt.timedelta(days=2):
        first = _SHOWN_DAYS - 1
        return f"DATEADD(DATETIME('today'), -{first}, day) : DATEADD(DATETIME('today'), 1, day)"
    until = latest.date() + dt.timedelta(days=1)
    return f"{until - dt.timedelta(days=_SHOWN_DAYS)} : {until}"


def view(boxes: Sequence[Box]) -> tuple[float, float, float]:
    """Return longitude, latitude and zoom at which a map shows all of these boxes.

    Args:
        boxes: west, south, east, north in degrees (EPSG:4326), one at least.
    """
    west, south, _, _ = map(min, zip(*boxes, strict=True))
    _, _, east, north = map(max, zip(*boxes, strict=True))
    middle = (south + north) / 2
    # deck.gl's world is 512 px wide at zoom 0; a degree north is 1/cos(latitude) degrees wide.
    across = math.log2(_MAP_PX[0] * 360 / 512 / (east - west))
    upward = math.log2(_MAP_PX[1] * 360 / 512 * math.cos(math.radians(middle)) / (north - south))
    return (west + east) / 2, middle, round(min(across, upward), 2)


def risk_breaks(limit: float) -> list[str]:
    """Return the map's class edges: three classes up to the alert limit, two above it."""
    edges = (0, limit / 3, limit * 2 / 3, limit, (limit + 100) / 2, 100)
    return [f"{edge:g}" for edge in edges]
