"""The lines of a source of records, whether it is a file or a portal."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from precrisis.pack.sources import Source
from precrisis.posts.cursors import move_cursor, place_of
from precrisis.records.api_source import read
from precrisis.records.files import lines_of, plain_rows
from precrisis.settings import settings
from precrisis.version import pack_sha256
from precrisis.warehouse import connect


@contextmanager
def lines_offered(source: Source, columns: Iterable[str]) -> Iterator[list[dict[str, str]] | None]:
    """Give the lines to load; None where a portal has nothing new since they were last loaded.

    That they were is noted at the end of the block, and only where it ends well. Another city pack
    reads all anew: what was refused may pass now.

    Raises:
        Refused, PermissionError, ApiBroken: as the readers.
    """
    if source.kind != "records_api":
        yield lines_of(source, columns)
        return
    with connect("ingest") as connection:
        known = place_of(connection, source.source_id).cursor
    offered = read(source, columns, known, pack_sha256(settings().city_pack))
    if offered is None:
        yield None
        return
    yield plain_rows(source, offered.rows, first=1)
    with connect("ingest") as connection:
        move_cursor(connection, source.source_id, offered.cursor)
