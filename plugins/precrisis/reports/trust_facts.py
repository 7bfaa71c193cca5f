"""What the third page shows: how far the week's figures can be trusted, and what is hidden."""

import datetime as dt
from typing import Any

from precrisis.alerts.wording import Language
from precrisis.city import City
from precrisis.reports import formats
from precrisis.reports.findings import best_score, by_middle_share
from precrisis.reports.queries import Rows, Week
from precrisis.reports.texts import report_texts


def trust_facts(week: Week, city: City, language: Language) -> dict[str, Any]:
    """Return the variables of page three and of the footer."""
    text = report_texts(language)
    (hidden,) = week.suppressed
    people, authors = _small_cells(city)
    last = week.start + dt.timedelta(days=6)
    versions = ", ".join(row["model_version"] for row in week.versions) or formats.NONE
    rules = ", ".join(f"{rule.rule} {rule.version}" for rule in city.thresholds.alert_rules)
    return {
        "k_authors": authors,
        "health": _health(week, text["nouns"]),
        **_score_table(week),
        **_score_words(week, language),
        "suppressed": text["suppressed_text"].format(
            k_people=people,
            k_authors=authors,
            windows=formats.whole(hidden["window_count"], language),
            theme_hours=formats.whole(hidden["theme_hour_count"], language),
        ),
        "footer": text["footer"].format(
            first=week.start, last=last, time_zone=city.time_zone, versions=versions, rules=rules
        ),
        "controller": text["controller"].format(
            controller=city.controller, contact=city.contact["officer_address"]
        ),
    }


def _small_cells(city: City) -> tuple[int, int]:
    """Return the numbers below which people and authors are not shown."""
    points = city.thresholds.risk_points
    return int(points["small_cell_people"].value), int(points["small_cell_authors"].value)


def _health(week: Week, names: dict[str, str]) -> Rows:
    """Return the health rows with their names, in the order a record travels."""
    order = {noun: position for position, noun in enumerate(names)}
    rows = sorted(week.health, key=lambda row: (order.get(row["noun"], len(order)), row["noun"]))
    return [{**row, "name": names.get(row["noun"], row["noun"].replace("_", " "))} for row in rows]


def _score_table(week: Week) -> dict[str, Any]:
    """Return a column for each share of the area, and methods with a cell (or None) in each."""
    cells = {(row["method"], row["area_share"]): row for row in week.scores}
    areas = sorted({area for _, area in cells})
    # In the order of the middle share, as the best one is chosen.
    methods = list(dict.fromkeys(row["method"] for row in by_middle_share(week.scores)))
    rows = [(method, [cells.get((method, area)) for area in areas]) for method in methods]
    return {"score_areas": areas, "score_rows": rows}


def _score_words(week: Week, language: Language) -> dict[str, str]:
    text, best = report_texts(language), best_score(week.scores)
    if best is None:
        return {"score_line": "", "score_note": ""}
    line = text["scores_better"].format(
        area=formats.percent(best["area_share"], language),
        method=text["methods"].get(best["method"], best["method"]),
        hit=formats.percent(best["hit_rate"], language),
    )
    note = text["scores_note"].format(
        count=best["incident_count"],
        first=formats.date(best["tested_from"], language),
        last=formats.date(best["tested_until"], language),
    )
    return {"score_line": f"{line} {_against_count_map(week, best, language)}", "score_note": note}


def _against_count_map(week: Week, best: dict[str, Any], language: Language) -> str:
    """Return how the best method compares with merely counting past incidents."""
    text = report_texts(language)
    if best["method"] == "count-map":
        return text["scores_no_gain"]
    counted = [
        row
        for row in week.scores
        if row["method"] == "count-map" and row["area_share"] == best["area_share"]
    ]
    if not counted:
        return ""
    return text["scores_count_map"].format(hit=formats.percent(counted[0]["hit_rate"], language))
