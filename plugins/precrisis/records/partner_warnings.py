"""Warnings of partners, from a folder or feed of CAP 1.2 messages, as events of the calendar.

A warning explains what an hour is like, as a market does; it raises nothing by itself.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from psycopg import Connection

from expectations import calendar_event
from precrisis import clock, door
from precrisis.city import city
from precrisis.outcome import Outcome, Refused, quarantine
from precrisis.pack.sources import Source
from precrisis.posts.connector import FeedBusy
from precrisis.posts.cursors import leave_alone, move_cursor, place_of
from precrisis.records.cap_warning import LARGEST_BYTES, PartnerWarning, warning_of
from precrisis.records.taking_in import from_each_source
from precrisis.records.warning_feed import read_warnings
from precrisis.records.warning_rows import rows_of, voided
from precrisis.run import Run
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


def take_in_warnings(run: Run) -> int:
    """Write the warnings of every source, each with the zones it touches; end what was made void.

    A message that can't be used is quarantined under its file's name. Return how many rows came in.

    Raises:
        StepFailed: a feed can't be read, or the register does not allow a source.
    """
    return from_each_source(
        "take_in_warnings", "calendar_event", run, _take_in, lambda s: s.kind == "cap"
    )


def _take_in(source: Source, outcome: Outcome) -> None:
    certificate = certificate_of(source)
    with connect("ingest") as connection:
        if urlsplit(source.address).scheme:
            _take_in_feed(connection, source, outcome, certificate)
        else:
            _load(connection, source, outcome, messages_in(source), certificate)


def _take_in_feed(
    connection: Connection, source: Source, outcome: Outcome, certificate: bytes | None
) -> None:
    place = place_of(connection, source.source_id)
    connection.commit()  # the partner's server may take its time
    if place.wait_until and place.wait_until > clock.now():
        outcome.status = "unchanged"
        outcome.detail = f"asks not to be asked before {place.wait_until:%Y-%m-%d %H:%M} UTC"
        return
    try:
        reading = read_warnings(source, place.cursor)
        for name, refusal in reading.refused:
            quarantine(connection, source.noun, f"{source.source_id}/{name}", refusal)
        _load(connection, source, outcome, reading.messages, certificate)
        if reading.cursor is not None:
            move_cursor(connection, source.source_id, reading.cursor)
        if reading.problem:
            raise reading.problem
    except FeedBusy as busy:
        leave_alone(connection, source.source_id, busy.wait_s)
        raise
    outcome.status = "ok" if outcome.rows_in else "unchanged"


def _load(
    connection: Connection,
    source: Source,
    outcome: Outcome,
    messages: Iterable[tuple[str, bytes]],
    certificate: bytes | None,
) -> None:
    """Bring messages, by name, through the door, and end what they make void."""
    found: dict[str, PartnerWarning] = {}
    for name, content in messages:
        outcome.rows_in += 1
        try:
            warning = warning_of(content, city().language, certificate)
            found.setdefault(warning.name, warning)
        except Refused as refusal:
            quarantine(connection, source.noun, f"{source.source_id}/{name}", refusal)
    warnings = list(found.values())
    rows = rows_of(warnings, city(), source.source_id)
    suite = calendar_event.station([zone.zone_id for zone in city().zones])
    with suppress(door.AllRefused):  # in quarantine; it must not hold up what comes after it
        outcome.rows_out = door.load(connection, suite, rows, source.source_id) if rows else 0
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
