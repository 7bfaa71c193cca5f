"""Is a post informative for an emergency, does it hold hate? Judged on labelled posts."""

import time
from typing import Protocol

import numpy as np

from models import measures
from models.evaluation.posts import LabelledPosts, grouped
from models.text.reading import Reading


class Reader(Protocol):
    """What reads posts for a task."""

    def read(self, task: str, texts: list[str]) -> Reading:
        """Classes of `informative` and `hate` are no, yes; of `tone` hate, offensive, neither."""
        ...


def evaluate_text(task: str, posts: LabelledPosts, reader: Reader) -> dict:
    """Judge `reader` on posts; with groups, also on each group under its name in `by`.

    Speeds are of reading alone, by the clock and by CPU time; loading the model is not in them.
    """
    start_s, cpu_s = time.perf_counter(), time.process_time()
    reading = _reading(task, posts, reader)
    spent_s, spent_cpu_s = time.perf_counter() - start_s, time.process_time() - cpu_s
    count = len(posts.texts)
    found = {
        "task": task,
        "posts": count,
        **_judged(posts, reading, np.arange(count)),
        "texts_per_s": round(count / spent_s, 1),
        "texts_per_cpu_s": round(count / spent_cpu_s, 1),
    }
    if posts.groups:
        groups = grouped(posts.groups)
        found["by"] = {g: _judged(posts, reading, np.array(rows)) for g, rows in groups.items()}
    return found


def _reading(task: str, posts: LabelledPosts, reader: Reader) -> Reading:
    if not posts.has_tones:
        return reader.read(task, posts.texts)
    tones = reader.read("tone", posts.texts)
    return tones if posts.positive_tones is None else tones.merged(posts.positive_tones)


def _judged(posts: LabelledPosts, reading: Reading, rows: np.ndarray) -> dict:
    truth, decided = posts.truth[rows], reading.decided[rows]
    is_sure = ~reading.is_uncertain[rows]
    classes = measures.precision_and_recall(truth, decided, len(posts.classes))
    return {
        "count": len(rows),
        "accuracy": round(float((truth == decided).mean()), 4),
        "macro_f1": measures.macro_f1(truth, decided, len(posts.classes)),
        "classes": dict(zip(posts.classes, classes, strict=True)),
        "calibration_error": measures.calibration_error(truth, reading.probabilities[rows]),
        "abstained": round(float(1 - is_sure.mean()), 4),
        "macro_f1_sure": measures.macro_f1(truth[is_sure], decided[is_sure], len(posts.classes)),
    }
