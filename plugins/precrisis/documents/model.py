"""What a generated document is made of, before it is laid out."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Table:
    """Heads may be empty: then the first column names what the second says."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Section:
    """A heading with sentences and at most one table."""

    heading: str
    sentences: tuple[str, ...] = ()
    table: Table | None = None


@dataclass(frozen=True)
class Document:
    """One document in one language; `name` is its file name without language and ending."""

    name: str
    language: str
    title: str
    lead: str = ""
    sections: tuple[Section, ...] = field(default=())
