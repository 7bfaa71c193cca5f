"""Records from an open-data portal: JSON or GeoJSON (OGC API Features), by pages, within limits.

Asked for only when it changed, where one page holds all: of several, the first says nothing of the
others. Its login goes to the address's own host and nowhere else, whatever a redirect or a link of
a next page says.
"""

import json
import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests

from precrisis.outcome import Refused
from precrisis.pack.sources import Source
from precrisis.plain_files import Unreadable, parsed_json
from precrisis.posts.bounded_session import MOST_REDIRECTS, BoundedSession, stated_wait_s
from precrisis.records.api_rows import rows_of

TIMEOUT_S = 30.0
LONGEST_WAIT_S = 60.0  # a longer one is left to the next run: a task that sleeps holds a slot
UNSTATED_WAIT_S = 10.0
MOST_PAGES, MOST_RECORDS = 1_000, 500_000
VALIDATORS = {"etag": ("ETag", "If-None-Match"), "modified": ("Last-Modified", "If-Modified-Since")}
LONGEST_VALIDATOR = 500


class ApiBroken(ConnectionError):
    """The portal is out of reach, fails, asks to wait, or leads elsewhere."""


@dataclass(frozen=True)
class Offered:
    """Rows as those of a file, and what to keep once they are safe, to ask for news only."""

    rows: list[dict[str, str]] = field(repr=False)
    cursor: str


def read(source: Source, columns: Iterable[str], cursor: str | None, state: str) -> Offered | None:
    """Read all records of a source; None where they are those of the cursor.

    state: what else the rows depend on; with another one than the cursor's all is read anew.

    Raises:
        PermissionError, ApiBroken: the server says so, or its answer leads elsewhere.
        Refused: the answer holds no records, too many, or other fields than were agreed.
    """
    known = json.loads(cursor) if cursor else {}
    validators = known.get("validators", {}) if known.get("state") == state else {}
    records, answers = [], []
    for answer, found in _pages(source, validators):
        if answer.status_code == 304:
            return None
        answers.append(answer)
        records += found
        if len(records) > MOST_RECORDS:
            raise Refused("file_is_small", f"more than {MOST_RECORDS} records; ask for fewer")
    stated = _validators(answers[0]) if len(answers) == 1 else {}
    kept = json.dumps({"state": state, "validators": stated}, sort_keys=True)
    return Offered(rows_of(records, source.api, columns), kept)


def _pages(source: Source, validators: dict[str, str]) -> Iterator[tuple[requests.Response, list]]:
    api, url, offset = source.api, source.address, 0
    with BoundedSession() as session:
        session.headers.update(_authorisation(source))
        for _ in range(MOST_PAGES):
            params = {api.offset: offset, api.limit: api.page_size} if api.offset else {}
            known = validators if url == source.address and not offset else {}
            answer = _asked(session, source, url, params, known)
            if answer.status_code == 304:
                yield answer, []
                return
            content = _content(source, answer)
            found = _records(content, api.records)
            yield answer, found
            offset += len(found)
            url = url if api.offset else _next(answer, content)
            if not url or (api.offset and len(found) < api.page_size):
                return
        raise Refused("file_is_small", f"more than {MOST_PAGES} pages, or pages without end")


def _asked(session, source: Source, url: str, params: dict, validators: dict) -> requests.Response:
    """One answer, after short waits that the server asks for, and redirects within its own host."""
    headers = {VALIDATORS[name][1]: value for name, value in validators.items()}
    waited_s = 0.0
    for _ in range(MOST_REDIRECTS + 1):
        answer = _answer(session, source, url, params, headers)
        if answer.is_redirect:
            url, params = urljoin(answer.url, answer.headers["Location"]), {}
        elif answer.status_code in (429, 503):
            stated_s = stated_wait_s(answer)
            wait_s = UNSTATED_WAIT_S if stated_s is None else stated_s
            waited_s += wait_s
            if waited_s > LONGEST_WAIT_S:
                raise ApiBroken(f"{source.source_id} asks to wait {wait_s:.0f} s; run again then")
            time.sleep(wait_s)
        else:
            return _usable(source, answer)
    raise _broken(source, "redirects or asks to wait without end")


def _answer(session, source: Source, url: str, params: dict, headers: dict) -> requests.Response:
    if _host(url) != _host(source.address):
        raise _broken(source, "leads to another host, which is not asked")
    try:
        return session.get(
            url, params=params, headers=headers, timeout=TIMEOUT_S, allow_redirects=False
        )
    except (requests.RequestException, UnicodeError):
        pass  # its message may quote the address, and so a login
    raise _broken(source, "can't be reached, or answers without an end")


def _usable(source: Source, answer: requests.Response) -> requests.Response:
    if answer.status_code in (401, 403):
        variable = source.token_variable or "a token_variable of the source"
        raise PermissionError(
            f"{source.source_id} refused ({answer.status_code}); renew {variable}"
        )
    if answer.status_code not in (200, 304):
        raise _broken(source, f"answered {answer.status_code}")
    return answer


def _content(source: Source, answer: requests.Response) -> Any:
    try:
        return parsed_json(answer.content, source.source_id)
    except Unreadable:
        raise Refused("file_readable", "the answer is no JSON; look at the address") from None


def _records(content: Any, path: str) -> list[dict]:
    found = content
    for name in path.split(".") if path else []:
        found = found.get(name) if isinstance(found, dict) else None
    if not isinstance(found, list) or not all(isinstance(record, dict) for record in found):
        raise Refused("file_readable", f"no list of records under '{path}'; look at `api.records`")
    return found


def _next(answer: requests.Response, content: Any) -> str | None:
    """The next page, by the answer's own links (OGC API) or its header (RFC 8288)."""
    links = content.get("links") if isinstance(content, dict) else None
    stated = [
        link.get("href")
        for link in (links if isinstance(links, list) else [])
        if isinstance(link, dict) and link.get("rel") == "next"
    ]
    href = next(iter(stated), None) or answer.links.get("next", {}).get("url")
    return urljoin(answer.url, href) if isinstance(href, str) else None


def _host(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.rpartition("@")[2]


def _validators(answer: requests.Response) -> dict[str, str]:
    stated = {name: answer.headers.get(header) for name, (header, _) in VALIDATORS.items()}
    return {n: v for n, v in stated.items() if v and len(v) <= LONGEST_VALIDATOR and v.isascii()}


def _authorisation(source: Source) -> dict[str, str]:
    variable = source.token_variable
    if variable is None:
        return {}
    if not os.environ.get(variable):
        raise PermissionError(f"{source.source_id} has no token; set {variable}")
    return {"Authorization": f"Bearer {os.environ[variable]}"}


def _broken(source: Source, what: str) -> ApiBroken:
    return ApiBroken(f"{source.source_id} {what}; look at its address in sources.yaml")
