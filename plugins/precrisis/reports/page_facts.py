"""Everything the template of the weekly report shows, in words and numbers of one language."""

import base64
from typing import Any

from precrisis.alerts.reasons import CONTRIBUTIONS
from precrisis.alerts.wording import Language, certainty_band
from precrisis.city import City
from precrisis.reports import formats
from precrisis.reports.findings import (
    MOST_PLACES,
    STEADY,
    Need,
    gathered,
    headline,
    listed,
    needs,
    peak_hour,
)
from precrisis.reports.place_facts import place_facts
from precrisis.reports.queries import Rows, Week
from precrisis.reports.quiet_facts import quiet_lines
from precrisis.reports.texts import report_texts
from precrisis.reports.trust_facts import trust_facts

TOP_COUNT = 5
BAR_MM = 58.0
MAP_PX = (1800, 704)


def page_facts(
    week: Week, city: City, language: Language, districts: list[str] | None
) -> dict[str, Any]:
    """Return the variables of infra/reports/weekly.html."""
    from precrisis.reports.charts import hour_heatmap, incident_bars

    text, found = report_texts(language), needs(week)
    names = category_names(city, language)
    return {
        "t": text,
        "language": language,
        "city": city,
        "week": week,
        "week_label": formats.week_label(week.start, language),
        "area_label": area_label(text, districts),
        "is_sample": is_sample(city),
        "headline": headline_of(week, city, language),
        "needs": [_need_words(need, city, language) for need in found[:MOST_PLACES]],
        "quiet_lines": quiet_lines(week, city, language),
        "also": listed([need.zone_name for need in found[MOST_PLACES:]], text["and"]),
        "map_uri": _map_uri(week, city, found[:MOST_PLACES], language) if week.zones else "",
        "top": _top(week, language),
        "risk_note": text["risk_note"].format(hours=_hour_count(week)),
        "heatmap": hour_heatmap(week.hours, text["weekdays_short"], text["heat_axis"]),
        "heat_note": _heat_note(week, text),
        "incident_chart": incident_bars(week.incidents, names),
        "calendar": [_event_words(days, language) for days in gathered(week.calendar)],
        "alerts_summary": _alerts_summary(week, text),
        **place_facts(week, city, language),
        **trust_facts(week, city, language),
    }


def headline_of(week: Week, city: City, language: Language) -> str:
    """Return the first sentence of the report."""
    return headline(needs(week), report_texts(language), _limit(city, language))


def area_label(text: dict[str, Any], districts: list[str] | None) -> str:
    """Return which districts the report covers, in words."""
    if districts is None:
        return text["all_districts"]
    return text["for_districts"].format(districts=", ".join(districts))


def is_sample(city: City) -> bool:
    """Return whether any camera of the city plays sample footage."""
    return any(camera.is_sample for camera in city.cameras)


def category_names(city: City, language: Language) -> dict[str, str]:
    """Return the name of each incident category from the city pack."""
    return {
        category: entry["label"][language] for category, entry in city.incident_categories.items()
    }


def _limit(city: City, language: Language) -> str:
    return formats.whole(min(rule.limit for rule in city.thresholds.alert_rules), language)


def _need_words(need: Need, city: City, language: Language) -> dict[str, Any]:
    text = report_texts(language)
    line = text["need_line_one" if need.hour_count == 1 else "need_line"].format(
        hours=text["hours"].format(count=need.hour_count),
        limit=_limit(city, language),
        weekday=text["weekdays"][need.weekday - 1],
        start=f"{need.first_hour}:00",
        end=f"{need.end_hour}:00",
        cause=text["causes"][need.cause],
    )
    events = [_event_words(days, language) for days in gathered(need.events)[:2]]
    planned = [text["need_event"].format(title=e["title"], day=e["days"]) for e in events]
    measure = text["measures"][need.cause]
    return {"zone_name": need.zone_name, "line": line, "events": planned, "measure": measure}


def _event_words(days: Rows, language: Language) -> dict[str, str]:
    """Return one event of the calendar, which may go over several days."""
    first, last = (formats.day(row["local_date"], language) for row in (days[0], days[-1]))
    return {
        "days": first if len(days) == 1 else f"{first} – {last}",
        "hours": f"{days[0]['starts_local']:%H:%M}–{days[0]['ends_local']:%H:%M}",
        "title": days[0]["event_title"],
        "zones": ", ".join(days[0]["zone_names"]),
    }


def _map_uri(week: Week, city: City, found: list[Need], language: Language) -> str:
    from precrisis.map_picture import zone_map

    """Return the map of each place's highest index: means are too alike to tell places apart."""
    risk = {row["zone_id"]: row["risk_max"] for row in week.zones}
    named = [need.zone_id for need in found]
    # The week holds the zones of the reader's districts: the others stay off the map.
    own = city.model_copy(update={"zones": [z for z in city.zones if z.zone_id in risk]})
    picture = zone_map(
        own, None, *MAP_PX, risk=risk, highlight=named, language=language, pixel_ratio=2
    )
    return "data:image/png;base64," + base64.b64encode(picture).decode()


def _top(week: Week, language: Language) -> list[dict[str, Any]]:
    words = report_texts(language)["certainty"]
    rows = week.zones[:TOP_COUNT]
    scale = BAR_MM / max([1.0, *(row["risk_mean"] for row in rows)])
    return [
        {
            **row,
            "parts": [(key, round(scale * row[key], 2)) for key in CONTRIBUTIONS if row[key] > 0],
            "certainty_word": words[certainty_band(row["certainty"])],
            **_change(row, language),
        }
        for row in rows
    ]


def _change(row: dict[str, Any], language: Language) -> dict[str, str]:
    if row["risk_mean_before"] is None:
        return {"change": formats.NONE, "trend": ""}
    difference = row["risk_mean"] - row["risk_mean_before"]
    trend = "up" if difference > STEADY else "down" if difference < -STEADY else ""
    return {"change": formats.signed(difference, language), "trend": trend}


def _hour_count(week: Week) -> int:
    """Return for how many hours of the week there are data."""
    return max((row["hour_count"] for row in week.zones), default=0)


def _heat_note(week: Week, text: dict[str, Any]) -> str:
    peak = peak_hour(week.hours)
    if peak is None:
        return ""
    weekday = text["weekdays"][peak["weekday"] - 1]
    return text["heat_note"].format(weekday=weekday, hour=f"{peak['hour_of_day']}:00")


def _alerts_summary(week: Week, text: dict[str, Any]) -> str:
    statuses = [row["status"] for row in week.alerts]
    counts = {status: statuses.count(status) for status in ("accepted", "dismissed", "waiting")}
    return text["alerts_summary"].format(count=len(statuses), **counts)
