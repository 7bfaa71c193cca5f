"""Warnings of partners, from a folder of their CAP 1.2 messages, as events of the calendar.

A warning explains what an hour is like, as a market does; it raises nothing by itself. Only real
ones count (status Actual), as far as they touch a zone. An Update or Cancel of the same sender ends
what it refers to.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from cryptography import x509

from expectations import calendar_event
from precrisis import door
from precrisis.city import City, city
from precrisis.outcome import Outcome, Refused, quarantine
from precrisis.pack.sources import Source
from precrisis.records.cap_warning import LARGEST_BYTES, PartnerWarning, warning_of
from precrisis.settings import settings
from precrisis.warehouse import connect

MOST_FILES = 10_000
# What was made void by a message that came after it; also where its own file is gone by now.
FORGET = """
DELETE FROM raw.calendar_event
WHERE source = %(source)s AND split_part(source_id, '.', 1) = %(name)s AND starts_at >= %(sent_at)s
"""
END = """
UPDATE raw.calendar_event SET ends_at = %(sent_at)s
WHERE source = %(source)s AND split_part(source_id, '.', 1) = %(name)s AND ends_at > %(sent_at)s
"""
Row = dict[str, Any]


def take_in_warnings(source: Source, outcome: Outcome) -> None:
    """Write the warnings of a source, each with the zones it touches; end what was made void.

    A message that can't be used is quarantined under its file's name.
    """
    found: dict[str, PartnerWarning] = {}
    certificate = certificate_of(source)
    with connect("ingest") as connection:
        for file_name, content in messages_in(source):
            outcome.rows_in += 1
            try:
                warning = warning_of(content, city().language, certificate)
                found.setdefault(warning.name, warning)
            except Refused as refusal:
                quarantine(connection, source.noun, f"{source.source_id}/{file_name}", refusal)
        warnings = list(found.values())
        rows = rows_of(warnings, city(), source.source_id)
        suite = calendar_event.station([zone.zone_id for zone in city().zones])
        if rows:
            outcome.rows_out = door.load(connection, suite, rows, source.source_id)
        for name, sent_at in voided(warnings).items():
            facts = {"source": source.source_id, "name": name, "sent_at": sent_at}
            connection.execute(FORGET, facts)
            connection.execute(END, facts)


def messages_in(source: Source) -> Iterator[tuple[str, bytes]]:
    """Read every .xml file of a source's folder, by name.

    Raises:
        Refused: there are more files than are read in one go.
    """
    files = sorted(Path(source.address).glob("*.xml"))
    if len(files) > MOST_FILES:
        raise Refused("folder_is_small", f"more than {MOST_FILES} messages; put old ones away")
    for file in files:
        with file.open("rb") as stream:
            yield file.name, stream.read(LARGEST_BYTES + 1)


def certificate_of(source: Source) -> bytes | None:
    """Return the certificate (PEM) that a source's messages must be signed with, if any.

    Raises:
        Refused: the pack does not hold it; nothing of the source is read then.
    """
    if source.signed_by is None:
        return None
    try:
        content = (settings().city_pack / source.signed_by).read_bytes()
        x509.load_pem_x509_certificate(content)
    except (OSError, ValueError):
        reason = f"{source.signed_by} is no certificate in PEM; put it into the city pack"
        raise Refused("certificate_readable", reason) from None
    return content


def rows_of(warnings: Sequence[PartnerWarning], the_city: City, source_id: str) -> list[Row]:
    """Return a row of raw.calendar_event per warning and zone it touches, ended where made void."""
    ends = voided(warnings)
    return [
        {
            "source": source_id,
            "source_id": f"{warning.name}.{zone.zone_id}",
            "title": warning.title,
            "kind": "warning",
            "place_id": zone.zone_id,
            "starts_at": warning.starts_at,
            "ends_at": min(warning.ends_at, ends.get(warning.name, warning.ends_at)),
            "expected_people": None,
        }
        for warning in warnings
        if warning.is_real and not warning.is_cancel
        and ends.get(warning.name, warning.ends_at) > warning.starts_at
        for zone in the_city.zones
        if zone.geometry.intersects(warning.area)
    ]  # fmt: skip


def voided(warnings: Sequence[PartnerWarning]) -> Mapping[str, dt.datetime]:
    """Return from when on a warning is void, by name: real updates and cancels say so."""
    ends: dict[str, dt.datetime] = {}
    for warning in (w for w in warnings if w.is_real):
        for name in warning.makes_void:
            ends[name] = min(warning.sent_at, ends.get(name, warning.sent_at))
    return ends
