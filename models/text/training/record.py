"""From logits of left-out examples: calibration, and the figures that the record keeps."""

from collections.abc import Mapping, Sequence

import numpy as np

from models import measures
from models.text.reading import THEMES, TONES
from models.text.training import calibration
from models.text.training.examples import OURS, TONE_SHARES, Example
from models.text.understanding import EVEN, INFORMS, OUTPUTS, tone_probabilities


def calibrated(examples: Sequence[Example], logits: np.ndarray) -> dict[str, np.ndarray]:
    """Arrays that turn logits (COLUMNS of them) into probabilities.

    Themes are calibrated on our own posts, informing on posts about crises, the tones on theirs
    weighted to the shares they have in the whole set. What has no examples gets no change.
    """
    own = _rows(examples, OURS)
    themes = [
        calibration.platt(logits[own, i], _known(examples, own, t)) for i, t in enumerate(THEMES)
    ]
    return {
        "theme_calibration": np.array(themes, np.float32).T,
        "crisis_calibration": _crisis(examples, logits),
        **_tones(examples, logits),
    }


# Columns of logits: what the network says, then tones by wording.
_TONES = slice(len(THEMES), INFORMS)
_WORDING = slice(OUTPUTS, OUTPUTS + len(TONES))
COLUMNS = OUTPUTS + len(TONES)


def _crisis(examples: Sequence[Example], logits: np.ndarray) -> np.ndarray:
    rows = _rows(examples, ("crisis",))
    if not len(rows):
        return np.array([1, 0, EVEN], np.float32)
    said, truth = logits[rows, INFORMS], _informs(examples, rows)
    scaling = calibration.platt(said, truth)
    yes = calibration.probability(said, scaling)
    return np.array([*scaling, calibration.best_threshold(yes, truth)], np.float32)


def _tones(examples: Sequence[Example], logits: np.ndarray) -> dict[str, np.ndarray]:
    rows = _rows(examples, ("tone",))
    if not len(rows):
        return {"tone_calibration": np.eye(4)[[0, 0]], "tone_favour": np.ones(len(TONES))}
    truth, weights = _tone_truth(examples, rows)
    read, worded = logits[rows, _TONES], logits[rows, _WORDING]
    scalings = np.stack(
        [calibration.tone_scaling(scores, truth, weights) for scores in (read, worded)]
    )
    probability = tone_probabilities(read, worded, scalings)
    return {
        "tone_calibration": scalings.astype(np.float32),
        "tone_favour": calibration.favour(probability, truth, weights).astype(np.float32),
    }


def measured(
    examples: Sequence[Example], logits: np.ndarray, arrays: Mapping[str, np.ndarray]
) -> dict:
    """Figures on examples that were left out when they were judged.

    Scale, shift and threshold were fitted on the same examples: two or three numbers a task.
    """
    return {
        "themes": _theme_figures(examples, logits, arrays["theme_calibration"]),
        "informative_of_crises": _crisis_figures(examples, logits, arrays["crisis_calibration"]),
        "tone": _tone_figures(examples, logits, arrays),
    }


def _theme_figures(
    examples: Sequence[Example], logits: np.ndarray, scaling: np.ndarray
) -> dict[str, dict]:
    own = _rows(examples, OURS)
    figures = {}
    for place, theme in enumerate(THEMES):
        yes = calibration.probability(logits[own, place], tuple(scaling[:, place]))
        truth = _known(examples, own, theme).astype(int)
        figures[theme] = _figures(truth, yes, EVEN)
        italian = np.array([examples[row].language == "it" for row in own])
        decided = (yes[italian] >= EVEN).astype(int)
        figures[theme]["macro_f1_italian"] = measures.macro_f1(truth[italian], decided, 2)
    return figures


def _crisis_figures(
    examples: Sequence[Example], logits: np.ndarray, found: np.ndarray
) -> dict | None:
    rows = _rows(examples, ("crisis",))
    if not len(rows):
        return None
    *scaling, threshold = map(float, found)
    yes, truth = calibration.probability(logits[rows, INFORMS], scaling), _informs(examples, rows)
    events = np.array([examples[row].group for row in rows])
    by = {
        str(event): measures.macro_f1(
            truth[events == event], (yes[events == event] >= threshold).astype(int), 2
        )
        for event in sorted(set(events))
    }
    return {**_figures(truth, yes, threshold), "macro_f1_by_event": by}


def _tone_figures(
    examples: Sequence[Example], logits: np.ndarray, arrays: Mapping[str, np.ndarray]
) -> dict | None:
    rows = _rows(examples, ("tone",))
    if not len(rows):
        return None
    truth, weights = _tone_truth(examples, rows)
    read, worded = logits[rows, _TONES], logits[rows, _WORDING]
    probability = tone_probabilities(read, worded, arrays["tone_calibration"])
    decided = (probability * arrays["tone_favour"]).argmax(1)
    score = calibration.weighted_macro_f1(truth, decided, weights, len(TONES))
    return {"count": len(rows), "macro_f1_weighted": round(score, 4)}


def _figures(truth: np.ndarray, yes: np.ndarray, threshold: float) -> dict:
    decided = (yes >= threshold).astype(int)
    return {
        **measures.precision_and_recall(truth, decided, 2)[1],
        "macro_f1": measures.macro_f1(truth, decided, 2),
        "calibration_error": measures.calibration_error(truth, np.stack([1 - yes, yes], axis=1)),
    }


def _rows(examples: Sequence[Example], sources: Sequence[str]) -> np.ndarray:
    return np.array([i for i, e in enumerate(examples) if e.source in sources], int)


def _known(examples: Sequence[Example], rows: np.ndarray, theme: str) -> np.ndarray:
    return np.array([examples[row].themes[theme] for row in rows])


def _informs(examples: Sequence[Example], rows: np.ndarray) -> np.ndarray:
    return np.array([int(bool(examples[row].informs)) for row in rows])


def _tone_truth(examples: Sequence[Example], rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    truth = np.array([examples[row].tone for row in rows])
    shares = np.bincount(truth, minlength=len(TONES))
    return truth, np.array(TONE_SHARES)[truth] / shares[truth]
