"""What is quiet and what changed, in words: a week with few hot hours has news, too."""

from typing import Any

from precrisis.alerts.wording import Language
from precrisis.city import City
from precrisis.reports import formats
from precrisis.reports.findings import listed, movers
from precrisis.reports.queries import Week
from precrisis.reports.texts import report_texts


def quiet_lines(week: Week, city: City, language: Language) -> list[str]:
    """Return the sentences; none when the week has no data."""
    text = report_texts(language)
    third = min(rule.limit for rule in city.thresholds.alert_rules) / 3
    highest = max(week.zones, key=lambda row: row["risk_max"], default=None)
    if highest is None:
        return []
    calm = text["calm"].format(
        zone=highest["zone_name"],
        risk=formats.whole(highest["risk_max"], language),
        count=sum(row["risk_max"] < third for row in week.zones),
        total=len(week.zones),
        third=formats.whole(third, language),
    )
    return [calm, _moved(week, language)]


def _moved(week: Week, language: Language) -> str:
    text, found = report_texts(language), movers(week.zones)
    if found is None:
        return text["moved_unknown"]
    parts = [
        text[key].format(places=listed([_moved_name(row, language) for row in rows], text["and"]))
        for key, rows in (("rising", found.rising), ("falling", found.falling))
        if rows
    ]
    if not parts:
        return text["moved_nothing"]
    return text["moved"].format(parts="; ".join(parts), count=found.steady_count)


def _moved_name(row: dict[str, Any], language: Language) -> str:
    return f"{row['zone_name']} ({formats.signed(row['change'], language)})"
