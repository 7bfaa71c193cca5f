"""Lay a document out as a page (HTML) and as a paper (PDF)."""

import datetime as dt

from jinja2 import Environment, FileSystemLoader

from precrisis.city import City
from precrisis.documents.model import Document
from precrisis.documents.words import FOLDER, texts
from precrisis.reports import formats


def as_html(document: Document, city: City, on: dt.date) -> str:
    """Return a page that carries its own style and loads nothing."""
    words = texts(document.language)
    page = Environment(loader=FileSystemLoader(FOLDER), autoescape=True).get_template(
        "document.html"
    )
    return page.render(
        document=document,
        city=city,
        t=words,
        style=(FOLDER / "document.css").read_text("utf-8"),
        generated=words["generated"].format(day=formats.date(on, document.language)),
    )


def as_pdf(html: str) -> bytes:
    """Return the paper of a page; nothing is fetched."""
    import weasyprint
    from weasyprint.urls import URLFetcher

    inline = URLFetcher(allowed_protocols=("data",), fail_on_errors=True)
    return weasyprint.HTML(string=html, url_fetcher=inline).write_pdf()
