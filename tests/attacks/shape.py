"""The shape attacker: what can be measured on a flat shape, one picture or a whole walk.

Sizes are taken relative to what people measure at that height of the picture (a line the attacker
fits to the output itself), so that where somebody is does not pass for who somebody is; the place
is an attacker of its own.
"""

from dataclasses import dataclass

import cv2
import numpy as np

SPECTRUM = 8  # lowest frequencies of a walk


@dataclass(frozen=True)
class Shape:
    """One flat shape as the output shows it: mask of the picture cut to it, and where it was."""

    mask: np.ndarray  # uint8, 0 or 1
    left: int
    top: int

    @property
    def area(self) -> tuple[slice, slice]:
        """Index of the shape in the picture."""
        height, width = self.mask.shape
        return np.s_[self.top : self.top + height, self.left : self.left + width]

    @property
    def place(self) -> np.ndarray:
        """Middle of the lower edge (x, y), px."""
        height, width = self.mask.shape
        return np.array([self.left + width / 2, self.top + height], float)


def shape_on(labels: np.ndarray, area: tuple[slice, slice]) -> Shape | None:
    """The connected shape that covers most of an area, if any covers a fourth of it.

    Only its choice uses the truth: what is measured comes from the output.
    """
    counts = np.bincount(labels[area].ravel())
    if len(counts) < 2 or counts[1:].max() < 0.25 * counts.sum():
        return None
    mask = labels == 1 + counts[1:].argmax()
    left, top, width, height = cv2.boundingRect(mask.astype(np.uint8))
    return Shape(mask[top : top + height, left : left + width].astype(np.uint8), left, top)


def measures(shape: Shape) -> np.ndarray:
    """Log height and width, aspect, extent, solidity, seven Hu moments (log), ten row widths."""
    mask = shape.mask
    height, width = mask.shape
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    hull = cv2.contourArea(cv2.convexHull(np.concatenate(contours)))
    hu = cv2.HuMoments(cv2.moments(mask, binaryImage=True)).ravel()
    rows = cv2.resize(mask.astype(np.float32), (1, 10), interpolation=cv2.INTER_AREA).ravel()
    single = np.log(height), np.log(width), width / height, mask.mean(), mask.sum() / max(hull, 1)
    return np.array([*single, *(np.sign(hu) * np.log10(np.abs(hu) + 1e-12)), *rows])


def without_perspective(by_sample: np.ndarray, foot_y: np.ndarray) -> np.ndarray:
    """Measures [n, m], less the part that a parabola in the foot point's height explains."""
    terms = np.stack([np.ones_like(foot_y), foot_y, foot_y**2], axis=1) / (1, 500, 500**2)
    fitted, *_ = np.linalg.lstsq(terms, by_sample, rcond=None)
    return by_sample - terms @ fitted


def walk(in_time: np.ndarray) -> np.ndarray:
    """How measures [n, m] change over a walk: deviation of each, spectrum of the width."""
    width = in_time[:, 1] - in_time[:, 1].mean()  # legs open and close
    spectrum = np.abs(np.fft.rfft(width, n=64))[1 : 1 + SPECTRUM]
    return np.concatenate([in_time.std(axis=0), np.log1p(spectrum)])
