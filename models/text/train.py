"""Learn to understand posts: `python -m models.text.train`, the same result for the same examples.

    python -m models.text.train [--public DIR] [--corrections FILE ...] [--folds N] [--output FILE]

Learns from the posts of data/posts.jsonl, the public sets in DIR (default
$PRECRISIS_EVAL_DATA/text) and corrections of reviewers (JSON lines of the same form). A third is
left out to calibrate and to measure; then all examples are learnt. Writes an npz file and its
record beside it. data/README.md says how to label.
"""

import argparse
import hashlib
import json
import os
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from models.text.encoder import Encoder
from models.text.training.examples import (
    OURS,
    OWN_POSTS,
    Example,
    digest,
    every_tone,
    own_posts,
    public_posts,
)
from models.text.training.folds import fold_by_hash, folds_of
from models.text.training.record import calibrated, measured
from models.text.training.tuning import Learnt, LowerStates, tune
from models.text.training.wording import fit_wording
from models.text.understanding import LEARNT
from models.text.wording import wording_logits

SEED, FOLDS = 7, 3
VERSION = 1


def main(arguments: Sequence[str] | None = None) -> None:
    """Learn, measure on what was left out, and write file and record."""
    options = _parser().parse_args(arguments)
    examples = gathered(options.public, options.corrections)
    wordy = every_tone(options.public) if options.public else []
    states, folds = prepared(examples)
    left_out = leave_out(examples, states, folds, wordy, range(options.folds))
    learnt, _ = tune(Encoder, states, examples, list(range(len(examples))), SEED)
    write(options.output, examples, learnt, wordy, left_out)


def gathered(public: Path | None, corrections: Sequence[Path]) -> list[Example]:
    """All examples in a fixed order. Raises BadExamples, FileNotFoundError."""
    examples = own_posts(OWN_POSTS)
    for path in corrections:
        corrected = own_posts(path, "correction")
        texts = {example.text for example in corrected}
        examples = [e for e in examples if e.text not in texts] + corrected
    return examples + (public_posts(public) if public else [])


def prepared(examples: Sequence[Example]) -> tuple[LowerStates, np.ndarray]:
    """Lower states of all texts, and the fold 0 .. FOLDS-1 of each example."""
    own = [place for place, e in enumerate(examples) if e.source in OURS]
    encoder = Encoder()
    vectors = np.zeros((len(examples), encoder.network.config.hidden_size), np.float32)
    vectors[own] = encoder.embed([examples[place].text for place in own])
    states = LowerStates(encoder, [example.text for example in examples])
    return states, folds_of(examples, vectors, FOLDS)


def leave_out(
    examples: Sequence[Example],
    states: LowerStates,
    folds: np.ndarray,
    wordy: Sequence[Example],
    which: Iterable[int],
) -> dict[int, np.ndarray]:
    """Logits of the examples in the folds `which`, by place, each learnt without its fold."""
    found: dict[int, np.ndarray] = {}
    for fold in which:
        print(f"without fold {fold}", file=sys.stderr, flush=True)
        inside = np.flatnonzero(folds != fold).tolist()
        outside = sorted(np.flatnonzero(folds == fold).tolist(), key=states.length)
        _, predict = tune(Encoder, states, examples, inside, SEED)
        others = worded_by([e for e in wordy if fold_by_hash(e.group, FOLDS) != fold])
        worded = wording_logits([examples[place].text for place in outside], others)
        found |= dict(zip(outside, np.hstack([predict(outside), worded]), strict=True))
    return found


def worded_by(examples: Sequence[Example]) -> dict[str, np.ndarray]:
    """What wording alone tells of tones."""
    return fit_wording([e.text for e in examples], [e.tone for e in examples])


def write(
    output: Path,
    examples: Sequence[Example],
    learnt: Learnt,
    wordy: Sequence[Example],
    left_out: Mapping[int, np.ndarray],
) -> None:
    """Calibrate and measure on what was left out; write the file and its record."""
    judged = [examples[place] for place in left_out]
    logits = np.stack(list(left_out.values()))
    arrays = {**learnt.adapters, "weights": learnt.weights, "offsets": learnt.offsets}
    arrays |= worded_by(wordy) | calibrated(judged, logits)
    np.savez_compressed(output, **arrays)
    record = {
        "version": VERSION,
        "seed": SEED,
        "examples": dict(sorted(Counter(example.source for example in examples).items())),
        "wording_examples": len(wordy),
        "examples_sha256": digest(repr(examples)),
        "left_out": measured(judged, logits, arrays),
        "sha256": hashlib.sha256(output.read_bytes()).hexdigest(),
    }
    text = json.dumps(record, indent=1, ensure_ascii=False)
    output.with_suffix(".json").write_text(text + "\n", "utf-8")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m models.text.train", description=__doc__)
    folder = os.environ.get("PRECRISIS_EVAL_DATA")
    default = Path(folder) / "text" if folder else None
    parser.add_argument("--public", type=Path, default=default, help="folder of public sets")
    parser.add_argument("--corrections", type=Path, nargs="*", default=[])
    parser.add_argument(
        "--folds",
        type=int,
        choices=range(1, FOLDS + 1),
        default=1,
        help=f"how many of {FOLDS} folds are left out in turn: more measure better, slower",
    )
    parser.add_argument("--output", type=Path, default=LEARNT)
    return parser


if __name__ == "__main__":
    main()
