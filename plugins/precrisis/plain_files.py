"""Read YAML and JSON that others wrote, whatever it is: content, or one kind of error.

The libraries alone would let a small file fill the memory (a YAML of aliases), or end with errors
that a caller does not expect (nesting too deep, NUL bytes).
"""

import json
from pathlib import Path
from typing import Any

import yaml

LARGEST_BYTES = 50_000_000  # the base map of a region has a few million
DEEPEST_YAML = 30


class Unreadable(ValueError):
    """A file can't be read as what it is named; says which and why."""


def text_of(file: Path) -> str:
    """The text of a UTF-8 file.

    Raises:
        OSError: there is none.
        Unreadable: it is too large, or not UTF-8.
    """
    size = file.stat().st_size
    if size > LARGEST_BYTES:
        raise Unreadable(f"{file.name} has {size} bytes; at most {LARGEST_BYTES} are read")
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise Unreadable(f"{file.name} is not UTF-8 text; save it as such") from None


def parsed_yaml(text: str, name: str) -> Any:
    """The content of a YAML text. Aliases are refused: some lines of them stand for gigabytes.

    Raises:
        Unreadable: it is no YAML, holds an alias, or is nested too deep.
    """
    try:
        _check_shape(text, name)
        return yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError, OverflowError) as error:
        if isinstance(error, Unreadable):
            raise
        raise Unreadable(f"{name} is no YAML that can be read: {_first_line(error)}") from None


def _check_shape(text: str, name: str) -> None:
    """Stop at the first thing that would cost time or memory without measure."""
    depth = 0
    for event in yaml.parse(text, yaml.SafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if isinstance(event, yaml.AliasEvent):
            raise Unreadable(f"{name} repeats a part by an alias (*name); write it out")
        if depth > DEEPEST_YAML:
            raise Unreadable(f"{name} is nested deeper than {DEEPEST_YAML}")


def parsed_json(text: str | bytes, name: str) -> Any:
    """The content of a JSON text.

    Raises:
        Unreadable: it is no JSON, or nested too deep.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"{name} is no JSON that can be read: {_first_line(error)}") from None


def _first_line(error: Exception) -> str:
    """What and where. A YAML error quotes the file after its first line."""
    mark = getattr(error, "problem_mark", None)
    where = f" (line {mark.line + 1})" if mark else ""
    return (str(getattr(error, "problem", None) or error).splitlines() or [""])[0][:200] + where
