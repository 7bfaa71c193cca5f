"""A small Mastodon-compatible server that serves the sample posts, and fails when told to.

Run: python infra/samples/feed_server.py --port 8090 --anchor 2026-11-20 [--token T] [--posts FILE]
It speaks what an ingest reads (instance, tag and public timelines, paging, rate limits) and nothing
else. The /admin routes make it fail or change posts; it listens on 127.0.0.1 only.
"""

import argparse
import html
import json
import os
import re
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import uvicorn
from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel

POSTS = Path(__file__).with_name("posts.jsonl")
TIME_ZONE = ZoneInfo("Europe/Rome")
DOMAIN = "social.trento.example"
LARGEST_PAGE = 40
REQUESTS_PER_WINDOW = 300
WINDOW = timedelta(minutes=5)
LINKS = re.compile(r"(?P<link>https?://\S+)|@(?P<user>[\w.]+)@(?P<host>[\w.-]*\w)")


class Failure(BaseModel):
    """What the next `times` timeline requests answer: 401, 403, 429, 500, 503, cut_json, html."""

    kind: str
    times: int = 1
    retry_after_s: int = 1


class SampleFeed:
    """The posts as Mastodon statuses, by id, and the failures waiting to happen."""

    def __init__(self, posts_path: Path, anchor: date) -> None:
        lines = Path(posts_path).read_text("utf-8").splitlines()
        built = [status_of(json.loads(line), anchor) for line in lines]
        self.statuses = {int(status["id"]): status for status in built}
        self.failures: deque[Failure] = deque()
        self.repeats_posts = False

    def page(self, tag: str | None, limit: int, **bounds: int | None) -> list[dict]:
        """Statuses of one page, newest first, picked by its bounds as Mastodon does."""
        low = max(bounds["min_id"] or 0, bounds["since_id"] or 0)
        high = bounds["max_id"] or 1 << 63
        ids = sorted(i for i, s in self.statuses.items() if low < i < high and has_tag(s, tag))
        chosen = ids[:limit] if bounds["min_id"] is not None else ids[-limit:]
        page = [self.statuses[i] for i in reversed(chosen)]
        return [s for s in page for _ in range(2)] if self.repeats_posts else page

    def add(self, post: dict, anchor: date, **changes: object) -> int:
        """Add one post (a line of posts.jsonl) with some status fields changed; its id.

        A change to None takes the field away.
        """
        status = status_of(post, anchor)
        status_id = int(status["id"])
        kept = {k: v for k, v in status.items() if k not in changes}
        self.statuses[status_id] = kept | {k: v for k, v in changes.items() if v is not None}
        return status_id

    def tell(self, post: dict) -> int:
        """Add one post that is made now, at an id of this moment as Mastodon gives it; its id."""
        now = datetime.now(UTC)
        status = status_of(post | {"day": 0, "time": "00:00"}, now.date())
        status_id = (int(now.timestamp() * 1000) << 16) + post["id"] % 65536
        made = {"id": str(status_id), "created_at": iso_z(now)}
        self.statuses[status_id] = status | made
        return status_id

    def edit(self, status_id: int, text: str, edited_at: datetime) -> None:
        """Change a post's text as its author would."""
        changes = {"content": html_of(text, []), "edited_at": iso_z(edited_at)}
        self.statuses[status_id] = self.statuses[status_id] | changes


def has_tag(status: dict, tag: str | None) -> bool:
    """Whether a tag timeline shows the status; None is the public timeline."""
    return tag is None or tag.lower() in {t["name"].lower() for t in status.get("tags", [])}


def status_of(post: dict, anchor: date) -> dict:
    """One line of posts.jsonl as a Mastodon status; its local time becomes UTC."""
    clock = datetime.strptime(post["time"], "%H:%M").time()
    day = anchor + timedelta(days=post["day"])
    created_at = datetime.combine(day, clock, TIME_ZONE).astimezone(UTC)
    # Mastodon's ids: milliseconds in the upper 48 bits, a sequence in the lower 16.
    status_id = str((int(created_at.timestamp() * 1000) << 16) + post["id"] % 65536)
    account = account_of(post["author"])
    return {
        "id": status_id,
        "created_at": iso_z(created_at),
        "edited_at": None,
        "in_reply_to_id": None,
        "in_reply_to_account_id": None,
        "sensitive": False,
        "spoiler_text": "",
        "visibility": "public",
        "language": post["language"],
        "uri": f"https://{DOMAIN}/users/{account['username']}/statuses/{status_id}",
        "url": f"{account['url']}/{status_id}",
        "replies_count": 0,
        "reblogs_count": 0,
        "favourites_count": 0,
        "content": html_of(post["text"], post["hashtags"]),
        "reblog": None,
        "application": {"name": "Web" if post["author"] % 2 else "App for telephones"},
        "account": account,
        "media_attachments": [],
        "mentions": mentions_of(post["text"]),
        "tags": [{"name": t, "url": f"https://{DOMAIN}/tags/{t}"} for t in post["hashtags"]],
        "emojis": [],
        "card": None,
        "poll": None,
    }


