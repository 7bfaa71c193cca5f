"""Play the scenarios of a city pack end to end and say what was alerted, when, and what was not.

Usage: python -m infra.exercise [NAME ...] [--json FILE]; the stack must be up. Exit 0 only when all
hold.
"""

import argparse
import datetime as dt
import json
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from infra.exercise.follow import follow, prepare
from infra.exercise.inject import inject
from infra.exercise.scenario import Scenario, read_scenarios
from infra.exercise.score import Result, budget_kept, result_of
from infra.exercise.world import World, exercise_world, wait_for_next_second
from infra.stack.layout import Stack


def main() -> None:
    parser = argparse.ArgumentParser(prog="infra.exercise", description=__doc__)
    parser.add_argument("names", nargs="*", help="scenarios to play; all if left out")
    parser.add_argument("--json", type=Path, help="write the results there as well")
    given = parser.parse_args()
    stack = Stack.from_environment()
    scenarios = read_scenarios(stack.city_pack)
    if unknown := set(given.names) - {scenario.name for scenario in scenarios}:
        sys.exit(f"no scenario {', '.join(sorted(unknown))} in {stack.city_pack}/exercise")
    chosen = [s for s in scenarios if not given.names or s.name in given.names]
    began = time.monotonic()
    with exercise_world(stack) as world:
        prepare(_run("prepare"), world.until)
        print(f"{time.monotonic() - began:4.0f} s  the exercise's city stands", flush=True)
        results = [_play(scenario, world) for scenario in chosen]
        is_within = budget_kept(world)
    holds = is_within and all(result.holds for result in results)
    kept = "budget kept" if is_within else "BUDGET BROKEN"
    print(f"\n{'all hold' if holds else 'DOES NOT HOLD'}: {len(chosen)} scenarios, {kept}, "
          f"{time.monotonic() - began:.0f} s")  # fmt: skip
    if given.json:
        found = {"results": [asdict(result) for result in results], "budget_kept": is_within}
        given.json.write_text(json.dumps(found, default=str))
    sys.exit(0 if holds else 1)


def _play(scenario: Scenario, world: World) -> Result:
    run = _run(scenario.name)
    first_signal_at = dt.datetime.now(dt.UTC)
    inject(scenario, world, run)
    wait_for_next_second()
    follow(scenario, _run(scenario.name), world.until)
    result = result_of(scenario, world, first_signal_at)
    print(result.line, flush=True)
    return result


def _run(name: str) -> Any:
    from precrisis.run import Run

    now = dt.datetime.now(dt.UTC)
    return Run("exercise", f"exercise__{name}__{now.isoformat()}", now - dt.timedelta(hours=1), now)


if __name__ == "__main__":
    main()
