"""The record of processing and the notices, made from the register."""

import datetime as dt

from precrisis.city import City
from precrisis.documents.model import Document, Section, Table
from precrisis.documents.notice import LAYERS, named_sources, notice
from precrisis.documents.words import texts
from precrisis.register import Purpose
from precrisis.reports import formats

FIELDS = (
    "aim", "legal_basis", "act", "valid_until", "people", "data", "sources", "recipients",
    "transfers", "retention", "assessment", "mode", "objections",
)  # fmt: skip


def notices(city: City, language: str) -> list[Document]:
    """Return the short and the full notice of every purpose."""
    return [
        Document(
            name=f"notice-{layer}_{purpose.purpose_id}",
            language=language,
            title=text.title,
            lead=texts(language)[f"notice_{layer}"],
            sections=tuple(Section(heading, (sentence,)) for heading, sentence in text.sections),
        )
        for purpose in city.processing.purposes
        for layer in LAYERS
        for text in [notice(city, purpose, language, layer)]
    ]


def record_of_processing(city: City, language: str, on: dt.date) -> Document:
    """Return the record of processing activities (GDPR, Art. 30)."""
    words = texts(language)["record"]
    purposes = tuple(
        Section(purpose.title[language], table=Table((), _facts(city, purpose, language, on)))
        for purpose in city.processing.purposes
    )
    security = Section(words["security"], tuple(words["measures"]))
    lead = words["lead"].format(controller=city.controller, officer=city.contact["officer_address"])
    return Document("record", language, words["title"], lead, (*purposes, security))


def _facts(city: City, purpose: Purpose, language: str, on: dt.date) -> tuple:
    words = texts(language)["record"]
    assessment = purpose.assessment
    values = {
        "aim": purpose.aim[language],
        "legal_basis": purpose.legal_basis,
        "act": purpose.act,
        "valid_until": formats.date(purpose.valid_until, language),
        "people": purpose.people[language],
        "data": purpose.data[language],
        "sources": "; ".join([*named_sources(city, purpose), *_credits(city, purpose)]),
        "recipients": purpose.recipients[language],
        "transfers": words["transfers"],
        "retention": words["hours"].format(n=purpose.retention_hours),
        "assessment": words["approved"].format(
            version=assessment.version, day=formats.date(assessment.approved_on, language)
        ),
        "mode": words["modes"][purpose.mode],
        "objections": ", ".join(o.reference for o in purpose.objections if o.is_open(on))
        or texts(language)["none"],
    }
    return tuple((words["fields"][name], values[name]) for name in FIELDS)


def _credits(city: City, purpose: Purpose) -> list[str]:
    """Who wants to be named for what the purpose reads."""
    sources = (s for s in city.sources if s.purpose_id == purpose.purpose_id and s.terms)
    return sorted({f"© {source.terms.attribution}" for source in sources})
