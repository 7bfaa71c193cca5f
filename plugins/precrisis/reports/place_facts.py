"""What the report says of single places: effects of measures, and the sheets asked for."""

from typing import Any

from precrisis.alerts.wording import Language
from precrisis.city import City
from precrisis.reports import formats
from precrisis.reports.queries import Rows, Week
from precrisis.reports.texts import report_texts

BEYOND_CHANCE = 0.05


def place_facts(week: Week, city: City, language: Language) -> dict[str, Any]:
    """Return the variables of the measures' table, the sheets, and the checks of the forecast."""
    return {
        "measures": [_measure(row, language) for row in week.measures],
        "sheets": [_sheet(row, week.threats, language) for row in week.sheets],
        "check_lines": check_lines(week.checks, city, language),
    }


def check_lines(checks: Rows, city: City, language: Language) -> list[str]:
    """Say whether the map feeds itself, and whether districts err alike; only what is known."""
    text, lines = report_texts(language)["checks"], []
    if not checks:
        return lines
    (row,) = checks
    if row["feedback_ratio"] is not None:
        share = formats.decimal(row["feedback_ratio"], language)
        limit = city.thresholds.place_forecast.feedback_limit.value
        word = "feeds" if row["feedback_ratio"] > limit else "feeds_not"
        lines.append(text[word].format(share=share))
    if row["found_odds_p"] is not None and row["found_odds_p"] < BEYOND_CHANCE:
        lines.append(text["patrols_follow"])
    if row["districts_differ_p"] is not None:
        differ = row["districts_differ_p"] < BEYOND_CHANCE
        lines.append(text["districts_differ" if differ else "districts_alike"])
    return lines


def _measure(row: dict[str, Any], language: Language) -> dict[str, Any]:
    text = report_texts(language)
    return {
        **row,
        "kind_name": text["measure_kinds"][row["kind"]],
        "verdict_name": text["verdicts"][row["verdict"]],
        "at_place": _interval(row, "place", language),
        "in_ring": _interval(row, "ring", language),
    }


def _interval(row: dict[str, Any], part: str, language: Language) -> str:
    if row[f"{part}_pct"] is None:
        return formats.NONE
    told, low, high = (
        formats.signed(row[f"{part}{end}_pct"], language) for end in ("", "_low", "_high")
    )
    return f"{told}% ({low} / {high})"


def _sheet(row: dict[str, Any], threats: Rows, language: Language) -> dict[str, Any]:
    names = report_texts(language)["threats"]
    own = [
        {**threat, "name": names[threat["threat"]]}
        for threat in threats
        if (threat["subject"], threat["subject_id"]) == (row["subject"], row["site_id"])
    ]
    return {**row, "threats": own}
