"""The weekly report as PDF: reads the marts of one week, finds what to say, lays it out.

The same week over the same marts gives the same bytes: nothing here asks the clock.
"""

import datetime as dt
from functools import partial

from jinja2 import Environment, FileSystemLoader
from psycopg import Connection

from precrisis.alerts.wording import Language
from precrisis.city import City
from precrisis.reports import formats
from precrisis.reports.page_facts import page_facts
from precrisis.reports.queries import Week, read_week
from precrisis.reports.texts import LAYOUT


def weekly_report(
    connection: Connection,
    city: City,
    week_start: dt.date,
    language: Language,
    districts: list[str] | None = None,
) -> bytes:
    """Return the report on the seven days from `week_start` as a PDF (A4, three pages).

    districts restricts places, incidents, alerts and cameras to some of the city's districts;
    None means all.

    Raises:
        ValueError: a district is not one of the city's.
        psycopg.errors.UndefinedTable: the marts are not built; run the warehouse build first.
    """
    _check_districts(city, districts)
    week = read_city_week(connection, city, week_start, districts)
    return report_pdf(week, city, language, districts)


def report_pdf(
    week: Week, city: City, language: Language, districts: list[str] | None = None
) -> bytes:
    """Return the PDF of a week that was read for `districts`."""
    import weasyprint
    from weasyprint.urls import URLFetcher

    style = weasyprint.CSS(string=(LAYOUT / "weekly.css").read_text(encoding="utf-8"))
    # Nothing but what the page carries itself: no text of a mart may reach a file or the network.
    inline = URLFetcher(allowed_protocols=("data",), fail_on_errors=True)
    html = report_html(week, city, language, districts)
    return weasyprint.HTML(string=html, url_fetcher=inline).write_pdf(stylesheets=[style])


def report_html(
    week: Week, city: City, language: Language, districts: list[str] | None = None
) -> str:
    """Return the report as one HTML page without its style."""
    template = _environment(language, city).get_template("weekly.html")
    return template.render(page_facts(week, city, language, districts))


def read_city_week(
    connection: Connection,
    city: City,
    week_start: dt.date,
    districts: list[str] | None,
    sheets: list[str] | None = None,
) -> Week:
    """Read the week with the limit and certainty of the city's most sensitive alert rule."""
    rule = min(city.thresholds.alert_rules, key=lambda rule: rule.limit)
    return read_week(
        connection, week_start, city.time_zone, districts, rule.limit, rule.min_certainty, sheets
    )


def _check_districts(city: City, districts: list[str] | None) -> None:
    known = {zone.district for zone in city.zones}
    unknown = sorted(set(districts or []) - known)
    if unknown or districts == []:
        raise ValueError(
            f"districts {unknown or 'empty'}: name some of {sorted(known)}, or None for all; "
            "correct report_recipients in city.yaml"
        )


def _environment(language: Language, city: City) -> Environment:
    environment = Environment(loader=FileSystemLoader(LAYOUT), autoescape=True)
    for name in ("whole", "decimal", "percent", "day", "date"):
        environment.filters[name] = partial(getattr(formats, name), language=language)
    for name in ("moment", "span"):
        environment.filters[name] = partial(
            getattr(formats, name), language=language, zone=city.timezone
        )
    return environment
