"""Our pages out of their templates, in the city's language."""

import datetime as dt
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, FileSystemLoader, select_autoescape

from precrisis import clock
from precrisis.city import city

HERE = Path(__file__).parent


def page(template: str, **values: Any) -> str:
    """A page as HTML; every value is escaped."""
    texts = yaml.safe_load((HERE / "texts.yaml").read_text(encoding="utf-8"))
    language = city().language
    words = {key: entry[language] for key, entry in texts.items()}
    environment = Environment(loader=FileSystemLoader(HERE), autoescape=select_autoescape())
    environment.filters["clock"] = _clock
    environment.filters["age"] = lambda age: _age(age, words["day_short"])
    environment.filters["local"] = lambda at: f"{at.astimezone(city().timezone):%d.%m.%Y %H:%M:%S}"
    return environment.get_template(template).render(t=words, language=language, **values)


def _clock(at: dt.datetime) -> str:
    """The local time of day, with the date where it is not today's."""
    local, today = at.astimezone(city().timezone), clock.now().astimezone(city().timezone).date()
    return f"{local:%H:%M}" if local.date() == today else f"{local:%d.%m. %H:%M}"


def _age(age: dt.timedelta, day: str) -> str:
    """A duration as one reads it from afar: minutes, then hours, then days."""
    minutes = max(0, int(age.total_seconds() // 60))
    if minutes < 60:
        return f"{minutes} min"
    return (
        f"{minutes // 60} h {minutes % 60:02} min" if minutes < 2880 else f"{minutes // 1440} {day}"
    )
