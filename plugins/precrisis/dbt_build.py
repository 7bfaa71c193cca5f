"""dbt in this process: the project is parsed once, and each further build starts at once."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from precrisis.settings import settings

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

# Read by dbt/macros/hours.sql. No --vars: for another value of those dbt parses all anew.
UNTIL = "PRECRISIS_UNTIL"
# They look at the SQL, not at the city's rows: `make test` runs them.
NO_UNIT_TESTS = ("--exclude-resource-type", "unit_test")
Verb = Literal["run", "build", "test"]


def dbt_build(
    until: datetime,
    select: Sequence[str] = (),
    exclude: Sequence[str] = (),
    verb: Verb = "build",
    variables: Mapping[str, object] | None = None,
    target: Path | None = None,
) -> None:
    """Build models (and, but for the verb `run`, test them) up to the hour `until` (with zone).

    Args:
        select: dbt's node selection; all where it is empty.
        variables: other values of the project's `vars`.
        target: dbt's own files; by default <state>/dbt.

    Raises:
        RuntimeError: a model or test failed, or the project does not parse. It names which; dbt's
            own message is in the output.
    """
    from dbt.cli.main import dbtRunner

    target = target or settings().state / "dbt"
    options = {"--select": select, "--exclude": exclude}
    chosen = [word for name, given in options.items() if given for word in (name, *given)]
    chosen += NO_UNIT_TESTS if verb == "build" else []
    chosen += ["--vars", json.dumps(dict(variables))] if variables else []
    with _variable(UNTIL, until.isoformat()):
        done = dbtRunner(manifest=parsed(target)).invoke([verb, *_paths(target), *chosen])
    if not done.success:
        raise RuntimeError(f"dbt {verb} failed: {_failed(done)}; see the output above")


@lru_cache
def parsed(target: Path) -> "Manifest":
    """What dbt understands of the project now; once a process.

    Raises:
        RuntimeError: it does not parse.
    """
    from dbt.cli.main import dbtRunner

    done = dbtRunner().invoke(["parse", *_paths(target)])
    if not done.success:
        raise RuntimeError(f"dbt can't parse the project: {done.exception}")
    return done.result


def _paths(target: Path) -> list[str]:
    project = str(settings().dbt_dir)
    where = ["--project-dir", project, "--profiles-dir", project]
    where += ["--target-path", str(target), "--log-path", str(target)]
    return ["--quiet", "--log-level-file", "info", *where]


def _failed(done: object) -> str:
    if done.exception or not done.result:
        return str(done.exception)
    bad = [r for r in done.result.results if r.status in ("error", "fail", "runtime error")]
    return ", ".join(r.node.name for r in bad)


@contextmanager
def _variable(name: str, value: str) -> Iterator[None]:
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
