"""What posts-watch did, kept as a run of a DAG keeps it: outcomes, and the log of runs.

A row of `ops.outcome` for each source and hour, brought up to date every minute: one for each page
of a busy stream would be more rows than posts.
"""

import datetime as dt
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from precrisis.outcome import Outcome, Step, StepFailed
from precrisis.run import Run, live_run

DAG_ID = "posts_watch"
TAKING_IN = ("take_in_posts", "post", "ingest")
UNDERSTANDING = ("understand_posts", "post_signal", "analysis")


@dataclass
class Account:
    """What came of one step for one source in one run; `error` is how it stands, if it failed."""

    run: Run
    source_id: str
    outcome: Outcome = field(default_factory=Outcome)
    error: Exception | None = None
    is_told: bool = True


class Books:
    """The accounts of this program, open until their hour is over and they were told."""

    def __init__(self, since: dt.datetime) -> None:
        self._since = since
        self._accounts: dict[tuple[tuple[str, ...], str, str], Account] = {}
        self._lock = threading.Lock()

    @property
    def run(self) -> Run:
        """The run of this hour."""
        return live_run(DAG_ID, self._since)

    @contextmanager
    def entry(self, step: tuple[str, str, str], source_id: str) -> Iterator[Account]:
        """The account of a source under a step, to be added to."""
        account = self._account(step, source_id)
        yield account
        account.error, account.is_told = None, False

    def fail(self, step: tuple[str, str, str], source_id: str, error: Exception) -> None:
        """Let a step of a source stand as failed until an entry succeeds."""
        account = self._account(step, source_id)
        account.error, account.is_told = error, False

    def _account(self, step: tuple[str, str, str], source_id: str) -> Account:
        run = self.run
        with self._lock:
            account = self._accounts.setdefault(
                (step, source_id, run.run_id), Account(run, source_id)
            )
        account.run = run
        return account

    def tell(self, model: str) -> None:
        """Write what was done since the last time; `model` is what posts are understood by.

        Raises:
            psycopg.OperationalError: the warehouse does not answer; all of it is told next time.
        """
        with self._lock:
            told = {key: a for key, a in self._accounts.items() if a.is_told}
            untold = {key: a for key, a in self._accounts.items() if not a.is_told}
        self._close(told)
        for step, run_id in sorted({(key[0], key[2]) for key in untold}):
            accounts = [a for key, a in untold.items() if (key[0], key[2]) == (step, run_id)]
            _tell(step, accounts, model if step == UNDERSTANDING else "")

    def _close(self, told: dict) -> None:
        """Forget accounts of earlier hours, once a minute has passed without a further entry."""
        now = self.run.run_id
        with self._lock:
            for key in (key for key in told if key[2] != now):
                del self._accounts[key]


def _tell(step: tuple[str, str, str], accounts: list[Account], model: str) -> None:
    name, noun, role = step
    run = max((account.run for account in accounts), key=lambda run: run.interval_end)
    for account in accounts:
        account.is_told = True  # before: what is added meanwhile is told next time
    try:
        with suppress(StepFailed):  # it is in the outcome, and was logged where it happened
            Step(name, noun, run, role=role, model=model).each(accounts, _source_of, _stands)
    except Exception:
        for account in accounts:
            account.is_told = False
        raise


def _source_of(account: Account) -> str:
    return account.source_id


def _stands(account: Account, outcome: Outcome) -> None:
    """Let the outcome be what the account says. Raises what the last attempt ended with."""
    outcome.rows_in, outcome.rows_out = account.outcome.rows_in, account.outcome.rows_out
    outcome.detail = account.outcome.detail
    outcome.status = "ok" if outcome.rows_out else "unchanged"
    if account.error:
        raise account.error
