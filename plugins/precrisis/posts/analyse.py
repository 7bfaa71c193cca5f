"""posts_analyse: stored posts become signals - language, themes with probabilities, place links."""

import hashlib
import json
import os
from collections.abc import Collection
from functools import lru_cache
from typing import Any

import psycopg

from expectations.post_signal import STATION
from precrisis import door, store
from precrisis.city import city
from precrisis.gate import authorise
from precrisis.outcome import Outcome, Refused, Step, quarantine
from precrisis.retention.periods import SIGNAL
from precrisis.run import Run
from precrisis.warehouse import connect

BATCH = 250  # texts of like length are read together: of 50, a tenth of the time is padding
# Posts without a signal of this model, or edited since.
FIND = """
SELECT p.source, p.post_id_hash, p.posted_at, p.author_key, p.object_key, p.collected_at
FROM raw.post AS p
WHERE p.due_at > %(at)s {among} AND NOT EXISTS (
    SELECT FROM raw.post_signal AS s
    WHERE s.source = p.source AND s.post_id_hash = p.post_id_hash
    AND s.model_version = %(model_version)s AND s.loaded_at >= p.loaded_at
)
ORDER BY p.source, p.object_key
"""
AMONG = "AND p.source = %(source)s AND p.post_id_hash = ANY(%(hashes)s)"


def understand_posts(run: Run) -> int:
    """Analyse every post not understood yet; return the number of signals written."""
    step = Step("understand_posts", "post_signal", run, role="analysis", model=model_version())
    done = step.each(_waiting(run), _batch_key, lambda b, o: _understand(b, o, run))
    return sum(outcome.rows_out for outcome in done)


def understand_these(source_id: str, hashes: Collection[str], run: Run, outcome: Outcome) -> None:
    """Analyse those of a source's posts that were not understood yet; count them in `outcome`.

    Raises:
        NoBasis: the register does not allow it now.
    """
    for batch in _waiting(run, AMONG, source=source_id, hashes=sorted(hashes)):
        done = Outcome()
        _understand(batch, done, run)
        outcome.rows_in += done.rows_in
        outcome.rows_out += done.rows_out


def warm_up() -> None:
    """Load what the first posts would wait for: encoder, gazetteer, and the library of the door."""
    import great_expectations  # noqa: F401

    theme_scorer().score(["warm"])
    place_finder()


def model_version() -> str:
    """The model that posts are read by: what `model_version` of a signal holds."""
    from models.text.understanding import RECORD, version_of

    return version_of(json.loads(RECORD.read_text("utf-8")))


def _waiting(run: Run, among: str = "", **values: Any) -> list[list[dict]]:
    """Posts not understood yet, in batches of one source."""
    values |= {"at": run.interval_end, "model_version": model_version()}
    with connect("analysis") as connection:
        found = connection.execute(FIND.format(among=among), values).fetchall()
    by_source: dict[str, list[dict]] = {}
    for post in found:
        by_source.setdefault(post["source"], []).append(post)
    return [b[i : i + BATCH] for b in by_source.values() for i in range(0, len(b), BATCH)]


def _batch_key(batch: list[dict]) -> str:
    """Named by what is in it, without a post's own key: outcomes outlive the posts."""
    digest = hashlib.sha256("".join(post["object_key"] for post in batch).encode())
    return f"{batch[0]['source']}/{digest.hexdigest()[:16]} ({len(batch)})"


def _understand(batch: list[dict], outcome: Outcome, run: Run) -> None:
    authorise(city().source(batch[0]["source"]), run, "analysis")
    outcome.rows_in = len(batch)
    texts = _texts([post["object_key"] for post in batch])
    readable = [post for post in batch if post["object_key"] in texts]
    if not readable:
        return
    rows = _signals(readable, [texts[post["object_key"]] for post in readable])
    with connect("analysis") as connection:
        _forget(connection, rows)
        outcome.rows_out = door.load(connection, STATION, rows, _batch_key(batch))


def _texts(object_keys: list[str]) -> dict[str, str]:
    """Text by object key; a post that can't be read is quarantined and the others go on."""
    found = store.get_all("analysis", "restricted", object_keys)
    lost = {key: error for key, error in found.items() if isinstance(error, Exception)}
    with connect("analysis") as connection:
        for key, error in lost.items():
            quarantine(connection, "post_signal", key, Refused("text_present", str(error), key))
    return {key: json.loads(found[key])["text"] for key in object_keys if key not in lost}


def _signals(posts: list[dict], texts: list[str]) -> list[dict[str, Any]]:
    scorer, finder = theme_scorer(), place_finder()
    return [
        {
            "source": post["source"],
            "post_id_hash": post["post_id_hash"],
            "model_version": scorer.version,
            "posted_at": post["posted_at"],
            "author_key": post["author_key"],
            "language": scores.language,
            "themes": scores.probabilities,
            "is_uncertain": scores.is_uncertain,
            "place_links": [
                {"place_id": link.place_id, "confidence": link.confidence}
                for link in finder.find(text)
            ],
            "due_at": post["collected_at"] + SIGNAL.kept,
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
    from models.text.themes import ThemeScorer
    from models.text.understanding import Understanding

    margin = city().thresholds.public_voice.uncertain_margin.value
    return ThemeScorer(Understanding(workers=len(os.sched_getaffinity(0))), margin)


@lru_cache(maxsize=1)
def place_finder():
    """The city's names of places."""
    from models.text.places import PlaceFinder

    return PlaceFinder(city().gazetteer, (city().name, *city().also_called))
