"""The short and the full notice of a purpose, generated from the register (GDPR, Art. 13 and 14).

The gate compares their hash with the one the register holds for the notice as published: when the
register changes, what people were told is no longer true, and nothing runs until they are told.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import yaml

from precrisis.city import City
from precrisis.documents.words import FOLDER
from precrisis.register import Purpose, sha256

LANGUAGES = ("it", "en")
LAYERS = ("short", "full")


@dataclass(frozen=True)
class NoticeText:
    """One layer of a notice in one language: (heading, sentence) pairs."""

    title: str
    sections: tuple[tuple[str, str], ...]


def notice(the_city: City, purpose: Purpose, language: str, layer: str) -> NoticeText:
    """Return the notice of a purpose; `language` is it or en, `layer` short or full."""
    texts = _texts()[language]
    words = {
        "title": purpose.title[language],
        "aim": purpose.aim[language],
        "people": purpose.people[language],
        "data": purpose.data[language],
        "recipients": purpose.recipients[language],
        "legal_basis": purpose.legal_basis,
        "act": purpose.act,
        "controller": the_city.controller,
        "officer": the_city.contact["officer_address"],
        "website": the_city.authority["website"],
        "retention": _duration(texts, purpose.retention_hours),
        "sources": "; ".join(named_sources(the_city, purpose)),
    }
    sections = tuple(
        (heading, _sentence(template.format(**words))) for heading, template in texts[layer]
    )
    return NoticeText(texts["title"].format(**words), sections)


def notice_sha256(the_city: City, purpose: Purpose) -> str:
    """Hash of what both layers say in both languages; how they look does not count."""
    return sha256(
        [
            [text.title, text.sections]
            for language in LANGUAGES
            for text in (notice(the_city, purpose, language, layer) for layer in LAYERS)
        ]
    )


def named_sources(the_city: City, purpose: Purpose) -> list[str]:
    """What the purpose reads: for footage the cameras by name, since people look for theirs."""
    sources = [s for s in the_city.sources if s.purpose_id == purpose.purpose_id]
    cameras = [c.name for s in sources for c in the_city.cameras if c.source_id == s.source_id]
    return sorted(cameras) or sorted(source.source_id for source in sources)


def _duration(texts: dict[str, Any], hours: int) -> str:
    days, rest = divmod(hours, 24)
    unit, number = ("hours", hours) if rest or days < 2 else ("days", days)
    return texts[unit].format(n=number)


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:]


@lru_cache(maxsize=1)
def _texts() -> dict[str, Any]:
    return yaml.safe_load((FOLDER / "notice.yaml").read_text("utf-8"))
