"""Make infra/samples/incidents.csv: invented incident records for the demonstration.

Run: python infra/samples/make_incidents.py
No record is real and none describes a person. The script exists so that anyone can see by which
rules the rows were invented; the same seed gives the same file.

Days count back from an anchor that stands for a Friday, so that the weekly rhythm can be laid on
real Fridays and Saturdays. Times are local; an end before its start is on the next day.
"""

import csv
import json
import random
from dataclasses import dataclass
from pathlib import Path

from shapely.geometry import Point, Polygon, shape

SEED = 20260
ROWS = 600
DAYS = 180
FRIDAY, SATURDAY = 0, 6  # remainder of days_before_anchor by 7
HERE = Path(__file__).parent
ZONES = HERE.parent / "city" / "trento" / "zones.geojson"
COLUMNS = (
    "source_id", "days_before_anchor", "time_from", "time_to", "category", "longitude",
    "latitude", "accuracy_m", "found_by",
)  # fmt: skip
HEADER = "# Made up for demonstration by make_incidents.py: no row is a real event.\n"


@dataclass(frozen=True)
class Habit:
    """One invented regularity: what happens where and when, and how often among all rows."""

    share: float
    zones: dict[str, float]
    categories: dict[str, float]
    hours: tuple[int, int]
    nights_out: float = 2 / 7  # share of rows on Friday or Saturday


HABITS = (
    Habit(
        0.36,
        {"stazione-ferroviaria": 5, "piazza-dante": 6, "via-roma": 1},
        {"theft": 3, "pickpocketing": 4, "drug_dealing": 4, "assault": 2, "brawl": 1},
        (17, 24),
    ),
    Habit(
        0.26,
        {"via-san-pietro": 4, "largo-carducci": 3, "via-verdi": 3, "piazza-duomo": 2,
         "piazza-battisti": 2},
        {"noise_disorder": 6, "brawl": 2, "assault": 2, "vandalism": 2},
        (22, 27),
        nights_out=0.75,
    ),
    Habit(
        0.20,
        {"piazza-duomo": 3, "via-belenzani": 2, "piazza-fiera": 3, "via-santa-croce": 1,
         "via-roma": 2},
        {"pickpocketing": 4, "theft": 3, "bicycle_theft": 2},
        (9, 19),
    ),
    Habit(
        0.18,
        {"parco-albere": 3, "lungadige": 2, "muse": 1, "piazza-venezia": 1, "via-verdi": 1,
         "piazza-santa-maria-maggiore": 1, "castello-buonconsiglio": 1, "stadio-briamasco": 1},
        {"bicycle_theft": 3, "vandalism": 3, "theft": 2, "noise_disorder": 1},
        (8, 26),
    ),
)  # fmt: skip

# A loss is noticed later than it happens: minutes that the interval may span.
SPAN_MINUTES = {"theft": 120, "pickpocketing": 60, "bicycle_theft": 600, "vandalism": 480}


def make_rows(seed: int = SEED) -> list[dict[str, object]]:
    """Return ROWS invented incidents, the oldest first."""
    chance = random.Random(seed)
    zones = read_zones()
    habits = chance.choices(HABITS, [habit.share for habit in HABITS], k=ROWS)
    rows = sorted(
        (_incident(chance, habit, zones) for habit in habits),
        key=lambda row: (-row["days_before_anchor"], row["time_from"]),
    )
    return [{"source_id": f"demo-{number:04d}"} | row for number, row in enumerate(rows, start=1)]


def read_zones() -> dict[str, Polygon]:
    """Outline of every zone by its id, EPSG:4326."""
    features = json.loads(ZONES.read_text(encoding="utf-8"))["features"]
    return {f["properties"]["zone_id"]: shape(f["geometry"]) for f in features}


def _incident(chance: random.Random, habit: Habit, zones: dict[str, Polygon]) -> dict:
    category = _pick(chance, habit.categories)
    start = chance.randrange(habit.hours[0] * 60, habit.hours[1] * 60, 5)
    span = chance.randrange(0, SPAN_MINUTES.get(category, 0) + 1, 5)
    # Hours past 24 belong to the night that began the day before.
    day = max(_day(chance, habit.nights_out) - start // 1440, 1)
    point = _spot(chance, zones[_pick(chance, habit.zones)])
    return {
        "days_before_anchor": day,
        "time_from": _clock(start),
        "time_to": _clock(start + span),
        "category": category,
        "longitude": round(point.x, 5),
        "latitude": round(point.y, 5),
        "accuracy_m": chance.choice((10, 15, 25, 50)),
        "found_by": _found_by(chance, category),
    }


def _pick(chance: random.Random, weights: dict[str, float]) -> str:
    return chance.choices(list(weights), list(weights.values()))[0]


def _day(chance: random.Random, nights_out: float) -> int:
    is_night_out = chance.random() < nights_out
    days = [day for day in range(2, DAYS + 1) if (day % 7 in (FRIDAY, SATURDAY)) is is_night_out]
    return chance.choice(days)


def _clock(minutes: int) -> str:
    return f"{minutes // 60 % 24:02d}:{minutes % 60:02d}"


def _spot(chance: random.Random, zone: Polygon) -> Point:
    """Even point of a zone."""
    west, south, east, north = zone.bounds
    while True:
        point = Point(chance.uniform(west, east), chance.uniform(south, north))
        if zone.contains(point):
            return point


def _found_by(chance: random.Random, category: str) -> str:
    # Dealing is found where patrols look: the field lets a model tell looking from happening.
    by_patrol = 0.8 if category == "drug_dealing" else 0.12
    return "patrol" if chance.random() < by_patrol else "reported"


def write_rows(rows: list[dict[str, object]], target: Path) -> None:
    """Write rows as CSV under a comment line that says they are invented."""
    with target.open("w", newline="", encoding="utf-8") as stream:
        stream.write(HEADER)
        writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    write_rows(make_rows(), HERE / "incidents.csv")
