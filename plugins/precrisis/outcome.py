"""What happened to each item of each step: one row also when it failed, one more if refused.

A refused item is quarantined and the batch goes on. An unexpected failure is recorded and the
batch goes on too; the task then fails at its end, so that a retry meets only what is missing.
"""

import datetime as dt
import hashlib
import logging
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import psycopg

from precrisis import audit
from precrisis.audit import Action
from precrisis.failures import traced
from precrisis.run import Run
from precrisis.settings import settings
from precrisis.version import code_sha256, pack_sha256
from precrisis.warehouse import connect, upsert

log = logging.getLogger(__name__)


class Refused(Exception):
    """An item can't be used. Carries the rule it broke and a reason fit for any reader."""

    def __init__(self, rule: str, reason: str, object_key: str | None = None):
        super().__init__(f"{rule}: {reason}")
        self.rule, self.reason, self.object_key = rule, reason, object_key


class StepFailed(RuntimeError):
    """Some items of a step failed for a reason that a retry may cure."""


@dataclass
class Outcome:
    """Filled in by the work on one item."""

    status: str = "ok"
    rows_in: int = 0
    rows_out: int = 0
    detail: str = ""
    remarks: dict[str, int] = field(default_factory=dict)

    def remark(self, what: str, count: int) -> None:
        """Count something that the detail is to say."""
        if count:
            self.remarks[what] = self.remarks.get(what, 0) + count
            self.detail = "; ".join(f"{n} {said}" for said, n in self.remarks.items())


@dataclass
class _Attempt:
    """The work on one item: what it returned, or what ended it."""

    key: str
    outcome: Outcome
    started_at: dt.datetime
    result: Any = None
    error: Exception | None = None


@dataclass
class Step:
    """One step of one run, in one role; use `each` or `together` to work through its items.

    `model` names the model version at work, for the log of runs.
    """

    name: str
    noun: str
    run: Run
    role: str
    model: str = ""
    failures: list[str] = field(default_factory=list)

    def each(
        self, items: Iterable[Any], key: Callable[[Any], str], work: Callable[[Any, Outcome], None]
    ) -> list[Outcome]:
        """Do `work(item, outcome)` for every item, recording each, and the whole in the audit log.

        Raises:
            StepFailed: after the last item, when any failed unexpectedly.
        """
        items = list(items)
        outcomes = [self._settled(self._attempt(item, key(item), work)) for item in items]
        return self._closed([key(item) for item in items], outcomes)

    def together(
        self,
        items: Iterable[Any],
        key: Callable[[Any], str],
        work: Callable[[Any, Outcome], Any],
        finish: Callable[[dict[str, Any]], dict[str, int]],
    ) -> list[Outcome]:
        """As `each`, but what the items come to is written at once, which costs far less.

        `finish` is given what `work` returned, by key, of the items that came through; it returns
        how many rows of each were written. An item of which none was is quarantined. Outcomes are
        recorded after it, so that none says ok of what is not written.
        """
        items = list(items)
        attempts = [self._attempt(item, key(item), work) for item in items]
        done = {a.key: a for a in attempts if a.error is None}
        written = self._attempt(done, "", lambda d, _: finish({k: a.result for k, a in d.items()}))
        for attempt in done.values():
            attempt.outcome.rows_out = (written.result or {}).get(attempt.key, 0)
            attempt.error = written.error
            if attempt.error is None and not attempt.outcome.rows_out:
                attempt.error = Refused("rows_plausible", "none of its rows passed the door")
        outcomes = [self._settled(attempt) for attempt in attempts]
        return self._closed([key(item) for item in items], outcomes)

    def _closed(self, keys: list[str], outcomes: list[Outcome]) -> list[Outcome]:
        if keys:
            self._log(keys, outcomes)
        if self.failures:
            raise StepFailed(
                f"{self.name}: {len(self.failures)} of {len(outcomes)} items failed "
                f"(first: {self.failures[0]}); see ops.outcome for all, then clear the task."
            )
        return outcomes

    def _log(self, keys: list[str], outcomes: list[Outcome]) -> None:
        """What ran, with what, on what, from when to when, and what came of it: no content."""
        facts = {
            "dag": self.run.dag_id,
            "code": code_sha256(),
            "configuration": pack_sha256(settings().city_pack),
            "model": self.model,
            "items": hashlib.sha256("\n".join(sorted(keys)).encode()).hexdigest(),
            "window": [self.run.interval_start.isoformat(), self.run.interval_end.isoformat()],
            "outcomes": dict(Counter(outcome.status for outcome in outcomes)),
            "rows_in": sum(outcome.rows_in for outcome in outcomes),
            "rows_out": sum(outcome.rows_out for outcome in outcomes),
        }
        audit.append(self.role, Action.RUN_DONE, self.name, run_id=self.run.run_id, facts=facts)

    def _attempt(self, item: Any, item_key: str, work: Callable[[Any, Outcome], Any]) -> _Attempt:
        attempt = _Attempt(item_key, Outcome(), dt.datetime.now(dt.UTC))
        try:
            attempt.result = work(item, attempt.outcome)
        except Exception as error:  # told by _settled, raised by _closed
            attempt.error = error
        return attempt

    def _settled(self, attempt: _Attempt) -> Outcome:
        """Record what an attempt came to; a refusal is quarantined, a failure remembered."""
        outcome, error = attempt.outcome, attempt.error
        if isinstance(error, Refused):
            outcome.status, outcome.detail = "quarantined", str(error)
            with connect(self.role) as connection:
                quarantine(connection, self.noun, attempt.key, error)
        elif error is not None:
            outcome.status, outcome.detail = "failed", type(error).__name__
            self.failures.append(f"{attempt.key} ({type(error).__name__})")
            log.error("%s failed for %s\n%s", self.name, attempt.key, traced(error))
        self.record(attempt.key, outcome, attempt.started_at)
        return outcome

    def record(self, item_key: str, outcome: Outcome, started_at: dt.datetime) -> None:
        """Write the outcome row; a repeat in the same run replaces it."""
        log.info("%s %s: %s %s", self.name, item_key, outcome.status, outcome.detail)
        row = {
            "step": self.name,
            "item_key": item_key,
            "run_id": self.run.run_id,
            "dag_id": self.run.dag_id,
            "status": outcome.status,
            "rows_in": outcome.rows_in,
            "rows_out": outcome.rows_out,
            "detail": outcome.detail[:500],
            "started_at": started_at,
            "ended_at": dt.datetime.now(dt.UTC),
        }
        with connect(self.role) as connection:
            upsert(connection, "ops.outcome", ("step", "item_key", "run_id"), [row])


def quarantine(
    connection: psycopg.Connection,
    noun: str,
    item_key: str,
    refusal: Refused,
    row_content: dict[str, Any] | None = None,
) -> None:
    """Put an item where it can be seen with its reason; seen again, it is counted again."""
    connection.execute(
        """
        INSERT INTO ops.quarantine AS q (noun, item_key, rule, reason, row_content, object_key)
        VALUES (%s, %s, %s, %s, %s, %s)
        ON CONFLICT (noun, item_key, rule) DO UPDATE
        SET last_seen_at = now(), seen_count = q.seen_count + 1, reason = EXCLUDED.reason
        """,
        (
            noun,
            item_key,
            refusal.rule,
            refusal.reason,
            psycopg.types.json.Jsonb(row_content or {}),
            refusal.object_key,
        ),
    )