def account_of(author: int) -> dict:
    """The account of an author number: a handle and a profile that the ingest must cut."""
    username = f"utente{author:03d}"
    return {
        "id": str(109_000_000_000_000_000 + author),
        "username": username,
        "acct": username,
        "display_name": f"Utente numero {author}",
        "locked": False,
        "bot": False,
        "created_at": "2022-11-01T00:00:00.000Z",
        "note": f"<p>Profilo di prova {author}</p>",
        "url": f"https://{DOMAIN}/@{username}",
        "uri": f"https://{DOMAIN}/users/{username}",
        "avatar": f"https://{DOMAIN}/avatars/{username}.png",
        "avatar_static": f"https://{DOMAIN}/avatars/{username}.png",
        "header": "",
        "header_static": "",
        "followers_count": author,
        "following_count": author,
        "statuses_count": author,
        "emojis": [],
        "fields": [],
    }


def html_of(text: str, hashtags: list[str]) -> str:
    """A text as Mastodon renders it: escaped, links and mentions marked up, tags in a last line."""
    body = LINKS.sub(_anchor, html.escape(text, quote=False)).replace("\n", "<br />")
    links = ((f"https://{DOMAIN}/tags/{t}", t) for t in hashtags)
    tags = " ".join(
        f'<a href="{url}" class="mention hashtag" rel="tag">#<span>{t}</span></a>'
        for url, t in links
    )
    return f"<p>{body}</p>" + (f"<p>{tags}</p>" if tags else "")


def _anchor(match: re.Match) -> str:
    if match["link"]:
        scheme, rest = match["link"].split("://", 1)
        shown, hidden = rest[:30], rest[30:]
        return (
            f'<a href="{match["link"]}" rel="nofollow noopener">'
            f'<span class="invisible">{scheme}://</span><span class="ellipsis">{shown}</span>'
            f'<span class="invisible">{hidden}</span></a>'
        )
    url = f"https://{match['host']}/@{match['user']}"
    return (
        f'<span class="h-card"><a href="{url}" class="u-url mention">@<span>{match["user"]}</span>'
        "</a></span>"
    )


def mentions_of(text: str) -> list[dict]:
    """The accounts a text addresses, in Mastodon's shape."""
    return [
        {
            "id": str(108_000_000_000_000_000 + place),
            "username": match["user"],
            "acct": f"{match['user']}@{match['host']}",
            "url": f"https://{match['host']}/@{match['user']}",
        }
        for place, match in enumerate(LINKS.finditer(text))
        if match["user"]
    ]


def iso_z(at: datetime) -> str:
    """Mastodon's time format, milliseconds and Z."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def create_app(
    posts_path: Path = POSTS, anchor: date | None = None, token: str | None = None
) -> FastAPI:
    """The server; app.state.feed is its SampleFeed, for tests in the same process."""
    app = FastAPI(title="Sample feed", docs_url=None, openapi_url=None)
    app.state.feed = SampleFeed(posts_path, anchor or datetime.now(TIME_ZONE).date())
    app.state.token = token
    app.state.requests = deque()
    app.exception_handler(HTTPException)(error_body)
    app.get("/api/v2/instance")(instance)
    app.get("/api/v1/timelines/public")(timeline)
    app.get("/api/v1/timelines/tag/{tag}")(timeline)
    app.post("/admin/failures", status_code=202)(add_failure)
    app.patch("/admin/statuses/{status_id}", status_code=204)(edit_status)
    app.delete("/admin/statuses/{status_id}", status_code=204)(delete_status)
    return app


def error_body(_: Request, error: HTTPException) -> JSONResponse:
    """Mastodon's shape of an error."""
    return JSONResponse({"error": error.detail}, error.status_code, error.headers)


