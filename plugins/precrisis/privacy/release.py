"""Each release of the code is attacked, and what came of it is kept: ops.privacy_test.

`python -m precrisis.privacy.release` attacks the warehouse as it stands and says what worked.
"""

import datetime as dt
from typing import Any

import psycopg

from precrisis.outcome import Outcome, Step
from precrisis.privacy.attacks import ATTACKS, Attack, Tally
from precrisis.privacy.columns import Column, declared
from precrisis.run import Run
from precrisis.version import code_sha256
from precrisis.warehouse import connect, upsert

KEY = ("release", "mart", "column_name", "attack", "tested_at")
# The newest result of each attack on each column counts.
NEWEST = """
SELECT DISTINCT ON (mart, column_name, attack) mart, column_name, attack, has_passed
FROM ops.privacy_test WHERE release = %s
ORDER BY mart, column_name, attack, tested_at DESC
"""


def release() -> str:
    """The name of the code that runs: it changes with every file that decides what is published."""
    return code_sha256()[:12]


def attack_marts(run: Run) -> int:
    """Try every attack on every column of every mart, and keep the results; return how many failed.

    A failed one is a finding, not an error: what it says is that the mart may not be called
    anonymous.
    """
    step = Step("attack_marts", "privacy_test", run, role="analysis")
    by_mart: dict[str, list[Column]] = {}
    for column in declared():
        by_mart.setdefault(column.mart, []).append(column)
    done = step.each(by_mart.items(), lambda item: item[0], lambda item, o: _attack(*item, o))
    return sum(outcome.rows_in - outcome.rows_out for outcome in done)


def _attack(mart: str, columns: list[Column], outcome: Outcome) -> None:
    """Rows in: attacks tried; rows out: those that the mart withstood."""
    at = dt.datetime.now(dt.UTC)
    with connect("analysis") as connection:
        rows = [
            _row(column, attack, attack.attempt(connection, column), at)
            for column in columns
            for attack in ATTACKS
            if attack.fits(column)
        ]
        upsert(connection, "ops.privacy_test", KEY, rows, keep=tuple(rows[0]))
    outcome.rows_in, outcome.rows_out = len(rows), sum(row["has_passed"] for row in rows)
    outcome.detail = f"{outcome.rows_in - outcome.rows_out} attacks worked"


def _row(column: Column, attack: Attack, tally: Tally, at: dt.datetime) -> dict[str, Any]:
    share = tally.succeeded / tally.tried if tally.tried else 0.0
    return {
        "release": release(),
        "mart": column.mart,
        "column_name": column.name,
        "criterion": attack.criterion,
        "attack": attack.name,
        "tested_at": at,
        "tried": tally.tried,
        "succeeded": tally.succeeded,
        "success_share": share,
        "threshold": attack.threshold,
        "has_passed": share <= attack.threshold,
    }


def proven(connection: psycopg.Connection) -> set[str]:
    """The marts of which every column of this release withstood every attack made for it."""
    results = {
        (row["mart"], row["column_name"], row["attack"]): row["has_passed"]
        for row in connection.execute(NEWEST, (release(),))
    }
    failed = {
        column.mart
        for column in declared()
        for attack in ATTACKS
        if attack.fits(column) and not results.get((column.mart, column.name, attack.name))
    }
    return {column.mart for column in declared()} - failed


def main() -> None:
    """Attack, then print what worked."""
    now = dt.datetime.now(dt.UTC)
    attack_marts(Run("by_hand", f"privacy-{now:%Y%m%dT%H%M%S}", now - dt.timedelta(hours=1), now))
    with connect("auditor") as connection:
        rows = connection.execute(
            "SELECT DISTINCT ON (mart, column_name, attack) * FROM ops.privacy_test "
            "WHERE release = %s ORDER BY mart, column_name, attack, tested_at DESC",
            (release(),),
        ).fetchall()
    for row in rows:
        if not row["has_passed"]:
            print(
                f"{row['mart']}.{row['column_name']}: {row['attack']} ({row['criterion']}) worked "
                f"{row['succeeded']} times of {row['tried']}"
            )
    print(f"release {release()}: {sum(r['has_passed'] for r in rows)} of {len(rows)} withstood")


if __name__ == "__main__":
    main()
