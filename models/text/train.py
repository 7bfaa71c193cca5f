"""Learn to understand posts: `python -m models.text.train`, the same result for the same examples.

    python -m models.text.train [--public DIR] [--corrections FILE ...] [--output FILE]

Learns from the posts of data/posts.jsonl, the public sets in DIR (default
$PRECRISIS_EVAL_DATA/text) and corrections of reviewers (JSON lines of the same form). Folds are
left out in turn to calibrate and to measure; then all examples are learnt. Writes an npz file and
its record beside it. Takes about 20 CPU minutes on one core; data/README.md says how to label.
"""

import argparse
import hashlib
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from models.text.encoder import Encoder
from models.text.training.examples import OWN_POSTS, Example, own_posts, public_posts
from models.text.training.folds import folds_of
from models.text.training.record import calibrated, measured
from models.text.training.tuning import OUTPUTS, Learnt, LowerStates, tune
from models.text.understanding import LEARNT

SEED, FOLDS = 7, 3
VERSION = 1


def main(arguments: Sequence[str] | None = None) -> None:
    """Learn, measure on what was left out, and write file and record."""
    options = _parser().parse_args(arguments)
    examples = gathered(options.public, options.corrections)
    learnt, left_out = learn(examples)
    arrays = {**learnt.adapters, "weights": learnt.weights, "offsets": learnt.offsets}
    arrays |= calibrated(examples, left_out)
    np.savez_compressed(options.output, **arrays)
    record = {
        "version": VERSION,
        "seed": SEED,
        "examples": {s: sum(e.source == s for e in examples) for s in sorted(_sources(examples))},
        "examples_sha256": hashlib.sha256(repr(examples).encode()).hexdigest(),
        "left_out": measured(examples, left_out, arrays),
        "sha256": hashlib.sha256(options.output.read_bytes()).hexdigest(),
    }
    text = json.dumps(record, indent=1, ensure_ascii=False)
    options.output.with_suffix(".json").write_text(text + "\n", "utf-8")


def gathered(public: Path | None, corrections: Sequence[Path]) -> list[Example]:
    """All examples in a fixed order. Raises BadExamples, FileNotFoundError."""
    examples = own_posts(OWN_POSTS)
    for path in corrections:
        corrected = own_posts(path, "correction")
        texts = {example.text for example in corrected}
        examples = [e for e in examples if e.text not in texts] + corrected
    return examples + (public_posts(public) if public else [])


def learn(examples: Sequence[Example]) -> tuple[Learnt, np.ndarray]:
    """What is learnt of all examples; and logits (examples, OUTPUTS), each by a fold without it."""
    own = [place for place, e in enumerate(examples) if e.function]
    encoder = Encoder()
    vectors = np.zeros((len(examples), encoder.network.config.hidden_size), np.float32)
    vectors[own] = encoder.embed([examples[place].text for place in own])
    states = LowerStates(encoder, [example.text for example in examples])
    folds = folds_of(examples, vectors, FOLDS)
    left_out = np.zeros((len(examples), OUTPUTS), np.float32)
    for fold in range(FOLDS):
        print(f"fold {fold + 1} of {FOLDS}", file=sys.stderr, flush=True)
        inside = np.flatnonzero(folds != fold).tolist()
        outside = sorted(np.flatnonzero(folds == fold).tolist(), key=states.length)
        _, predict = tune(Encoder, states, examples, inside, SEED)
        left_out[outside] = predict(outside)
    learnt, _ = tune(Encoder, states, examples, list(range(len(examples))), SEED)
    return learnt, left_out


def _sources(examples: Sequence[Example]) -> set[str]:
    return {example.source for example in examples}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m models.text.train", description=__doc__)
    folder = os.environ.get("PRECRISIS_EVAL_DATA")
    default = Path(folder) / "text" if folder else None
    parser.add_argument("--public", type=Path, default=default, help="folder of public sets")
    parser.add_argument("--corrections", type=Path, nargs="*", default=[])
    parser.add_argument("--output", type=Path, default=LEARNT)
    return parser


if __name__ == "__main__":
    main()
