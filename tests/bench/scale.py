"""How the cost of the warehouse grows: made-up records and zones in a database of its own.

`make scale N=1000000` prints one JSON line: seconds of the full build (dbt with its data tests, the
fit of the baseline between), of a day's increment on top, the slowest models, the size of the
database, and how PostgreSQL reads what the maps ask. A stack must be up (`make up`).
"""

import argparse
import datetime as dt
import json
import os
import re
import resource
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import yaml

from infra.stack import apart
from infra.stack.layout import ROOT, Stack

DATABASE = f"precrisis_scale_{os.getpid()}"
UNTIL = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
YEARS = 3
WEST, SOUTH, STEP, SIDE = 11.03, 45.98, 0.002, 0.0017  # degrees: squares of about 130 x 190 m
COLUMNS = 80
SLOWEST = 6

# Some places hold much of what happens; a tenth of it lies outside all zones.
INCIDENTS = f"""
INSERT INTO raw.incident
SELECT 'scale', %(name)s || n, (ARRAY['theft', 'vandalism', 'assault', 'noise'])[1 + n %% 4],
    '0502', at, at + interval '30 minutes', 10,
    CASE WHEN n %% 5 = 0 THEN 'patrol' ELSE 'reported' END,
    st_setsrid(st_makepoint(
        {WEST} + {STEP} * (zone %% {COLUMNS}) + {STEP} * random(),
        {SOUTH} + {STEP} * (zone / {COLUMNS}) + {STEP} * random()), 4326),
    at
FROM generate_series(1, %(count)s) AS n
CROSS JOIN LATERAL (
    SELECT floor(%(zones)s * power(random(), 2) + 0 * n)::int AS zone,
        %(since)s::timestamptz + random() * (%(until)s::timestamptz - %(since)s) AS at
) AS drawn
"""
# What the risk map, its filter by district, the time charts and a map's window ask.
QUERIES = {
    "risk_map": "SELECT zone_name, district, outline_json, max(risk_7d_max)"
    " FROM marts.fct_zone_latest WHERE district = 'District 7' GROUP BY 1, 2, 3",
    "one_zone": "SELECT max(risk_index) FROM marts.fct_zone_latest WHERE zone_name = 'Zone 77'",
    "zone_over_time": "SELECT hour_local, avg(risk_index) FROM marts.fct_zone_hour"
    " WHERE zone_name = 'Zone 77' GROUP BY 1",
    "two_days": "SELECT zone_name, avg(risk_index) FROM marts.fct_zone_hour"
    " WHERE hour_local >= '2026-10-30' AND hour_local < '2026-11-01' GROUP BY 1",
    "zones_in_window": "SELECT zone_id FROM marts.dim_zone"
    " WHERE geom && st_makeenvelope(11.05, 46.0, 11.06, 46.01, 4326)",
    "points_in_window": "SELECT source_id FROM offences.fct_incident_point"
    " WHERE geom && st_makeenvelope(11.05, 46.0, 11.055, 46.005, 4326)",
    "incidents_of_a_zone": "SELECT local_date, incident_count FROM marts.fct_incident"
    " WHERE zone_id = 'zone-77' AND local_date >= '2026-08-01'",
}


