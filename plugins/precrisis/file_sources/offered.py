"""A file that a source offers, and the error of a source that can't be listed or read."""

from dataclasses import dataclass


class SourceUnreadable(ConnectionError):
    """A source can't be listed or read now; names the source and the remedy, never a login."""


@dataclass(frozen=True)
class OfferedFile:
    """`path` is its place within the source; `version` changes when its content does."""

    path: str
    size_bytes: int
    version: str
