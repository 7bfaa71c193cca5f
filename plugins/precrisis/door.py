"""The door of the warehouse: rows are checked, bad ones quarantined with a reason, good ones pass.

Great Expectations runs as a library on a flat frame. Its result is kept in ops.validation without
any value of a row, from where the Data Docs pages show it (pages/app.py).
"""

import datetime as dt
import json
import logging
import threading
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import psycopg

from expectations.station import Row, Station
from precrisis.outcome import Refused, quarantine
from precrisis.visible import visible, visible_key
from precrisis.warehouse import upsert

# The library announces each skipped registration, 214 lines an import.
logging.getLogger("great_expectations._docs_decorators").setLevel(logging.WARNING)
logging.getLogger("great_expectations").setLevel(logging.WARNING)


# It knows one project and one active batch in a process, which may check in several threads.
_LIBRARY = threading.Lock()


class DoorClosed(ValueError):
    """An empty or wholly refused batch: the load stops, since something upstream is broken."""


class AllRefused(DoorClosed):
    """No row of a batch passed; where the batch was one item, that item can't be used."""


def pass_through(
    connection: psycopg.Connection, station: Station, rows: Sequence[Row], batch_key: str
) -> list[Row]:
    """Return the rows that keep every rule; the others are quarantined, each with its reason.

    Raises:
        DoorClosed: the batch is empty (or, as AllRefused, no row of it passed).
    """
    if not rows:
        raise DoorClosed(f"{station.noun}: batch {batch_key} is empty; check its source.")
    _expect_columns(station, rows, batch_key)
    result = _validate(station, rows)
    refused = _refused_rows(result, station)
    _keep(connection, station, batch_key, result, len(rows), len(refused))
    for index, refusal in refused.items():
        content = _visible(station, rows[index])
        quarantine(connection, station.noun, _row_key(station, rows[index]), refusal, content)
    connection.commit()
    if len(refused) == len(rows):
        first = next(iter(refused.values()))
        raise AllRefused(
            f"{station.noun}: all {len(rows)} rows of batch {batch_key} were refused "
            f"(first reason: {first.reason}); see ops.quarantine."
        )
    return [row for index, row in enumerate(rows) if index not in refused]


def load(
    connection: psycopg.Connection,
    station: Station,
    rows: Sequence[Row],
    batch_key: str,
    keep: Sequence[str] = (),
) -> int:
    """Pass rows through the door and write the good ones to raw.<noun>; return how many."""
    good = pass_through(connection, station, rows, batch_key)
    upsert(connection, f"raw.{station.noun}", station.key, good, keep)
    connection.commit()
    return len(good)


def load_items(
    connection: psycopg.Connection,
    station: Station,
    rows_by_item: Mapping[str, Sequence[Row]],
    batch_key: str,
) -> dict[str, int]:
    """As `load`, for several items that are checked together; return rows written by item.

    A batch of which no row passes is no reason to stop here: each item is told its 0.
    """
    rows = [row for of_item in rows_by_item.values() for row in of_item]
    try:
        good = pass_through(connection, station, rows, batch_key)
    except AllRefused:
        good = []
    upsert(connection, f"raw.{station.noun}", station.key, good)
    connection.commit()
    passed = {id(row) for row in good}
    return {key: sum(id(row) in passed for row in of) for key, of in rows_by_item.items()}


def _expect_columns(station: Station, rows: Sequence[Row], batch_key: str) -> None:
    """A missing or unknown column is a fault of our own code, not of a row."""
    found = set(rows[0])
    if found != set(station.columns):
        difference = sorted(found ^ set(station.columns))
        raise DoorClosed(f"{station.noun}: batch {batch_key} differs in columns {difference}.")


def _validate(station: Station, rows: Sequence[Row]):
    """Counts first: which rows break a rule costs as much again, and mostly none does."""
    import great_expectations as gx
    import pandas as pd

    frame = pd.DataFrame([station.flatten(row) for row in rows])
    frame.index = range(len(frame))
    suite = gx.ExpectationSuite(
        name=station.noun, expectations=[rule.expectation() for rule in station.rules]
    )
    with _LIBRARY:
        batch = _batch_definition(station.noun).get_batch({"dataframe": frame})
        result = batch.validate(suite, result_format="BASIC")
        return result if result.success else batch.validate(suite, result_format="COMPLETE")


@lru_cache
def _batch_definition(noun: str):
    """What names a station to the library; making it anew would cost a fifth of a check."""
    import great_expectations as gx

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    asset = context.data_sources.add_pandas("rows").add_dataframe_asset(noun)
    return asset.add_batch_definition_whole_dataframe("batch")


def _refused_rows(result, station: Station) -> dict[int, Refused]:
    """Map row index to its first broken rule."""
    refused: dict[int, Refused] = {}
    for outcome in result.results:
        if outcome.success:
            continue
        meta = outcome.expectation_config.meta
        if outcome.exception_info and _raised(outcome.exception_info):
            raise DoorClosed(f"{station.noun}: rule {meta['rule']} could not be checked.")
        indices = outcome.result.get("unexpected_index_list") or []
        if meta["rule"] == "key_unique":
            indices = _repeats(outcome.result)
        for index in indices:
            refused.setdefault(int(index), Refused(meta["rule"], meta["reason"]))
    return refused


def _raised(info: Mapping[str, Any]) -> bool:
    entries = [info] if "raised_exception" in info else list(info.values())
    return any(entry.get("raised_exception") for entry in entries)


def _repeats(result: Mapping[str, Any]) -> list[int]:
    """All but the first row of each repeated key: the first is as good as any."""
    seen, repeats = set(), []
    pairs = zip(result["unexpected_index_list"], result["unexpected_list"], strict=True)
    for index, key in sorted(pairs, key=lambda pair: pair[0]):
        name = json.dumps(key, default=str, sort_keys=True)
        repeats += [index] if name in seen else []
        seen.add(name)
    return repeats


def _row_key(station: Station, row: Row) -> str:
    return "/".join(visible_key(row[column]) for column in station.key)


def _visible(station: Station, row: Row) -> dict[str, Any]:
    """The row as the rules saw it, without any free text."""
    return {name: visible(value) for name, value in station.flatten(row).items()}


def _keep(connection, station, batch_key, result, row_count, failed_count) -> None:
    row = {
        "noun": station.noun,
        "batch_key": batch_key,
        "is_success": bool(result.success),
        "row_count": row_count,
        "failed_count": failed_count,
        "result": _without_values(json.loads(json.dumps(result.to_json_dict(), default=str))),
        "ran_at": dt.datetime.now(dt.UTC),
    }
    upsert(connection, "ops.validation", ("noun", "batch_key"), [row])


def _without_values(result: dict[str, Any]) -> dict[str, Any]:
    """Keep counts and shares, drop every example the library collected."""
    for outcome in result["results"]:
        counts = {k: v for k, v in outcome["result"].items() if isinstance(v, int | float)}
        outcome["result"] = counts
        outcome.pop("exception_info", None)
    return result
