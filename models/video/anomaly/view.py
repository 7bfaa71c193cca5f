"""Is this still the view that was learnt? Without that, a score means nothing."""

from dataclasses import dataclass

import cv2
import numpy as np

from models.video.motion import camera_health

COLUMNS, ROWS = 96, 64
BLOCK = 16
MEMORY_FRAMES = 30  # of the running mean that outlives passers-by
MARGIN = 0.15  # below the least likeness seen while normal
LEAST = 0.3


def edges(grey: np.ndarray) -> np.ndarray:
    """Return where the picture has edges, coarse: [ROWS, COLUMNS] of gradient strength."""
    small = cv2.resize(grey, (COLUMNS, ROWS), interpolation=cv2.INTER_AREA).astype(np.float32)
    right, down = cv2.Sobel(small, cv2.CV_32F, 1, 0), cv2.Sobel(small, cv2.CV_32F, 0, 1)
    return np.sqrt(np.hypot(right, down))


def likeness(now: np.ndarray, learnt: np.ndarray) -> float:
    """Return how far `now` has its edges where the learnt view has them, -1 to 1.

    The median over the half of the blocks that hold most edges: a lorry covers some blocks, a
    camera that was moved changes all.
    """
    blocks, learnt_blocks = _blocks(now), _blocks(learnt)
    strength = np.sqrt((learnt_blocks**2).sum(axis=1))
    rich = np.argsort(-strength, kind="stable")[: len(strength) // 2]
    both = np.sqrt((blocks[rich] ** 2).sum(axis=1)) * strength[rich]
    return float(np.median((blocks[rich] * learnt_blocks[rich]).sum(axis=1) / (both + 1e-6)))


def _blocks(edge_map: np.ndarray) -> np.ndarray:
    """The map's blocks [n, BLOCK * BLOCK], each less its mean."""
    parts = edge_map.reshape(ROWS // BLOCK, BLOCK, COLUMNS // BLOCK, BLOCK)
    flat = parts.swapaxes(1, 2).reshape(-1, BLOCK * BLOCK)
    return flat - flat.mean(axis=1, keepdims=True)


@dataclass(frozen=True)
class View:
    """The mean edge map of normal footage and how unlike it the footage ever was."""

    edges: np.ndarray
    least_likeness: float


class Onlooker:
    """Follows one stream's running edge map."""

    def __init__(self) -> None:
        self.mean: np.ndarray | None = None  # edge map, over the last frames
        self.now: np.ndarray | None = None  # of the last frame
        self._count = 0
        self._before: np.ndarray | None = None

    def look(self, grey: np.ndarray) -> str | None:
        """Take in a frame; return why nothing can be seen in it, None when all is well."""
        health = camera_health(grey, self._before)
        self._before = grey
        if health.is_dark or health.is_uniform:
            return "the picture is dark" if health.is_dark else "the picture is blank"
        if health.is_frozen:
            return "the picture is frozen"
        self.now = edges(grey)
        self._count = min(self._count + 1, MEMORY_FRAMES)
        before = self.now if self.mean is None else self.mean
        self.mean = before + (self.now - before) / self._count
        return None

    def doubt(self, view: View) -> str | None:
        """Return why the stream is not the learnt view, None when it is."""
        if self.mean is None or likeness(self.mean, view.edges) >= view.least_likeness:
            return None
        return "the view is not the one that was learnt: camera moved, covered or repainted"


def learn_view(maps: list[np.ndarray], running: list[np.ndarray]) -> View:
    """Learn from edge maps of normal frames and from the running means met on the way."""
    mean = np.mean(maps, axis=0).astype(np.float32)
    least = min(likeness(one, mean) for one in running)
    return View(mean, max(LEAST, least - MARGIN))
