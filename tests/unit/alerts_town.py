"""A town of two zones for the tests of alerts and reports, typed like a real city pack."""

import datetime as dt
from pathlib import Path

import yaml
from shapely.geometry import Polygon

from precrisis.alerts.rules import AlertRule, SeverityBands
from precrisis.city import City
from precrisis.pack.places import BackgroundFeature, Zone
from precrisis.pack.thresholds import Thresholds

PACK = Path(__file__).parents[1] / "city"
NUMBERS = yaml.safe_load((PACK / "thresholds.yaml").read_text())
FIXED = {name: NUMBERS[name] for name in ("place_forecast", "public_voice", "maps")}
NIGHT = dt.datetime(2026, 11, 21, 20, tzinfo=dt.UTC)
SQUARE = Polygon([(11.1210, 46.0670), (11.1220, 46.0670), (11.1220, 46.0677), (11.1210, 46.0677)])
PARK = Polygon([(11.1195, 46.0703), (11.1215, 46.0703), (11.1215, 46.0724), (11.1195, 46.0724)])


def zone(zone_id: str, name: str, district: str, geometry: Polygon) -> Zone:
    return Zone(
        zone_id=zone_id,
        name=name,
        kind="square",
        district=district,
        is_pedestrian=True,
        geometry=geometry,
    )


def rule(**changes) -> AlertRule:
    values = {
        "rule": "zone_risk",
        "version": "1",
        "limit": 60,
        "min_certainty": 0.3,
        "budget_per_day": 2,
        "quiet_after_min": 10,
        "severity_bands": SeverityBands(moderate=50, severe=70, extreme=85),
        "why": "about two alerts a day can be reviewed",
        "owner": "sala operativa",
        "expires_on": dt.date(2027, 6, 30),
    }
    return AlertRule(**{**values, **changes})


def town(**changes) -> City:
    values = {
        "city_id": "trento",
        "name": "Trento",
        "country": "IT",
        "time_zone": "Europe/Rome",
        "language": "it",
        "centre": (11.1217, 46.0679),
        "bounds": (11.02, 45.97, 11.22, 46.16),
        "alert_recipients": ["sala-operativa@trento.example"],
        "report_recipients": [],
        "authority": {"name": "Comune di Trento", "website": "https://www.trento.example"},
        "controller": "Comune di Trento",
        "map_credit": "© OpenStreetMap contributors",
        "contact": {"officer_address": "rpd@trento.example"},
        "zones": [
            zone("piazza-duomo", "Piazza Duomo", "Centro storico - Piedicastello", SQUARE),
            zone("piazza-dante", "Piazza Dante", "Bondone", PARK),
        ],
        "sites": [],
        "basemap": [BackgroundFeature(kind="park", name="Giardini", geometry=PARK)],
        "cameras": [],
        "sources": [],
        "processing": yaml.safe_load((PACK / "register.yaml").read_text()) | {"purposes": []},
        "thresholds": Thresholds(alert_rules=[rule()], video_events={}, risk_points={}, **FIXED),
        "gazetteer": {},
        "incident_categories": {},
    }
    return City(**{**values, **changes})


def zone_hour(hour: int = 0, **changes) -> dict:
    """A row of marts.fct_zone_hour, `hour` hours after NIGHT (21:00 local on Saturday)."""
    moment = NIGHT + dt.timedelta(hours=hour)
    local = moment + dt.timedelta(hours=1)
    values = {
        "zone_id": "piazza-duomo",
        "zone_name": "Piazza Duomo",
        "district": "Centro storico - Piedicastello",
        "hour_start_at": moment,
        "hour_local": local.replace(tzinfo=None),
        "local_date": local.date(),
        "hour_of_day": local.hour,
        "weekday": local.isoweekday(),
        "risk_index": 74.0,
        "contribution_baseline": 22.0,
        "contribution_circumstances": 0.0,
        "contribution_near_repeat": 0.0,
        "contribution_crowding": 30.5,
        "contribution_video_event": 12.0,
        "contribution_public_voice": 0.0,
        "contribution_context": 9.5,
        "certainty": 0.62,
        "has_camera": True,
        "has_posts": False,
        "has_baseline": True,
        "has_circumstances": True,
        "people_mean": 48.2,
        "video_event_count": 2,
        "alarming_post_count": None,
        "event_title": "Mercatino di Natale",
    }
    return {**values, **changes}
