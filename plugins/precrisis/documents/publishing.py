"""assessments_publish: the documents of the register, as page and paper in the published bucket."""

import datetime as dt

from precrisis import store
from precrisis.city import city
from precrisis.documents.figures import read_figures, read_picture_attacks, read_proofs
from precrisis.documents.impact import impact_assessment, rights_assessment
from precrisis.documents.layout import as_html, as_pdf
from precrisis.documents.model import Document
from precrisis.documents.notice import LANGUAGES
from precrisis.documents.record import notices, record_of_processing
from precrisis.outcome import Outcome, Step
from precrisis.run import Run
from precrisis.warehouse import connect

KEPT = dt.timedelta(days=5 * 365)  # what was in force must be shown years later


def publish_documents(run: Run) -> int:
    """Write every document in every language; return how many files there are.

    Keys carry the day, so that each day's state stays and a rerun replaces only its own.
    """
    on = run.interval_end.astimezone(city().timezone).date()
    with connect("auditor") as connection:
        figures = read_figures(connection, run.interval_end) | read_picture_attacks()
    proofs = read_proofs()
    documents = [
        document
        for language in LANGUAGES
        for document in (
            record_of_processing(city(), language, on),
            impact_assessment(city(), language, on, figures, proofs),
            rights_assessment(city(), language, figures),
            *notices(city(), language),
        )
    ]
    step = Step("publish_document", "document", run, role="analysis")
    done = step.each(documents, _name, lambda d, o: _publish(d, on, o))
    return sum(outcome.rows_out for outcome in done)


def _name(document: Document) -> str:
    return f"{document.name}.{document.language}"


def _publish(document: Document, on: dt.date, outcome: Outcome) -> None:
    html = as_html(document, city(), on)
    files = {"html": (html.encode(), "text/html"), "pdf": (as_pdf(html), "application/pdf")}
    with connect("analysis") as connection:
        for ending, (content, content_type) in files.items():
            store.put(
                connection, "publish", "published", f"document/{on}/{_name(document)}.{ending}",
                content, noun="document", retention=KEPT, content_type=content_type,
            )  # fmt: skip
    outcome.rows_in, outcome.rows_out = 1, len(files)