def instance() -> dict:
    """What clients read first: name, version, limits."""
    return {
        "domain": DOMAIN,
        "title": "Sample feed",
        "version": "4.4.0",
        "source_url": "",
        "description": "Sample posts for a demonstration",
        "configuration": {"urls": {}, "statuses": {"max_characters": 500}},
        "api_versions": {"mastodon": 6},
        "languages": ["it", "en", "de"],
    }


def timeline(
    request: Request,
    response: Response,
    tag: str | None = None,
    limit: int = 20,
    max_id: int | None = None,
    since_id: int | None = None,
    min_id: int | None = None,
) -> object:
    """A page of the public or a tag's timeline; its Link header leads to its neighbours."""
    state = request.app.state
    headers = rate_limit(state.requests)
    check_token(state.token, request.headers.get("authorization"))
    limit = max(1, min(limit, LARGEST_PAGE))
    page = state.feed.page(tag, limit, max_id=max_id, since_id=since_id, min_id=min_id)
    if ids := [status["id"] for status in page if "id" in status]:
        headers["Link"] = link_header(request.url.path, str(request.base_url), limit, ids)
    if state.feed.failures:
        return fail(state.feed.failures, page, headers)
    response.headers.update(headers)
    return page


def rate_limit(requests: deque[float]) -> dict[str, str]:
    """Count this request; Mastodon's rate headers. 429 when the window is full."""
    now = time.time()
    while requests and requests[0] < now - WINDOW.total_seconds():
        requests.popleft()
    reset_at = datetime.fromtimestamp(requests[0] if requests else now, UTC) + WINDOW
    headers = {"X-RateLimit-Limit": str(REQUESTS_PER_WINDOW), "X-RateLimit-Reset": iso_z(reset_at)}
    headers["X-RateLimit-Remaining"] = str(max(0, REQUESTS_PER_WINDOW - len(requests) - 1))
    if len(requests) >= REQUESTS_PER_WINDOW:
        headers["Retry-After"] = str(int(reset_at.timestamp() - now) + 1)
        raise HTTPException(429, "Too many requests", headers)
    requests.append(now)
    return headers


def check_token(token: str | None, authorization: str | None) -> None:
    """401 unless the configured bearer token is shown."""
    if token and authorization != f"Bearer {token}":
        raise HTTPException(401, "The access token is invalid")


def link_header(path: str, base_url: str, limit: int, ids: list[str]) -> str:
    """`next` leads to older statuses, `prev` to newer ones."""
    address = base_url.rstrip("/") + path
    older = urlencode({"limit": limit, "max_id": ids[-1]})
    newer = urlencode({"limit": limit, "min_id": ids[0]})
    return f'<{address}?{older}>; rel="next", <{address}?{newer}>; rel="prev"'


def fail(failures: deque[Failure], page: list[dict], headers: dict[str, str]) -> Response:
    """The failure whose turn it is."""
    failure = failures[0]
    failure.times -= 1
    if failure.times <= 0:
        failures.popleft()
    if failure.kind == "cut_json":
        body = json.dumps(page)
        return Response(body[: len(body) // 2], media_type="application/json", headers=headers)
    if failure.kind == "html":
        return Response("<html>maintenance</html>", media_type="text/html")
    if failure.kind == "429":
        headers["Retry-After"] = str(failure.retry_after_s)
    raise HTTPException(int(failure.kind), "Failure on request", headers)


def add_failure(failure: Failure, request: Request) -> None:
    """Let the next timeline requests fail."""
    request.app.state.feed.failures.append(failure)


def edit_status(status_id: int, text: str, request: Request) -> None:
    """Edit a post now."""
    request.app.state.feed.edit(status_id, text, datetime.now(UTC))


def delete_status(status_id: int, request: Request) -> None:
    """Delete a post, as its author would."""
    request.app.state.feed.statuses.pop(status_id, None)


@contextmanager
def running(app: FastAPI) -> Iterator[str]:
    """Serve the app from this process on a free port; the address."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        if not thread.is_alive():
            raise RuntimeError("the sample feed did not start; is a free port to be had?")
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=10)


def main() -> None:
    """Serve until interrupted. The token may also come from PRECRISIS_FEED_TOKEN."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument(
        "--anchor", type=date.fromisoformat, help="day 0 of the posts; today if left"
    )
    parser.add_argument("--token", default=os.environ.get("PRECRISIS_FEED_TOKEN"))
    parser.add_argument("--posts", type=Path, default=POSTS)
    given = parser.parse_args()
    app = create_app(given.posts, given.anchor, given.token)
    uvicorn.run(app, host="127.0.0.1", port=given.port, log_level="warning")


if __name__ == "__main__":
    main()
