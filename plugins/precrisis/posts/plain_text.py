"""The plain text of a post's HTML."""

import unicodedata
from html import escape

from lxml import etree, html

# Blocks and breaks that separate words though no space stands between them.
BREAKING = {"p", "br", "li", "ul", "ol", "blockquote", "pre", "div", "h1", "h2", "h3", "h4"}
# Controls, formats (zero width, direction), surrogates, private use: nothing a reader sees, and
# what is used to hide a telephone number from a pattern.
INVISIBLE = {"Cc", "Cf", "Cs", "Co"}


def markup_of(text: str) -> str:
    """Plain text as HTML, which `plain_text_of` reads as that text again."""
    return escape(text, quote=False).replace("\n", "<br>")


def plain_text_of(markup: str) -> str:
    """Visible text of an HTML fragment: one space between words, a line break between blocks.

    Composed as NFKC, not NFC: full-width digits and letters in fancy type become plain ones, so
    that they can't carry a number past the patterns of identifiers.py.
    """
    cleaned = "".join(character for character in markup if not _is_xml_forbidden(character))
    if not cleaned.strip():
        return ""
    try:
        root = html.fragment_fromstring(cleaned, create_parent="div")
    except (etree.ParserError, etree.XMLSyntaxError):
        return visible(cleaned)
    return visible(_text_with_breaks(root))


def visible(text: str) -> str:
    """The text in NFKC without invisible characters, blanks evened out."""
    composed = unicodedata.normalize("NFKC", text)
    kept = "".join(
        "\n" if c == "\n" else " " if c.isspace() else c
        for c in composed
        if c.isspace() or unicodedata.category(c) not in INVISIBLE
    )
    lines = (" ".join(line.split()) for line in kept.split("\n"))
    # Taking out what stood between them can bring a letter and its accent together.
    return unicodedata.normalize("NFKC", "\n".join(line for line in lines if line))


def _text_with_breaks(root: html.HtmlElement) -> str:
    for element in root.iter():
        if element.tag in BREAKING:
            element.text = "\n" + (element.text or "")
            element.tail = "\n" + (element.tail or "")
        elif not isinstance(element.tag, str) or element.tag in ("script", "style"):
            element.text = None
    return root.text_content()


def _is_xml_forbidden(character: str) -> bool:
    """lxml refuses NUL, other controls, surrogates and the two non-characters."""
    code = ord(character)
    return (
        (code < 32 and character not in "\t\n\r")
        or 0xD800 <= code < 0xE000
        or code & 0xFFFE == 0xFFFE
    )
