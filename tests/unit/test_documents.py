"""Notices and assessments: they say what the register says, in both languages, and nothing else."""

import datetime as dt
from pathlib import Path

import pytest
import yaml

from precrisis.city import read_city
from precrisis.documents.figures import QUERIES, Proof
from precrisis.documents.impact import impact_assessment, rights_assessment
from precrisis.documents.layout import as_html, as_pdf
from precrisis.documents.notice import LANGUAGES, notice, notice_sha256
from precrisis.documents.record import notices, record_of_processing
from precrisis.documents.words import FOLDER, texts

ROOT = Path(__file__).parents[2]
PACKS = [ROOT / "tests" / "city", ROOT / "infra" / "city" / "trento"]
ON = dt.date(2026, 6, 1)
FIGURES = {name: number for number, name in enumerate(QUERIES, start=900)}
BOTH = pytest.mark.parametrize("language", LANGUAGES)


@pytest.fixture(params=PACKS, ids=lambda folder: folder.name)
def city(request, monkeypatch):
    for name in ("SAMPLES", "FEED_URL", "CITY_PACK"):
        monkeypatch.setenv(f"PRECRISIS_{name}", "unused")
    return read_city(request.param)


def all_documents(city, language, proofs=None):
    return [
        record_of_processing(city, language, ON),
        impact_assessment(city, language, ON, FIGURES, proofs or {}),
        rights_assessment(city, language, FIGURES),
        *notices(city, language),
    ]


def shape(content):
    """The keys of a nested text, lists by their length."""
    if isinstance(content, dict):
        return {key: shape(value) for key, value in content.items()}
    return [shape(part) for part in content] if isinstance(content, list) else "text"


def test_every_sentence_has_its_twin_in_the_other_language():
    for name in ("texts", "notice"):
        words = yaml.safe_load((FOLDER / f"{name}.yaml").read_text("utf-8"))
        assert shape(words["it"]) == shape(words["en"])


def test_G9_the_packs_hold_the_hash_of_the_notices_they_generate(city):
    for purpose in city.processing.purposes:
        assert purpose.notice.sha256 == notice_sha256(city, purpose), "run: make notices"
        assert purpose.assessment.masking_sha256 == city.masking_sha256, "run: make notices"


@BOTH
def test_G9_a_full_notice_says_what_articles_13_and_14_ask_for(city, language):
    purpose = city.processing.purposes[0]
    text = notice(city, purpose, language, "full")
    said = " ".join(f"{heading} {sentence}" for heading, sentence in text.sections)
    for wanted in (
        city.controller, city.contact["officer_address"], purpose.aim[language],
        purpose.legal_basis, purpose.data[language][1:], purpose.recipients[language][1:],
        city.cameras[0].name, "2016/679",
    ):  # fmt: skip
        assert wanted in said


@BOTH
def test_the_record_has_every_purpose_with_its_retention_and_open_objections(city, language):
    record = record_of_processing(city, language, ON)
    page = as_html(record, city, ON)
    for purpose in city.processing.purposes:
        assert f"{purpose.retention_hours} " in page
        assert purpose.legal_basis in page


@BOTH
def test_the_record_names_whom_the_terms_of_a_source_want_named(city, language):
    record = as_html(record_of_processing(city, language, ON), city, ON)
    assert record.count("© sample posts of PreCrisis") == 1


@BOTH
def test_the_impact_assessment_shows_every_figure_and_every_requirement(city, language):
    proofs = {"G1": Proof(7, 0, "2026-05-30"), "G13": Proof(4, 2, "2026-05-30")}
    document = impact_assessment(city, language, ON, FIGURES, proofs)
    requirements = document.sections[2].table.rows
    assert [row[0] for row in requirements] == [f"G{number}" for number in range(1, 14)]
    assert requirements[0][2:] == ("7", texts(language)["impact"]["passed"].format(
        n=7, day="30 mag 2026" if language == "it" else "30 May 2026"))  # fmt: skip
    assert requirements[12][3].startswith("2 ")  # what failed is said, not what passed
    assert {row[1] for row in document.sections[3].table.rows} == set(map(str, FIGURES.values()))


@BOTH
def test_a_masking_that_was_not_signed_off_is_said(city, language):
    masking = city.processing.masking.model_copy(update={"silhouette_margin_px": 5})
    changed = city.model_copy(
        update={"processing": city.processing.model_copy(update={"masking": masking})}
    )
    page = as_html(impact_assessment(changed, language, ON, FIGURES, {}), changed, ON)
    assert texts(language)["impact"]["masking_other"] in page


@BOTH
def test_every_document_becomes_a_page_that_loads_nothing_and_a_paper(city, language):
    for document in all_documents(city, language):
        page = as_html(document, city, ON)
        assert "<link" not in page
        assert "src=" not in page
        assert "None" not in page
        assert "{" not in page.split("</style>")[1]
    assert as_pdf(page).startswith(b"%PDF")


def test_words_of_the_register_can_not_become_markup(city):
    named = city.model_copy(update={"controller": "<script>alert(1)</script>"})
    page = as_html(record_of_processing(named, "en", ON), named, ON)
    assert "<script>" not in page
