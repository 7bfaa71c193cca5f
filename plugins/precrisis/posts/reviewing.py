"""What a person says of signals that the model is not sure of: what to ask, and the answers.

Only the cut text, the language and the themes are shown, never an author, a source or a time. Who
looks says why, and the audit log keeps it before a text is read. An answer counts for the reading
it was given on; what is kept beyond the signal leads to no post (docs/adr/0028-corrections.md).
"""

import datetime as dt
import hashlib
import json
from dataclasses import dataclass

import psycopg

from precrisis import audit, store
from precrisis.audit import Action
from precrisis.city import city
from precrisis.gate import authorise
from precrisis.run import Run
from precrisis.warehouse import connect, upsert

# Uncertain signals of the newest reading, whose text lives and that nobody has answered yet.
OPEN = """
SELECT s.source, s.post_id_hash, s.model_version, s.language, s.themes, s.due_at, p.object_key
FROM raw.post_signal AS s
INNER JOIN raw.post AS p USING (source, post_id_hash)
WHERE s.is_uncertain AND s.due_at > %(at)s AND p.due_at > %(at)s
AND NOT EXISTS (
    SELECT FROM raw.post_signal AS newer
    WHERE newer.source = s.source AND newer.post_id_hash = s.post_id_hash
    AND newer.loaded_at > s.loaded_at
) AND NOT EXISTS (
    SELECT FROM raw.post_correction AS c
    WHERE c.source = s.source AND c.post_id_hash = s.post_id_hash
    AND c.corrected_at >= s.loaded_at
)
"""
TO_ASK = f"{OPEN} ORDER BY s.posted_at DESC, s.post_id_hash LIMIT %(limit)s"
ASKED = f"{OPEN} AND s.post_id_hash = %(post_id_hash)s"
EXAMPLE = """
INSERT INTO raw.theme_example (model_version, language, probabilities, themes, reviewed_on)
VALUES (%s, %s, %s, %s, %s)
"""


@dataclass(frozen=True)
class Question:
    """A post as a reviewer sees it: its cut text, and the themes that the model sees in it."""

    post_id_hash: str
    text: str
    language: str
    probabilities: dict[str, float]


@dataclass(frozen=True)
class Answer:
    """The themes that hold in a post, as a person says."""

    post_id_hash: str
    themes: frozenset[str]


def questions(account: str, reason: str, at: dt.datetime, limit: int) -> list[Question]:
    """Posts for a person to judge; that they were looked at is in the log before they are read.

    Args:
        account: who looks.
        reason: why, 10 characters or more.
        at: the moment of asking (UTC).

    Raises:
        psycopg.errors.CheckViolation: the reason is too short.
        NoBasis: the register does not allow a source.
    """
    with connect("analysis") as connection:
        found = connection.execute(TO_ASK, {"at": at, "limit": limit}).fetchall()
    if not found:
        return []
    for source in sorted({row["source"] for row in found}):
        authorise(city().source(source), _sitting(account, at), "analysis")
    _log(Action.CONSULTATION, found, account, reason, {"posts": len(found)})
    texts = store.get_all("analysis", "restricted", [row["object_key"] for row in found])
    return [
        Question(
            row["post_id_hash"],
            json.loads(texts[row["object_key"]])["text"],
            row["language"],
            row["themes"],
        )
        for row in found
        if not isinstance(texts[row["object_key"]], Exception)
    ]


def record(account: str, reason: str, answers: list[Answer], at: dt.datetime) -> int:
    """Keep answers; return how many. One to a signal that is gone or answered is passed over.

    Raises:
        psycopg.errors.CheckViolation: the reason is too short.
    """
    with connect("analysis") as connection:
        answered = [
            (answer, row)
            for answer in answers
            for row in connection.execute(ASKED, {"at": at, **vars(answer)}).fetchall()
        ]
        changed = [_keep(connection, account, answer, row, at) for answer, row in answered]
        if answered:
            facts = {"posts": len(changed), "corrected": sum(changed)}
            _log(Action.REVIEW, [row for _, row in answered], account, reason, facts)
    return len(answered)


def _keep(
    connection: psycopg.Connection, account: str, answer: Answer, row: dict, at: dt.datetime
) -> bool:
    """Write the correction and the example; tell whether the answer differs from the reading."""
    held = sorted(answer.themes & row["themes"].keys())
    read = sorted(theme for theme, probability in row["themes"].items() if probability >= 0.5)
    correction = {
        "source": row["source"],
        "post_id_hash": row["post_id_hash"],
        "themes": held,
        "corrected_by": account,
        "corrected_at": at,
        "due_at": row["due_at"],
    }
    upsert(connection, "raw.post_correction", ("source", "post_id_hash"), [correction])
    as_json = psycopg.types.json.Jsonb
    values = (row["model_version"], row["language"], as_json(row["themes"]), as_json(held))
    connection.execute(EXAMPLE, (*values, at.date()))
    return held != read


def _log(action: Action, rows: list[dict], account: str, reason: str, facts: dict) -> None:
    """Named by what is in it, without a post's own key: the log outlives the posts."""
    digest = hashlib.sha256("".join(row["object_key"] for row in rows).encode()).hexdigest()
    subject = f"post_signal/{digest[:16]}"
    audit.append("analysis", action, subject, actor=account, reason=reason, facts=facts)


def _sitting(account: str, at: dt.datetime) -> Run:
    """An hour of one person's reviewing, as a run that the gate can allow or refuse."""
    hour = at.replace(minute=0, second=0, microsecond=0)
    return Run("posts_review", f"posts_review/{account}/{hour:%Y-%m-%dT%H}", hour, at, account)
