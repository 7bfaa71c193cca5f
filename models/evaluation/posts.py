"""Labelled posts of other people, and what their labels mean for a task."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from models.evaluation.labels import BadLabels, rows_of

# Labels that say yes and no in CrisisLexT26 and T6, (Multilingual) HateCheck, HaSpeeDe.
POSITIVE = {
    "informative": {"related and informative", "informative", "on-topic", "1", "true", "yes"},
    "hate": {"hateful", "hate", "hate speech", "hs", "1", "true", "yes"},
}
NEGATIVE = {
    "informative": {
        *("related - but not informative", "not related", "not applicable", "not informative"),
        *("off-topic", "0", "false", "no"),
    },
    "hate": {
        *("non-hateful", "non-hate", "not hateful", "not hate", "none", "normal", "neither"),
        *("offensive", "0", "false", "no"),
    },
}
# Davidson et al. (2017) number or name three classes; TONES is their order.
TONES = ("hate", "offensive", "neither")
TONE_LABELS = {
    **{str(number): number for number in range(len(TONES))},
    **{"hate": 0, "hate speech": 0, "offensive": 1, "offensive language": 1, "neither": 2},
}
YES_NO = ("no", "yes")


@dataclass(frozen=True)
class LabelledPosts:
    """Posts with their true class, an index into `classes`, and the group each one belongs to.

    `positive_tones`: which tones count as yes, where the labels are the three of Davidson.
    """

    texts: list[str]
    classes: tuple[str, ...]
    truth: np.ndarray
    groups: list[str] | None
    positive_tones: tuple[int, ...] | None = None

    @property
    def has_tones(self) -> bool:
        """Tell whether the classes are judged by the head of three tones."""
        return self.classes == TONES or self.positive_tones is not None


def read_posts(
    path: Path,
    task: str,
    text_column: str,
    label_column: str,
    positive: Sequence[str] = (),
    by: str | None = None,
) -> LabelledPosts:
    """Read a CSV file. Labels are compared without case; `positive` are those that count as yes.

    Without `positive` the labels must be of a known vocabulary. Raises BadLabels.
    """
    columns = [text_column, label_column, *([by] if by else [])]
    rows = list(rows_of(path, columns))
    if not rows:
        raise BadLabels(f"{path.name}: holds no post")
    labels = [_plain(row[label_column]) for row in rows]
    texts = [row[text_column] or "" for row in rows]
    groups = [row[by] for row in rows] if by else None
    try:
        classes, truth, tones = _truth(task, labels, [_plain(value) for value in positive])
    except BadLabels as error:
        raise BadLabels(f"{path.name}, column {label_column}: {error}") from None
    return LabelledPosts(texts, classes, truth, groups, tones)


def _plain(label: str | None) -> str:
    return " ".join((label or "").casefold().replace("_", " ").split()).removesuffix(".0")


def _truth(
    task: str, labels: list[str], positive: list[str]
) -> tuple[tuple[str, ...], np.ndarray, tuple[int, ...] | None]:
    found = set(labels)
    is_tone = task == "hate" and found <= TONE_LABELS.keys() and len(found) > 2
    if positive:
        _require_in(positive, found)
        tones = tuple(sorted({TONE_LABELS[value] for value in positive})) if is_tone else None
        return YES_NO, np.array([int(label in positive) for label in labels]), tones
    if is_tone:
        return TONES, np.array([TONE_LABELS[label] for label in labels]), None
    if unknown := found - POSITIVE[task] - NEGATIVE[task]:
        raise BadLabels(
            f"labels not known for task {task}: {_named(unknown)}; "
            "name those that count as yes with --positive"
        )
    return YES_NO, np.array([int(label in POSITIVE[task]) for label in labels]), None


def _require_in(positive: list[str], found: set[str]) -> None:
    if missing := [value for value in positive if value not in found]:
        raise BadLabels(f"no post has the label {_named(missing)}; labels are {_named(found)}")


def _named(labels: Sequence[str] | set[str]) -> str:
    return ", ".join(repr(label) for label in sorted(labels)[:12])


def grouped(names: Sequence[str]) -> dict[str, list[int]]:
    """Rows of each group, in order of its first row."""
    groups: dict[str, list[int]] = {}
    for row, name in enumerate(names):
        groups.setdefault(name, []).append(row)
    return groups
