"""The rows of a file of posts: those that can be read, and those that can't with the reason."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from precrisis.outcome import Refused
from precrisis.pack.sources import Source
from precrisis.plain_files import Unreadable, parsed_json

LARGEST_FILE_BYTES = 100_000_000
LONGEST_VALUE = 20_000
FORMATS = {".csv": "csv", ".jsonl": "json", ".ndjson": "json"}


@dataclass(frozen=True)
class Row:
    """A row by its line in the file, from 1 on: its values by our names, or why it has none."""

    number: int
    values: dict[str, Any] = field(default_factory=dict, repr=False)
    refusal: Refused | None = None


def rows_of(file: Path, source: Source) -> Iterator[Row]:
    """The rows of a CSV or JSON Lines file, as the columns of the source name them.

    Raises:
        Refused: it is neither by its name, too large, or lacks a column that is wanted.
    """
    columns = {ours: theirs for ours, theirs in source.columns.model_dump().items() if theirs}
    form = FORMATS.get(file.suffix.lower())
    if form is None:
        raise Refused("file_format", f"its name must end in one of {sorted(FORMATS)}")
    if file.stat().st_size > LARGEST_FILE_BYTES:
        raise Refused("file_is_small", f"more than {LARGEST_FILE_BYTES} bytes; split it by time")
    found = _csv_rows(file, source, columns) if form == "csv" else _json_rows(file)
    for number, content in found:
        yield _row(number, content, columns)


def _csv_rows(
    file: Path, source: Source, columns: dict[str, str]
) -> Iterator[tuple[int, dict[str, Any] | None]]:
    with file.open(newline="", encoding="utf-8-sig", errors="surrogateescape") as stream:
        reader = csv.DictReader(stream, delimiter=source.separator)
        _expect_columns(reader, columns)
        while True:
            try:
                content = next(reader, None)
            except csv.Error:
                yield reader.line_num, None
                continue
            if content is None:
                return
            yield reader.line_num, content


def _expect_columns(reader: csv.DictReader, columns: dict[str, str]) -> None:
    try:
        found = list(reader.fieldnames or [])
    except csv.Error:
        raise Refused("file_readable", "its first line is no header in CSV") from None
    if missing := sorted(set(columns.values()) - set(found)):
        raise Refused("columns_known", f"it has no columns {missing}, which the city pack names")


def _json_rows(file: Path) -> Iterator[tuple[int, dict[str, Any] | None]]:
    with file.open(encoding="utf-8-sig", errors="surrogateescape", newline="\n") as stream:
        for number, line in enumerate(stream, start=1):
            if line.strip():
                yield number, _object(line)


def _object(line: str) -> dict[str, Any] | None:
    try:
        content = parsed_json(line, "row")
    except Unreadable:
        return None
    return content if isinstance(content, dict) else None


def _row(number: int, content: dict[str, Any] | None, columns: dict[str, str]) -> Row:
    if content is None:
        return Row(number, refusal=Refused("row_readable", "it can't be read as a row"))
    values = {ours: content.get(theirs) for ours, theirs in columns.items()}
    refusal = _refusal_of(values) or (
        Refused("row_complete", "it has more values than there are columns")
        if None in content
        else None
    )
    return Row(number, {} if refusal else values, refusal)


def _refusal_of(values: dict[str, Any]) -> Refused | None:
    texts = [value for value in values.values() if isinstance(value, str)]
    if not str(values["id"] or "").strip():
        return Refused("no_id", "its id is empty")
    if any(not _is_text(text) for text in texts):
        return Refused("row_is_text", "a value is not UTF-8 text")
    if any(len(text) > LONGEST_VALUE for text in texts):
        return Refused("row_is_short", f"a value is longer than {LONGEST_VALUE} characters")
    return None


def _is_text(value: str) -> bool:
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
