"""The impact assessments, made from the register and the measured figures."""

import datetime as dt
import tomllib
from typing import Any

from models.register import REGISTER as WEIGHTS
from precrisis.city import City
from precrisis.documents.figures import Proof
from precrisis.documents.model import Document, Section, Table
from precrisis.documents.words import requirements, texts
from precrisis.reports import formats


def impact_assessment(
    city: City, language: str, on: dt.date, figures: dict[str, int], proofs: dict[str, Proof]
) -> Document:
    """Return the data protection impact assessment (GDPR, Art. 35)."""
    words = texts(language)["impact"]
    limits = city.thresholds.risk_points
    numbers = {
        "people": f"{limits['small_cell_people'].value:g}",
        "authors": f"{limits['small_cell_authors'].value:g}",
    }
    necessity = tuple(sentence.format(**numbers) for sentence in words["necessity_text"])
    measured = ((words["figures"][name], str(value)) for name, value in figures.items())
    sections = (
        Section(words["description"], tuple(words["description_text"])),
        Section(words["necessity"], necessity),
        Section(words["risks"], table=_requirements(language, proofs)),
        Section(words["measured"], table=Table(tuple(words["measured_head"]), tuple(measured))),
        Section(words["models"], table=_models(words)),
        _open_points(city, language, on),
        Section(words["approvals"], table=_approvals(city, language)),
    )
    return Document("impact-assessment", language, words["title"], words["lead"], sections)


def _requirements(language: str, proofs: dict[str, Proof]) -> Table:
    words = texts(language)["impact"]
    rows = []
    for requirement in requirements():
        proof = proofs.get(requirement["row"])
        if proof is None:
            count, result = words["no_proof"], words["not_run"]
        else:
            count = str(proof.passed + proof.failed)
            key, number = ("failed", proof.failed) if proof.failed else ("passed", proof.passed)
            day = formats.date(dt.date.fromisoformat(proof.ran_on), language)
            result = words[key].format(n=number, day=day)
        rows.append((requirement["row"], requirement[language], count, result))
    return Table(tuple(words["risks_head"]), tuple(rows))


def _models(words: dict[str, Any]) -> Table:
    entries = tomllib.loads(WEIGHTS.read_text("utf-8"))["weights"]
    rows = tuple((entry["name"], entry["version"], entry["licence"]) for entry in entries)
    return Table(tuple(words["models_head"]), rows)


def _open_points(city: City, language: str, on: dt.date) -> Section:
    words = texts(language)["impact"]
    found = [
        f"{purpose.title[language]}: {objection.reference}, "
        f"{formats.date(objection.raised_on, language)}"
        for purpose in city.processing.purposes
        for objection in purpose.objections
        if objection.is_open(on)
    ]
    return Section(words["open"], tuple(found) or (words["open_none"],))


def _approvals(city: City, language: str) -> Table:
    words = texts(language)["impact"]
    rows = tuple(
        (
            purpose.title[language],
            purpose.assessment.version,
            formats.date(purpose.assessment.approved_on, language),
            words["masking_same"]
            if purpose.assessment.masking_sha256 == city.masking_sha256
            else words["masking_other"],
        )
        for purpose in city.processing.purposes
    )
    return Table(tuple(words["approvals_head"]), rows)


def rights_assessment(city: City, language: str, figures: dict[str, int]) -> Document:
    """Return the fundamental-rights impact assessment (AI Act, Art. 27)."""
    words = texts(language)["rights"]
    facts = {
        "controller": city.controller,
        "officer": city.contact["officer_address"],
        "first_end": formats.date(min(p.valid_until for p in city.processing.purposes), language),
        "alerts": figures["alerts"],
        "reviews": figures["reviews"],
    }
    sections = tuple(
        Section(heading, (sentence.format(**facts),)) for heading, sentence in words["sections"]
    )
    return Document(
        "rights-assessment", language, words["title"], words["lead"].format(**facts), sections
    )
