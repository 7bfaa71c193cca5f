"""partners_share: each agreement gets its last whole period, once.

The ledger row comes first, then the bytes: nothing leaves that is not on record. A period that was
given out is never given out anew, also when the marts have changed since: two versions of it could
be subtracted from each other.
"""

import datetime as dt
from typing import Any

import psycopg

from precrisis import audit, clock, store
from precrisis.audit import Action
from precrisis.city import city
from precrisis.outcome import Outcome, Refused, Step
from precrisis.run import Run
from precrisis.settings import settings
from precrisis.sharing.agreement import Agreement
from precrisis.sharing.cells import read_cells
from precrisis.sharing.files import written
from precrisis.sharing.parcel import archived, sealed_parcel
from precrisis.sharing.period import Period, last_before, period_of
from precrisis.sharing.permission import permit, zones_of
from precrisis.sharing.verify import ARCHIVE, MANIFEST, PUBLIC_KEY, SIGNATURE, sha256
from precrisis.warehouse import connect

BUCKET = "published"
# The signature last: with it there, the parcel is whole.
OBJECTS = (ARCHIVE, PUBLIC_KEY, MANIFEST, SIGNATURE)
ENTER = """
INSERT INTO ops.share (
    agreement_id, period_start, period_end, recipient, recipient_address, act, object_prefix,
    object_names, sha256, row_count, suppressed_count, run_id, shared_at
)
VALUES (
    %(agreement_id)s, %(period_start)s, %(period_end)s, %(recipient)s, %(recipient_address)s,
    %(act)s, %(object_prefix)s, %(object_names)s, %(sha256)s, %(row_count)s, %(suppressed_count)s,
    %(run_id)s, %(shared_at)s
)
"""
KNOWN = "SELECT * FROM ops.share WHERE agreement_id = %s AND period_start = %s"
DELETED = """
SELECT EXISTS (
    SELECT FROM ops.object_ledger
    WHERE bucket = %s AND object_key = %s AND deleted_at IS NOT NULL
) AS is_deleted
"""


def agreement_ids() -> list[str]:
    """Every agreement of the city pack, also those that will be refused: a refusal is on record."""
    return [agreement.agreement_id for agreement in city().agreements]


def share(run: Run, agreement_id: str, params: dict[str, Any] | None = None) -> int:
    """Give a partner its last whole period before the run; return how many parcels were written.

    Args:
        params: `day` (ISO date) names another period, the one that holds this local day.
    """
    step = Step("share_agreement", "share", run, role="analysis")
    day = (params or {}).get("day")
    done = step.each([agreement_id], str, lambda key, outcome: _share(key, day, run, outcome))
    return sum(outcome.rows_out > 0 for outcome in done)


def _share(agreement_id: str, day: str | None, run: Run, outcome: Outcome) -> None:
    agreement = next(a for a in city().agreements if a.agreement_id == agreement_id)
    period = _period(agreement, day, run.interval_end)
    try:
        permit(agreement, city(), period, run.interval_end)
    except Refused as refusal:
        audit.append(
            "analysis", Action.RUN_REFUSED, f"share/{agreement_id}", run_id=run.run_id,
            facts={"rule": refusal.rule, "act": agreement.act, "period": str(period.first)},
        )  # fmt: skip
        raise
    with connect("analysis") as ledger:
        if _is_settled(ledger, agreement, period):
            outcome.status = "unchanged"
            return
        outcome.rows_in, outcome.rows_out = _give(ledger, agreement, period, run)


def _period(agreement: Agreement, day: str | None, at: dt.datetime) -> Period:
    last = last_before(agreement.time_step, at, city().timezone)
    if not day:
        return last
    named = period_of(agreement.time_step, dt.date.fromisoformat(day), city().timezone)
    if named.end > last.end:
        raise Refused("not_over", f"The period of {day} is not over; name an earlier day")
    return named


def _is_settled(ledger: psycopg.Connection, agreement: Agreement, period: Period) -> bool:
    """Whether nothing is left to write: given out whole, since deleted, or recalled."""
    known = ledger.execute(KNOWN, (agreement.agreement_id, period.first)).fetchone()
    if known is None:
        return False
    last = f"{known['object_prefix']}{SIGNATURE}"
    is_deleted = ledger.execute(DELETED, (BUCKET, last)).fetchone()["is_deleted"]
    is_there = last in store.keys("publish", BUCKET, known["object_prefix"])
    return bool(known["recalled_at"]) or is_deleted or is_there


def _give(
    ledger: psycopg.Connection, agreement: Agreement, period: Period, run: Run
) -> tuple[int, int]:
    """Write ledger row and parcel; return the rows read, and the objects written.

    Raises:
        Refused: an earlier try entered other content than the marts hold now.
    """
    with connect("partner") as marts:
        cells = read_cells(marts, agreement, period, zones_of(agreement, city()))
    files = written(agreement, cells)
    prefix = f"share/{agreement.agreement_id}/{period.first}/"
    row = {
        "agreement_id": agreement.agreement_id,
        "period_start": period.first,
        "period_end": period.end,
        "recipient": agreement.recipient.organisation,
        "recipient_address": agreement.recipient.address,
        "act": agreement.act,
        "object_prefix": prefix,
        "object_names": list(OBJECTS),
        "sha256": sha256(archived(files, period)),
        "row_count": len(cells.rows),
        "suppressed_count": cells.suppressed_count,
        "run_id": run.run_id,
        "shared_at": clock.now(),
    }
    _enter(ledger, row)
    at, keys = clock.now(), settings().keys_dir
    parcel = sealed_parcel(agreement, period, cells, files, at, keys)
    for name in OBJECTS:
        store.put(
            ledger, "publish", BUCKET, f"{prefix}{name}", parcel[name],
            noun="share", retention=dt.timedelta(days=agreement.kept_days),
        )  # fmt: skip
    return len(cells.rows), len(OBJECTS)


def _enter(ledger: psycopg.Connection, row: dict[str, Any]) -> None:
    known = ledger.execute(KNOWN, (row["agreement_id"], row["period_start"])).fetchone()
    if known is None:
        ledger.execute(ENTER, row)
        ledger.commit()
    elif known["sha256"] != row["sha256"]:
        raise Refused(
            "changed_since",
            f"Period {row['period_start']} of '{row['agreement_id']}' was entered, a crash kept it "
            "from leaving whole, and the marts have changed since: recall it (partners_recall)",
        )
