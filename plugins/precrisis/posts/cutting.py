"""Cut a post down before it is written: no handle, name, profile, picture, device or coordinates.

What leaves this module is the text without identifiers, two times, and two keys. Both keys are
HMAC-SHA256 under the secret of the post's ISO week. For the post's own key a plain hash would not
do: post numbers are public and few enough to be hashed one by one until a stored key matches, which
would lead from a warehouse row to the author. With the weekly secret the key is stable while a post
can be read again, and leads nowhere once the secret is destroyed.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from precrisis.posts.author_secret import SecretDestroyed, iso_week
from precrisis.posts.identifiers import without_identifiers
from precrisis.posts.plain_text import plain_text_of, visible

LONGEST_TEXT = 2_000
LARGEST_RAW_BYTES = 20_000
KEY_LENGTH = 32
FIRST_POST = datetime(2010, 1, 1, tzinfo=UTC)
CLOCKS_DIFFER = timedelta(days=1)
# A display name of one word may be a word of the language; two are hardly ever used by chance.
FEWEST_NAME_WORDS = 2

SecretAt = Callable[[datetime], bytes]


@dataclass(frozen=True)
class CutPost:
    """What is kept of a post. The text never shows in a repr, so it can't slip into a log."""

    source: str
    post_id_hash: str
    author_key: str
    posted_at: datetime
    edited_at: datetime | None
    week: str
    stated_language: str | None
    text: str = field(repr=False)


@dataclass(frozen=True)
class UnusablePost:
    """A post that is not kept: its key, the rule it broke and a reason without any of its text."""

    source: str
    post_key: str
    rule: str
    reason: str


class _Unusable(Exception):
    """Carries (rule, reason) to `cut`."""


def cut(
    source: str, status: Mapping[str, Any], author_secret: SecretAt, collected_at: datetime
) -> CutPost | UnusablePost:
    """Cut one post down, in the shape that connector.py describes: a Mastodon status.

    `author_secret` gives the secret of the week a moment falls in (AuthorSecrets.secret_at);
    `collected_at` keys posts that have no usable time of their own. Never raises for a bad status.
    """
    try:
        return _cut(source, status, author_secret, collected_at)
    except _Unusable as unusable:
        key = _key_of_unusable(source, status, author_secret(collected_at))
        return UnusablePost(source, key, *unusable.args)


def _cut(
    source: str, status: Mapping[str, Any], author_secret: SecretAt, collected_at: datetime
) -> CutPost:
    post_id = _required(status, "id", "no_id")
    posted_at = moment_of(status.get("created_at"))
    if posted_at is None:
        raise _Unusable("no_date", "created_at is missing or has no time zone")
    if not FIRST_POST <= posted_at <= collected_at + CLOCKS_DIFFER:
        # Each week of an invented date would also leave a secret behind.
        raise _Unusable("implausible_date", "created_at lies in the future, or before 2010")
    account = _mapping(status.get("account"))
    account_id = _required(account, "id", "no_author")
    _refuse_private(status)
    secret = _secret(author_secret, posted_at)
    return CutPost(
        source=source,
        post_id_hash=post_hash_of(secret, source, post_id),
        author_key=author_key_of(secret, source, account_id),
        posted_at=posted_at,
        edited_at=moment_of(status.get("edited_at")),
        week=iso_week(posted_at),
        stated_language=_language_code(status.get("language")),
        text=_cut_text(status, account),
    )


def post_hash_of(secret: bytes, source: str, post_id: str) -> str:
    """The key of a post under a week's secret."""
    return keyed_hash(secret, "post", source, post_id)


def author_key_of(secret: bytes, source: str, account_id: str) -> str:
    """The key of an author under a week's secret."""
    return keyed_hash(secret, "author", source, account_id)


def keyed_hash(secret: bytes, *parts: str) -> str:
    """HMAC-SHA256 of the parts, 32 hex digits. The first part names what is hashed."""
    message = json.dumps(parts).encode("ascii")
    return hmac.new(secret, message, hashlib.sha256).hexdigest()[:KEY_LENGTH]


def moment_of(value: Any) -> datetime | None:
    """A time as UTC, from ISO text or a datetime; None when it is neither or has no zone."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, datetime) or value.tzinfo is None:
        return None
    try:
        return value.astimezone(UTC)
    except OverflowError:
        return None


def _cut_text(status: Mapping[str, Any], account: Mapping[str, Any]) -> str:
    parts = (status.get("spoiler_text"), status.get("content"))
    raw = "\n".join(part for part in parts if isinstance(part, str))
    size = len(raw.encode("utf-8", "surrogatepass"))
    if size > LARGEST_RAW_BYTES:
        raise _Unusable("text_too_large", f"{size} bytes of text; at most {LARGEST_RAW_BYTES}")
    text = without_identifiers(_without_author(plain_text_of(raw), account)).strip()
    if not any(character.isalnum() for character in text):
        raise _Unusable("empty_text", "no letter or digit is left in the text")
    return text[:LONGEST_TEXT].strip()


def _without_author(text: str, account: Mapping[str, Any]) -> str:
    """People sign their posts: the author's own handle and name are known, so they go."""
    username = visible(str(account.get("username") or ""))
    name = visible(str(account.get("display_name") or ""))
    signed = [username] if len(username) >= 4 else []
    signed += [name] if len(name.split()) >= FEWEST_NAME_WORDS else []
    for known in signed:
        text = re.sub(rf"(?<!\w)@?{re.escape(known)}(?!\w)", "[author]", text, flags=re.I)
    return text


def _refuse_private(status: Mapping[str, Any]) -> None:
    """A server that hands out more than the public posts must not widen what we hold."""
    if status.get("visibility", "public") not in ("public", "unlisted"):
        raise _Unusable("not_public", "the post's visibility is not public")


def _secret(author_secret: SecretAt, posted_at: datetime) -> bytes:
    try:
        return author_secret(posted_at)
    except SecretDestroyed:
        raise _Unusable("too_old", f"the secret of {iso_week(posted_at)} is destroyed") from None


def _required(holder: Mapping[str, Any], name: str, rule: str) -> str:
    value = holder.get(name)
    if not isinstance(value, str | int) or isinstance(value, bool) or not str(value).strip():
        raise _Unusable(rule, f"{name} is missing")
    return str(value)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _language_code(value: Any) -> str | None:
    return value[:2].lower() if isinstance(value, str) and len(value) >= 2 else None


def _key_of_unusable(source: str, status: Mapping[str, Any], secret: bytes) -> str:
    """The same bad status keeps its key within a week, so quarantine counts it once."""
    try:
        content = json.dumps(status, sort_keys=True, default=str)
    except RecursionError:
        content = "nested too deep"
    return keyed_hash(secret, "unusable", source, content)
