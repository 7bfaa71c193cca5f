"""Posts read by the tuned encoder: logits of themes and tones, calibrated into a reading."""

import hashlib
import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path

import numpy as np
from scipy.special import expit, softmax

from models.text.encoder import Encoder
from models.text.reading import THEMES, TONES, Reading
from models.text.wording import wording_logits

LEARNT = Path(__file__).with_name("data") / "understanding.npz"
RECORD = LEARNT.with_suffix(".json")
# What the heads say of a post, in order: themes, tones, and whether it informs of an emergency.
INFORMS = len(THEMES) + len(TONES)
OUTPUTS = INFORMS + 1
EVEN = 0.5
# What the figures on the card were measured with: nearer to the decision a person should look; of a
# tone, when the two likeliest differ by less. For a city's posts its pack says (uncertain_margin).
MARGIN, TONE_MARGIN = 0.15, 0.2
# How much the wording counts beside the network; 0.3 to 0.5 came out alike on left-out tweets.
WORDING_SHARE = 0.4


class LearntDiffers(RuntimeError):
    """The file of what was learnt is not the one that its record names."""


class Understanding:
    """What `python -m models.text.train` learnt, on top of the registered encoder.

    Whether a post informs is asked twice: as a theme among all posts of a city, and of posts that
    were collected by the name of an emergency, most of which do. `read` answers the latter.
    """

    def __init__(self, learnt: Path = LEARNT, workers: int = 1) -> None:
        """Load encoder and heads. Raises LearntDiffers, WeightsMissing."""
        record = json.loads(learnt.with_suffix(".json").read_text("utf-8"))
        found = hashlib.sha256(learnt.read_bytes()).hexdigest()
        if found != record["sha256"]:
            raise LearntDiffers(
                f"{learnt.name} has sha256 {found}, its record says {record['sha256']}: "
                "restore both from the repository, or run `python -m models.text.train`"
            )
        self._arrays = dict(np.load(learnt))
        self._workers = workers
        self.version = version_of(record)

    @cached_property
    def _encoder(self) -> Encoder:
        return Encoder(learnt=self._arrays, workers=self._workers)

    def load(self) -> None:
        """Load the encoder now instead of at the first text."""
        _ = self._encoder

    def logits(self, texts: list[str]) -> np.ndarray:
        """Uncalibrated scores, shape (texts, OUTPUTS)."""
        return logits_of(self._encoder.embed(texts), self._arrays)

    def themes(self, texts: list[str]) -> np.ndarray:
        """Calibrated probability of each theme, shape (texts, themes)."""
        scale, shift = self._arrays["theme_calibration"]
        return expit(self.logits(texts)[:, : len(THEMES)] * scale + shift)

    def read(self, task: str, texts: list[str]) -> Reading:
        """Reading for `informative` or `hate` (no, yes) or `tone`. Raises KeyError for others."""
        readers = {"informative": self._informative, "hate": self._hate, "tone": self._tone}
        return readers[task](texts)

    def _informative(self, texts: list[str]) -> Reading:
        scale, shift, threshold = self._arrays["crisis_calibration"]
        return yes_or_no(expit(self.logits(texts)[:, INFORMS] * scale + shift), float(threshold))

    def _hate(self, texts: list[str]) -> Reading:
        return yes_or_no(self.themes(texts)[:, THEMES.index("hate")], EVEN)

    def _tone(self, texts: list[str]) -> Reading:
        with ThreadPoolExecutor(1) as beside:
            worded = beside.submit(wording_logits, texts, self._arrays)
            read = self.logits(texts)[:, len(THEMES) : INFORMS]
        scalings = self._arrays["tone_calibration"]
        probabilities = tone_probabilities(read, worded.result(), scalings)
        weighed = probabilities * self._arrays["tone_favour"]
        weighed /= weighed.sum(axis=1, keepdims=True)
        second, best = np.sort(weighed, axis=1)[:, -2:].T
        return Reading(probabilities, weighed.argmax(axis=1), best - second < TONE_MARGIN)


def version_of(record: Mapping) -> str:
    """The name of what was learnt, by its record: what `model_version` of a signal holds."""
    return f"posts{record['version']}-{record['sha256'][:8]}"


def tone_probabilities(logits: np.ndarray, wording: np.ndarray, scalings: np.ndarray) -> np.ndarray:
    """Mean of what network and wording say, each calibrated: a row of `scalings` for each."""
    read, worded = (
        softmax(scale * scores + shifts, axis=1)
        for scores, (scale, *shifts) in zip((logits, wording), scalings, strict=True)
    )
    return (1 - WORDING_SHARE) * read + WORDING_SHARE * worded


def logits_of(vectors: np.ndarray, learnt: Mapping[str, np.ndarray]) -> np.ndarray:
    """Heads on vectors that are brought to mean 0 and deviation 1 over their dimensions."""
    moved = vectors - vectors.mean(axis=1, keepdims=True)
    moved /= np.sqrt((moved**2).mean(axis=1, keepdims=True) + 1e-5)
    return moved @ learnt["weights"] + learnt["offsets"]


def yes_or_no(yes: np.ndarray, threshold: float) -> Reading:
    """Decide for yes from `threshold` on; near it a person should look."""
    is_near = np.abs(yes - threshold) < MARGIN
    return Reading(np.stack([1 - yes, yes], axis=1), (yes >= threshold).astype(int), is_near)