def main() -> None:
    """Measure one size and print what it cost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--incidents", type=int, default=100_000)
    parser.add_argument("--zones", type=int, default=5_000)
    wanted = parser.parse_args()
    stack = Stack.from_environment()
    with tempfile.TemporaryDirectory() as folder, apart.database(stack, DATABASE):
        dsn = stack.dsn("owner", DATABASE)
        os.environ["PRECRISIS_WAREHOUSE_DATABASE"] = DATABASE
        os.environ["PRECRISIS_CITY_PACK"] = str(pack_of(Path(folder), wanted.zones))
        print(json.dumps(measured(dsn, Path(folder), wanted.incidents, wanted.zones)))


def measured(dsn: str, folder: Path, incidents: int, zones: int) -> dict[str, object]:
    """Seconds and sizes of a full build of so many incidents, and of one more day's."""
    whole, day = dt.timedelta(days=365 * YEARS), dt.timedelta(days=1)
    with psycopg.connect(dsn, autocommit=True) as connection:
        found: dict[str, object] = {"incidents": incidents, "zones": zones}
        found["zones_s"] = seconds(take_in_zones)
        record(connection, "past-", incidents, zones, UNTIL - whole)
        found["full"] = built(folder, UNTIL)
        daily = max(incidents * day // whole, 1)
        record(connection, "day-", daily, zones, UNTIL)
        found["increment"] = built(folder, UNTIL + day) | {"incidents": daily}
        (megabytes,) = connection.execute(
            "SELECT pg_database_size(current_database()) / 1000000"
        ).fetchone()
        (spilt,) = connection.execute(
            "SELECT temp_bytes / 1000000 FROM pg_stat_database WHERE datname = current_database()"
        ).fetchone()
        found |= {"database_mb": megabytes, "temporary_mb": int(spilt), "peak_mb": peak_mb()}
        found["reads"] = {name: way_of(connection, query) for name, query in QUERIES.items()}
    return found


def built(folder: Path, until: dt.datetime) -> dict[str, object]:
    """Build as the DAGs do: all but the index, the baseline, the index."""
    from precrisis.risk import fit_baseline
    from precrisis.run import Run

    run = Run("risk_score", f"scale-{until:%Y%m%d}", until - dt.timedelta(days=1), until)
    slow: dict[str, float] = {}
    parts = {
        "marts_s": seconds(lambda: slow.update(dbt(folder, until, exclude=["tag:risk"]))),
        "baseline_s": seconds(lambda: fit_baseline(run)),
        "index_s": seconds(lambda: slow.update(dbt(folder, until, select=["tag:risk"]))),
    }
    most = sorted(slow.items(), key=lambda item: -item[1])[:SLOWEST]
    return {"seconds": round(sum(parts.values()), 1)} | parts | {"slowest": dict(most)}


def dbt(folder: Path, until: dt.datetime, **selection: list[str]) -> dict[str, float]:
    """One dbt build with data tests; seconds by model or test."""
    from precrisis.dbt_build import dbt_build

    dbt_build(until, target=folder / "dbt", **selection)
    results = json.loads((folder / "dbt" / "run_results.json").read_text())["results"]
    return {r["unique_id"].split(".")[2]: round(r["execution_time"], 1) for r in results}


def record(connection, name: str, count: int, zones: int, since: dt.datetime) -> None:
    """Write made-up incidents from a moment to a day after the build's end, or up to it."""
    until = UNTIL if since < UNTIL else UNTIL + dt.timedelta(days=1)
    connection.execute("SELECT setseed(0.5)")
    values = {"name": name, "count": count, "zones": zones, "since": since, "until": until}
    connection.execute(INCIDENTS, values)
    connection.execute("VACUUM ANALYZE raw.incident, raw.place")


def take_in_zones() -> None:
    """Read the pack through the platform's own door."""
    from precrisis.places import take_in_places
    from precrisis.run import Run

    take_in_places(Run("city_ingest", "scale", UNTIL - dt.timedelta(hours=1), UNTIL))


def pack_of(folder: Path, zones: int) -> Path:
    """The tests' city with so many square zones in place of its own, in 40 districts."""
    pack = folder / "city"
    shutil.copytree(ROOT / "tests" / "city", pack)
    features = [zone_feature(number) for number in range(zones)]
    for name, found in (("zones", features), ("sites", [])):
        collection = {"type": "FeatureCollection", "name": name, "features": found}
        (pack / f"{name}.geojson").write_text(json.dumps(collection))
    for name, empty in (("cameras", []), ("gazetteer", {})):
        (pack / f"{name}.yaml").write_text(yaml.safe_dump(empty))
    (pack / "calendar.csv").write_text("")
    (pack / "vulnerability.yaml").write_text("[]")
    settings = yaml.safe_load((pack / "city.yaml").read_text())
    settings["report_recipients"] = []
    (pack / "city.yaml").write_text(yaml.safe_dump(settings))
    return pack


def zone_feature(number: int) -> dict[str, object]:
    """The n-th square, row by row from the south-west."""
    west, south = WEST + STEP * (number % COLUMNS), SOUTH + STEP * (number // COLUMNS)
    ring = [(west, south), (west + SIDE, south), (west + SIDE, south + SIDE), (west, south + SIDE)]
    return {
        "type": "Feature",
        "properties": {
            "zone_id": f"zone-{number}", "name": f"Zone {number}", "kind": "street",
            "district": f"District {number % 40}", "is_pedestrian": True, "closed_hours": None,
        },
        "geometry": {"type": "Polygon", "coordinates": [[*ring, ring[0]]]},
    }  # fmt: skip


def way_of(connection, query: str) -> dict[str, object]:
    """How PostgreSQL reads the table: its scan nodes, and milliseconds."""
    lines = [row[0] for row in connection.execute(f"EXPLAIN (ANALYZE) {query}")]
    scans = re.findall(r"((?:\w+ )*Scan)(?: on| using)", "\n".join(lines))
    return {"scans": scans, "ms": float(re.search(r"Execution Time: ([\d.]+)", lines[-1])[1])}


def seconds(work: Callable[[], object]) -> float:
    """Wall-clock seconds of one call."""
    begun = time.perf_counter()
    work()
    return round(time.perf_counter() - begun, 1)


def peak_mb() -> int:
    """Most memory held by this process or one of its children (dbt), not by PostgreSQL."""
    ways = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return round(max(resource.getrusage(way).ru_maxrss for way in ways) / 1000)


if __name__ == "__main__":
    main()
