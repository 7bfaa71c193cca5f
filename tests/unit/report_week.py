"""A week of rows for the tests of the report, as reports/queries.py returns them."""

import datetime as dt

from precrisis.reports.queries import Week

MONDAY = dt.date(2026, 11, 16)
CAUSES = (
    "baseline", "circumstances", "near_repeat",
    "crowding", "video_event", "public_voice", "context",
)  # fmt: skip


def week(**fields) -> Week:
    empty = {name: [] for name in Week.__dataclass_fields__}
    fixed = {
        "start": MONDAY,
        "next_week": [{"event_count": 0}],
        "suppressed": [{"window_count": 0, "theme_hour_count": 0}],
    }
    return Week(**{**empty, **fixed, **fields})


def hot_hour(zone_id: str, hour: int, **changes) -> dict:
    values = {"zone_name": zone_id, "weekday": 6, "risk_index": 60.0, **dict.fromkeys(CAUSES, 0.0)}
    return {"zone_id": zone_id, "hour_of_day": hour, **values, "crowding": 10.0, **changes}


def event(day: int, **changes) -> dict:
    values = {
        "event_title": "Mercatino di Natale",
        "local_date": dt.date(2026, 11, day),
        "starts_local": dt.datetime(2026, 11, day, 10),
        "ends_local": dt.datetime(2026, 11, day, 20),
        "zone_names": ["Piazza Duomo"],
        "zone_ids": ["piazza-duomo"],
    }
    return {**values, **changes}


def zone_row(zone_id: str = "piazza-duomo", **changes) -> dict:
    values = {
        "zone_id": zone_id,
        "zone_name": "Piazza Duomo",
        "district": "Centro storico - Piedicastello",
        "hour_count": 168,
        "risk_mean": 11.7,
        "risk_max": 62.0,
        "certainty": 0.75,
        "baseline": 6.0,
        "circumstances": 0.0,
        "near_repeat": 0.0,
        "crowding": 5.0,
        "video_event": 0.5,
        "public_voice": 0.2,
        "context": 0.0,
        "risk_mean_before": 9.9,
    }
    return {**values, **changes}


def full_week() -> Week:
    """A week with something to say everywhere, as long as the layout must bear."""
    arrived = dt.datetime(2026, 11, 22, 22, 5, tzinfo=dt.UTC)
    zones = [("piazza-dante", "Piazza Dante")]
    zones += [(f"zone-{n}", f"Piazza di prova numero {n}") for n in range(4)]
    return week(
        zones=[zone_row("piazza-duomo"), *(zone_row(z, zone_name=name) for z, name in zones)],
        hot_hours=[
            hot_hour(z, hour, zone_name=name)
            for z, name in [("piazza-duomo", "Piazza Duomo"), ("piazza-dante", "Piazza Dante")]
            for hour in (20, 21)
        ],
        hours=[
            {"weekday": day, "hour_of_day": hour, "risk_mean": float(day + hour)}
            for day in range(1, 8)
            for hour in range(24)
        ],
        incidents=[
            {"category": c, "this_week": n, "mean_before": 2.25}
            for n, c in enumerate(("theft", "assault", "brawl", "vandalism", "other_kind"))
        ],
        themes=[
            {"theme": t, "post_count": 40 - n, "zone_count": 3}
            for n, t in enumerate(
                ("crowding", "threat", "disorder", "rumour", "calm", "unheard-of")
            )
        ],
        alerts=[
            {
                "zone_name": "Piazza Duomo",
                "starts_at": arrived - dt.timedelta(days=n),
                "ends_at": arrived - dt.timedelta(days=n, hours=-2),
                "risk_index": 70.0 - n,
                "severity": "severe",
                "status": "accepted" if n else "waiting",
                "decision_reason": "Confermato dalla sala operativa" if n else None,
            }
            for n in range(6)
        ],
        calendar=[event(day) for day in range(23, 30)] + [event(25, event_title="Partita")],
        next_week=[{"event_count": 8}],
        sites=[
            {
                "site_name": "Cattedrale di San Vigilio",
                "kind": "place_of_worship",
                "live_risk_index": 41.0,
                "incidents_90d": 6,
                "open_measures": 3,
                "assessed_on": None,
            }
        ],
        health=[
            {
                "noun": noun,
                "ok_count": 1200,
                "unchanged_count": 3,
                "quarantined_count": 2,
                "failed_count": 1,
                "last_ok_at": arrived,
            }
            for noun in ("post", "incident", "footage_segment", "build_marts")
        ],
        quarantine=[{"noun": "post", "rule": "is_in_language", "item_count": 9}],
        cameras=[
            {
                "camera_id": f"camera-{n}",
                "camera_name": f"Telecamera {n}",
                "is_sample": True,
                "coverage_pct": 84.0,
                "day_count": 6,
                "window_count": 10080,
                "blind_count": 12,
            }
            for n in range(4)
        ],
        scores=[
            {
                "method": method,
                "fitted_on": MONDAY,
                "tested_from": dt.date(2026, 10, 12),
                "tested_until": dt.date(2026, 11, 15),
                "incident_count": 153,
                "area_share": share,
                "hit_rate": rate + 2 * (share - 0.05),
                "pai": (rate + 2 * (share - 0.05)) / share,
            }
            for share in (0.01, 0.05, 0.1)
            for method, rate in (
                ("gamma-poisson", 0.21),
                ("count-map", 0.19),
                ("published", 0.2),
                ("kernel-density", 0.17),
                ("persistence", 0.12),
                ("regression", 0.18),
            )
        ],
        suppressed=[{"window_count": 300, "theme_hour_count": 40}],
        versions=[{"model_version": "people-2.1.0"}],
    )
