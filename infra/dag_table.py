"""The table of DAGs in README, read from the DAG files themselves without importing Airflow."""

import ast
import re
from collections.abc import Iterable
from pathlib import Path

from infra.stack.layout import ROOT

# The way of a record, station by station; what guards it comes last.
PATH = (
    "city_ingest",
    "warnings_ingest",
    "incidents_ingest",
    "footage_ingest",
    "footage_analyse",
    "cameras_calibrate",
    "models_evaluate",
    "posts_ingest",
    "posts_analyse",
    "warehouse_build",
    "forecast_publish",
    "risk_score",
    "alerts_raise",
    "alerts_review",
    "alerts_escalate",
    "alerts_stop",
    "dashboards_publish",
    "reports_publish",
    "partners_share",
    "partners_recall",
    "assessments_publish",
    "incident_mode",
    "retention_enforce",
    "audit_check",
)
DAYS = ("Sundays", "Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays")


class DocumentError(ValueError):
    """A generated table can't be written; names the file and the remedy."""


def dag_table(folder: Path = ROOT / "dags", path: Iterable[str] = PATH) -> str:
    """Return the table in path order.

    Raises:
        DocumentError: a file of `folder` has no place in `path`, or the other way round; or a DAG
            lacks its heading, **In** or **Out**.
    """
    files = {file.stem for file in folder.glob("*.py")}
    if odd := sorted(files ^ set(path)):
        raise DocumentError(f"DAGs {odd} are only in dags/ or only in PATH of infra/dag_table.py.")
    rows = [_row(folder / f"{name}.py") for name in path]
    head = "| DAG | what | runs (UTC) | reads | writes |"
    return "\n".join([head, "|---|---|---|---|---|", *rows])


def _row(file: Path) -> str:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    text = ast.get_docstring(tree) or ""
    cells = [
        f"[`{file.stem}`](dags/{file.name})",
        _part(file, text, r"### ([^\n]+)"),
        schedule_in_words(_schedule(file, tree)),
        _part(file, text, r"\*\*In\*\* (.+?)(?=\n\*\*|\n[A-Z]|\Z)"),
        _part(file, text, r"\*\*Out\*\* (.+?)(?=\n\*\*|\n[A-Z]|\Z)"),
    ]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _part(file: Path, text: str, pattern: str) -> str:
    found = re.search(pattern, text, re.DOTALL)
    if not found:
        raise DocumentError(f"dags/{file.name}: its docstring lacks ###, **In** or **Out**.")
    return " ".join(found[1].split()).rstrip(".")


def _schedule(file: Path, tree: ast.Module) -> ast.expr:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            for call in (d for d in node.decorator_list if isinstance(d, ast.Call)):
                if getattr(call.func, "id", "") == "dag":
                    return next(k.value for k in call.keywords if k.arg == "schedule")
    raise DocumentError(f"dags/{file.name}: no @dag(schedule=...) was found.")


def schedule_in_words(node: ast.expr) -> str:
    """Say when a DAG runs (UTC), from the source of its schedule."""
    if isinstance(node, ast.Constant) and node.value is None:
        return "started by another DAG"
    if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "cron":
        return cron_in_words(node.args[0].value)
    if isinstance(node, ast.Call):
        parts = {keyword.arg: schedule_in_words(keyword.value) for keyword in node.keywords}
        return f"{parts['assets']}; {parts['timetable']}"
    names = sorted(n.id.lower() for n in ast.walk(node) if isinstance(n, ast.Name))
    return "after " + " and ".join(f"`{name}`" for name in names)


def cron_in_words(expression: str) -> str:
    """Say a cron expression (UTC) in words where that is easy, else show it."""
    minute, hour, day, month, weekday = expression.split()
    if (day, month) != ("*", "*"):
        return f"`{expression}`"
    if (hour, weekday) == ("*", "*"):
        every = re.fullmatch(r"\*/(\d+)", minute)
        return f"every {every[1]} min" if every else f"hourly at :{int(minute):02d}"
    clock = f"{int(hour):02d}:{int(minute):02d}"
    return f"daily {clock}" if weekday == "*" else f"{DAYS[int(weekday) % 7]} {clock}"
