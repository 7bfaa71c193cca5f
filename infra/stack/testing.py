"""`make test`: the whole suite, on a stack of its own that starts from nothing and leaves nothing.

Unit tests and ten seconds of fuzzing come first, without services. Then the demo is run on the
tests' own tiny city, as a newcomer would, and the other categories look at what came out of it.
"""

import os
import shutil
import subprocess
import sys

from infra.stack import cluster, demo, environment, programs, setup
from infra.stack.layout import ROOT, Stack
from infra.stack.setup import say

CRASHES = "tests/e2e/test_crashes.py"
# A process a core, each with a warehouse and a store of its own; a file's tests stay together.
SPREAD = ("--numprocesses=logical", "--dist=loadfile")
# In this order: the e2e tests look at the demo before others write, the crashes come last, in a
# process of their own, since they end connections that a session of tests holds.
CATEGORIES = (
    ("tests/dags", "tests/e2e", f"--ignore={CRASHES}"),
    ("tests/integration", *SPREAD),
    (CRASHES,),
)


def run(stack: Stack) -> None:
    """Run every category; exit 1 when any test failed or a process was left behind."""
    programs.stop(stack)
    _forget(stack)
    setup.fetch(stack)
    failures = [_pytest(stack, "tests/unit", *SPREAD), _pytest(stack, "tests/fuzz")]
    try:
        setup.prepare(stack)
        setup.start(stack)
        demo.run(stack)
        failures += [_pytest(stack, *arguments) for arguments in CATEGORIES]
    finally:
        strays = programs.stop(stack)
    say(f"stopped, {strays} stray processes")
    sys.exit(1 if any(failures) or strays else 0)


def _forget(stack: Stack) -> None:
    shutil.rmtree(stack.state, ignore_errors=True)
    if stack.state not in cluster.folder(stack).parents:
        shutil.rmtree(cluster.folder(stack).parent, ignore_errors=True)


def _pytest(stack: Stack, *arguments: str) -> int:
    """Run pytest with the stack's environment; return its exit status.

    The results are kept in <state>/results, one JUnit file a category.
    """
    say(f"pytest {' '.join(arguments)}")
    variables = {**os.environ, **environment.common(stack)}
    results = stack.state / "results" / f"{arguments[0].replace('/', '-')}.xml"
    command = [programs.PYTHON, "-m", "pytest", "-q", f"--junitxml={results}", *arguments]
    return subprocess.run(command, cwd=ROOT, env=variables).returncode
