"""Recalibrate the themes on what reviewers said: `python -m models.text.recalibrate EXAMPLES`.

EXAMPLES are JSON lines with model_version, probabilities by theme as they were read, and themes,
the names of those that held (rows of raw.theme_example). Of the model that is in use, each theme's
log-odds are scaled and shifted anew (Platt 1999). Reviewers see what was uncertain and little else,
so the fit is held near to what it was. Writes file and record; posts are then read anew.
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from scipy.optimize import minimize
from scipy.special import logit

from models.text.reading import THEMES
from models.text.understanding import LEARNT, version_of

FEWEST = 50
# A scale or shift that is off by one costs as much as so many examples that are read wholly wrong.
HELD_BY = 10.0
SURE = 1e-4  # probabilities are stored to four digits


class TooFewExamples(ValueError):
    """Too few examples of the model in use; the message says how many there are."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Recalibrate the file in use, and print what changed."""
    parser = argparse.ArgumentParser(prog="python -m models.text.recalibrate", description=__doc__)
    parser.add_argument("examples", type=Path)
    parser.add_argument("--learnt", type=Path, default=LEARNT)
    options = parser.parse_args(arguments)
    lines = options.examples.read_text("utf-8").splitlines()
    report = recalibrate(options.learnt, [json.loads(line) for line in lines if line.strip()])
    json.dump(report, sys.stdout, indent=1)


def recalibrate(learnt: Path, examples: Sequence[Mapping]) -> dict:
    """Write the file and its record anew; return what the record says of it.

    Raises TooFewExamples.
    """
    record = json.loads(learnt.with_suffix(".json").read_text("utf-8"))
    used = [e for e in examples if e["model_version"] == version_of(record)]
    if len(used) < FEWEST:
        raise TooFewExamples(
            f"{len(used)} examples of {version_of(record)}, {FEWEST} are needed: review more posts"
        )
    arrays = dict(np.load(learnt))
    scale, shift = arrays["theme_calibration"].astype(float)
    themes = {}
    for place, theme in enumerate(THEMES):
        odds = logit(np.clip([e["probabilities"][theme] for e in used], SURE, 1 - SURE))
        truth = np.array([theme in e["themes"] for e in used], float)
        a, b = fit(odds, truth)
        scale[place], shift[place] = a * scale[place], a * shift[place] + b
        before, after = log_loss(odds, truth), log_loss(a * odds + b, truth)
        themes[theme] = {"held": int(truth.sum()), "log_loss": [round(before, 4), round(after, 4)]}
    arrays["theme_calibration"] = np.array([scale, shift], np.float32)
    np.savez_compressed(learnt, **arrays)
    record["recalibrated"] = {"examples": len(used), "themes": themes}
    record["sha256"] = hashlib.sha256(learnt.read_bytes()).hexdigest()
    text = json.dumps(record, indent=1, ensure_ascii=False)
    learnt.with_suffix(".json").write_text(text + "\n", "utf-8")
    return record["recalibrated"]


def fit(odds: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    """Scale and shift of log-odds that fit `truth` (0 or 1), held near 1 and 0 by HELD_BY."""

    def loss(found: np.ndarray) -> float:
        held = HELD_BY * ((found[0] - 1) ** 2 + found[1] ** 2)
        return len(truth) * log_loss(found[0] * odds + found[1], truth) + held

    scale, shift = minimize(loss, np.array([1.0, 0.0]), method="Nelder-Mead").x
    return float(scale), float(shift)


def log_loss(odds: np.ndarray, truth: np.ndarray) -> float:
    """Mean negative log likelihood of `truth` under log-odds."""
    return float(np.mean(np.logaddexp(0, odds) - truth * odds))


if __name__ == "__main__":
    main()
