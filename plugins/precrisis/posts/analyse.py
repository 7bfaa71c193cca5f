"""posts_analyse: stored posts become signals - language, themes with probabilities, place links."""

import json
from functools import lru_cache
from typing import Any

import psycopg

from expectations.post_signal import STATION
from precrisis import door, store
from precrisis.city import city
from precrisis.gate import authorise
from precrisis.outcome import Outcome, Refused, Step
from precrisis.run import Run
from precrisis.warehouse import connect

# Posts without a signal of this model, or edited since; a page of posts shares one object.
FIND = """
SELECT p.source, p.post_id_hash, p.posted_at, p.author_key, p.object_key
FROM raw.post AS p
WHERE p.due_at > %(at)s AND NOT EXISTS (
    SELECT FROM raw.post_signal AS s
    WHERE s.source = p.source AND s.post_id_hash = p.post_id_hash
    AND s.model_version = %(model_version)s AND s.loaded_at >= p.loaded_at
)
ORDER BY p.object_key, p.post_id_hash
"""


def understand_posts(run: Run) -> int:
    """Analyse every post not understood yet; return the number of signals written."""
    scorer = theme_scorer()
    with connect("analysis") as connection:
        found = connection.execute(
            FIND, {"at": run.interval_end, "model_version": scorer.version}
        ).fetchall()
    pages: dict[str, list[dict]] = {}
    for post in found:
        pages.setdefault(post["object_key"], []).append(post)
    step = Step("understand_posts", "post_signal", run, role="analysis")
    done = step.each(pages.items(), lambda page: page[0], lambda p, o: _understand(*p, o, run))
    return sum(outcome.rows_out for outcome in done)


def _understand(object_key: str, posts: list[dict], outcome: Outcome, run: Run) -> None:
    authorise(city(), city().source(posts[0]["source"]), run.interval_end)
    texts = _texts(object_key)
    readable = [post for post in posts if post["post_id_hash"] in texts]
    outcome.rows_in = len(posts)
    rows = _signals(readable, [texts[post["post_id_hash"]] for post in readable])
    with connect("analysis") as connection:
        _forget(connection, rows)
        outcome.rows_out = door.load(connection, STATION, rows, object_key)


def _texts(object_key: str) -> dict[str, str]:
    try:
        content = store.get("analysis", "restricted", object_key)
    except FileNotFoundError as error:
        raise Refused("text_present", str(error), object_key) from None
    lines = [json.loads(line) for line in content.decode().splitlines()]
    return {line["post_id_hash"]: line["text"] for line in lines}


def _signals(posts: list[dict], texts: list[str]) -> list[dict[str, Any]]:
    from models.text.language import language_of

    scorer, finder = theme_scorer(), place_finder()
    return [
        {
            "source": post["source"],
            "post_id_hash": post["post_id_hash"],
            "model_version": scorer.version,
            "posted_at": post["posted_at"],
            "author_key": post["author_key"],
            "language": language_of(text),
            "themes": scores.probabilities,
            "is_uncertain": scores.is_uncertain,
            "place_links": [
                {"place_id": link.place_id, "confidence": link.confidence}
                for link in finder.find(text)
            ],
        }
        for post, text, scores in zip(posts, texts, scorer.score(texts), strict=True)
    ]


def _forget(connection: psycopg.Connection, rows: list[dict[str, Any]]) -> None:
    """Remove what was said of an earlier wording of these posts."""
    connection.execute(
        "DELETE FROM raw.post_signal WHERE post_id_hash = ANY(%s) AND model_version = %s",
        ([row["post_id_hash"] for row in rows], theme_scorer().version),
    )


@lru_cache(maxsize=1)
def theme_scorer():
    """The warm encoder and theme scorer of this process."""
    from models.text.encoder import Encoder
    from models.text.themes import ThemeScorer

    return ThemeScorer(Encoder())


@lru_cache(maxsize=1)
def place_finder():
    """The city's names of places."""
    from models.text.places import PlaceFinder

    return PlaceFinder(city().gazetteer)
