"""What a network of receivers asks of CAP messages beyond the OASIS schema.

A profile is a function from a document to what is wrong with it, under a name that a city pack
gives in `cap_profiles`. Another network's profile is another function here.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from lxml import etree

CAP = "{urn:oasis:names:tc:emergency:cap:1.2}"
Profile = Callable[[etree._Element], Iterator[str]]


def restricted(document: etree._Element) -> Iterator[str]:
    """What we ask of our own messages: they are for named readers, and can be placed and dated."""
    if document.findtext(f"{CAP}scope") == "Public":
        yield "scope is Public: alerts are for authorised readers"
    is_later = document.findtext(f"{CAP}msgType") in ("Update", "Cancel")
    if is_later and not document.findtext(f"{CAP}references"):
        yield "an Update or Cancel needs references to what it changes"
    infos = document.findall(f"{CAP}info")
    if not infos:
        yield "there is no info"
    languages = [info.findtext(f"{CAP}language") for info in infos]
    if len(set(languages)) < len(languages) or None in languages:
        yield "each info needs a language of its own"
    for info in infos:
        yield from _placed_and_dated(info, document.findtext(f"{CAP}sent") or "")


PROFILES: Mapping[str, Profile] = {"restricted": restricted}


def _placed_and_dated(info: etree._Element, sent: str) -> Iterator[str]:
    if info.find(f"{CAP}area/{CAP}polygon") is None:
        yield "an info has no polygon"
    expires = info.findtext(f"{CAP}expires")
    if not expires:
        yield "an info has no expires"
    elif not _is_later(expires, sent):
        yield "an info expires before it was sent"


def _is_later(expires: str, sent: str) -> bool:
    try:
        return datetime.fromisoformat(expires) > datetime.fromisoformat(sent)
    except ValueError:
        return True  # the schema says what is wrong with a time
