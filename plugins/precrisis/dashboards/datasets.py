"""Completes a dataset's YAML: columns come from the warehouse, words from the catalogue.

The YAML holds what a person decides (metrics, calculated columns, certification); the columns are
read at publish time, so they can't drift from the marts.
"""

from typing import Any

from precrisis.dashboards.texts import Texts
from precrisis.dashboards.warehouse import Column

_DATASET_DEFAULTS = {
    "main_dttm_col": None,
    "default_endpoint": None,
    "offset": 0,
    "cache_timeout": None,
    "sql": None,
    "params": None,
    "template_params": None,
    "filter_select_enabled": True,
    "fetch_values_predicate": None,
    "normalize_columns": False,
    "always_filter_main_dttm": False,
    "version": "1.0.0",
}
# Long machine fields: no use as a filter, a menu of their values would be a heavy query.
_NOT_FILTERABLE = {"outline_json", "reasons_text"}


class MissingMartError(LookupError):
    """A dataset's table is not in its schema; the message names both."""


def complete(dataset: dict, columns: dict[str, list[Column]], texts: Texts, place: dict) -> dict:
    """Return the dataset as Superset imports it.

    Args:
        dataset: our short YAML, placeholders already filled.
        columns: the marts' columns by table.
        texts: the catalogue in the city's language.
        place: database_uuid, catalog and schema.

    Raises:
        MissingMartError: the warehouse has no such table.
    """
    table = dataset["table_name"]
    if table not in columns:
        schema = place["schema"]
        raise MissingMartError(f"Schema {schema} has no {table}: build the marts, then publish.")
    own = {key: value for key, value in dataset.items() if key not in ("calculated", "certified")}
    calculated = [_calculated(entry, texts) for entry in dataset.get("calculated", [])]
    return {
        **_DATASET_DEFAULTS,
        **own,
        **place,
        "extra": {"certification": dataset["certified"]},
        "columns": [_physical(column, texts) for column in columns[table]] + calculated,
        "metrics": [_metric(metric, texts) for metric in dataset["metrics"]],
    }


def _physical(column: Column, texts: Texts) -> dict:
    usable = column.name not in _NOT_FILTERABLE
    return _column(column.name, column.type, column.is_temporal, texts) | {
        "groupby": True,
        "filterable": usable,
        "expression": "",
    }


def _calculated(entry: dict, texts: Texts) -> dict:
    """A column of ours: SQL as written, or the words of a column's codes."""
    kind = entry.get("type", "TEXT")
    expression = entry.get("expression") or _words(entry["words_of"], texts)
    return _column(entry["column_name"], kind, kind.startswith(("TIMESTAMP", "DATE")), texts) | {
        "groupby": True,
        "filterable": True,
        "expression": expression,
    }


def _words(column: str, texts: Texts) -> str:
    """SQL that shows a code as a word; an unknown code shows itself."""
    cases = " ".join(
        f"WHEN {_quoted(code)} THEN {_quoted(word)}" for code, word in texts.codes(column).items()
    )
    return f"CASE CAST({column} AS TEXT) {cases} ELSE CAST({column} AS TEXT) END"


def _quoted(text: str) -> str:
    return "'" + str(text).replace("'", "''") + "'"


def _column(name: str, kind: str, is_temporal: bool, texts: Texts) -> dict[str, Any]:
    return {
        "column_name": name,
        "verbose_name": texts.find(f"columns.{name}"),
        "is_dttm": is_temporal,
        "is_active": True,
        "type": kind,
        "description": None,
        "extra": {},
    }


def _metric(metric: dict, texts: Texts) -> dict:
    return {
        "verbose_name": texts.get(f"metrics.{metric['metric_name']}"),
        "metric_type": None,
        "description": None,
        "d3format": None,
        "extra": {},
        "warning_text": None,
        **metric,
    }
