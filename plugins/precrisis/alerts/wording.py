"""The words of an alert in Italian and English: headline, time, certainty, severity."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import yaml
from babel.dates import format_date, format_time
from babel.numbers import format_decimal

from precrisis.alerts.candidates import Candidate
from precrisis.city import City

Language = Literal["it", "en"]
LOCALE = {"it": "it_IT", "en": "en_GB"}
# A risk index is inferred, so no word here says "observed".
HIGH_CERTAINTY, MEDIUM_CERTAINTY = 0.7, 0.4


@lru_cache(maxsize=1)
def _all_texts() -> dict[str, dict[str, Any]]:
    return yaml.safe_load(Path(__file__).with_name("texts.yaml").read_text(encoding="utf-8"))


def texts(language: Language) -> dict[str, Any]:
    """Return the sentences of one language.

    Raises:
        KeyError: the language is neither `it` nor `en`.
    """
    return _all_texts()[language]


def certainty_band(certainty: float) -> Literal["high", "medium", "low"]:
    """Return the band of a certainty between 0 and 1."""
    if certainty >= HIGH_CERTAINTY:
        return "high"
    return "medium" if certainty >= MEDIUM_CERTAINTY else "low"


@dataclass(frozen=True)
class Wording:
    """The sentences of one candidate in one language, numbers and local times filled in."""

    candidate: Candidate
    zone_name: str
    language: Language
    zone_info: ZoneInfo

    @property
    def text(self) -> dict[str, Any]:
        """Return the fixed sentences of the language."""
        return texts(self.language)

    def number(self, value: float, pattern: str = "0") -> str:
        """Return a number as the language writes it."""
        return format_decimal(value, pattern, locale=LOCALE[self.language])

    @property
    def risk(self) -> str:
        """Return the risk index without decimals."""
        return self.number(self.candidate.risk_index)

    @property
    def severity(self) -> str:
        """Return the severity in words."""
        return self.text["severity"][self.candidate.severity]

    @property
    def certainty(self) -> str:
        """Return the certainty in words, with its figure."""
        word = self.text["certainty"][certainty_band(self.candidate.certainty)]
        return f"{word} ({self.number(self.candidate.certainty, '0%')})"

    @property
    def headline(self) -> str:
        """Return place and risk index in one line."""
        return self.text["headline"].format(zone=self.zone_name, risk=self.risk)

    @property
    def when(self) -> str:
        """Return the local time span."""
        start = self.candidate.starts_at.astimezone(self.zone_info)
        end = self.candidate.ends_at.astimezone(self.zone_info)
        hours = {"start": self._clock(start), "end": self._clock(end)}
        if start.date() == end.date() or (end - start).total_seconds() < 86400:
            return self.text["when"].format(day=self._day(start), **hours)
        return self.text["when_days"].format(
            first_day=self._day(start), last_day=self._day(end), **hours
        )

    def titled(self, why: str, title: str) -> str:
        """Return a title that says what became of the alert, if it is not its first version."""
        mark = self.text["change_title"].get(why)
        return f"{mark}: {title[0].lower() + title[1:]}" if mark else title

    def change(self, why: str) -> str:
        """Return why there is another version, in a sentence."""
        end = self.candidate.ends_at.astimezone(self.zone_info)
        return self.text["change"][why].format(severity=self.severity, end=self._clock(end))

    def instruction(self, why: str) -> str:
        """Return what a reader is to do."""
        return self.text["instruction_after"].get(why, self.text["instruction"])

    def _day(self, moment: datetime) -> str:
        return format_date(moment, "EEEE d MMMM y", locale=LOCALE[self.language])

    def _clock(self, moment: datetime) -> str:
        return format_time(moment, "HH:mm", locale=LOCALE[self.language])

    def sentences(self, parts: list[dict[str, Any]]) -> list[str]:
        """Return the text of each reason or unknown."""
        return [part[f"text_{self.language}"] for part in parts]


def wording(candidate: Candidate, city: City, language: Language) -> Wording:
    """Return the words for a candidate of a city.

    Raises:
        CityPackError: the zone is not in the city pack.
    """
    return Wording(candidate, city.zone(candidate.zone_id).name, language, city.timezone)


def languages(city: City) -> tuple[Language, Language]:
    """Return both languages, the city's own first."""
    return ("it", "en") if city.language == "it" else ("en", "it")
