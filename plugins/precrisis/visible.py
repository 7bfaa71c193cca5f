"""What of a refused row may be shown: numbers, times and our own kinds of names, never free text.

A row is refused because it is not what was agreed, so anything may stand in any of its columns.
"""

import datetime as dt
import hashlib
import re
from typing import Any

from precrisis.posts.identifiers import without_identifiers

# Keys, codes and object names as this platform writes them: no spaces, no capitals.
OUR_NAME = re.compile(r"[a-z0-9][a-z0-9_.:/-]{0,79}")


def visible(value: Any) -> str:
    """Return a value as it may be shown; free text becomes its length."""
    text = _text(value)
    return text if _is_plain(value, text) else f"({len(text)} characters)"


def visible_key(value: Any) -> str:
    """Return a part of a key as it may be shown; free text becomes a hash that stays the same."""
    text = _text(value)
    if _is_plain(value, text):
        return text
    return f"({len(text)} characters, {hashlib.sha256(text.encode()).hexdigest()[:10]})"


def _is_plain(value: Any, text: str) -> bool:
    if value is None or isinstance(value, bool | int | float | dt.datetime | dt.date):
        return True
    if not text or OUR_NAME.fullmatch(text) is None:
        return not text
    return without_identifiers(text) == text


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, dt.datetime) else str(value)
