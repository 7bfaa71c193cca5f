"""One pass over a segment: what each analysed frame shows, from it and the frames before it."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from models.video.anomaly import Calibration
from models.video.behaviour import Found
from models.video.detector import Detector
from models.video.footage import Footage
from models.video.kinds import OBJECT_LEFT
from models.video.left_objects import LOOKS, Box, left_objects
from models.video.motion import SCALE, Motion, MotionMeter, camera_health, half_grey, half_size
from models.video.scores import Scores
from models.video.tamper import Lookout
from models.video.tiles import TiledAttention
from models.video.tracking import WEAK_SCORE, Track, Tracker
from models.video.view import CameraView

FLOW_GAP_S = 0.2  # a walker then moves some pixels, and is still found again
FLOW_EVERY_S = 1.0  # at most: a window's mean motion needs ten looks, not twenty
EARLY_S = 0.001  # by which a timestamp may lie before the moment that is wanted


@dataclass(frozen=True)
class Sample:
    """One analysed frame. `motions`: per region of the camera.

    `blind`: why nobody can be seen, `tampered`: what was done to the camera, None: all is well.
    `families` and `feet`: of what counts in it: person, vehicle or bicycle, and where it stands
    (0-1 of the picture).
    """

    at_s: float
    blind: str | None
    tampered: str | None
    motions: tuple[Motion, ...]
    families: tuple[str, ...]
    feet: tuple[tuple[float, float], ...]


class Schedule:
    """Says of each moment of a stretch whether its frame is wanted: to analyse, or for flow."""

    def __init__(self, rate_hz: float) -> None:
        self._gap_s = min(FLOW_GAP_S, 1 / rate_hz)
        self._rate_hz = rate_hz
        self._next = 0  # number of the sample to come
        self._flow_s = -FLOW_EVERY_S  # when flow was last measured
        self.is_before_wanted = False

    def wants(self, at_s: float) -> bool:
        """True for the first frame at or after a moment that is looked at."""
        return self.is_due(at_s) or (self.is_before_wanted and self._is_before(at_s))

    def is_due(self, at_s: float) -> bool:
        """True when a frame has to be analysed."""
        return at_s >= self._next / self._rate_hz - EARLY_S

    def is_flow_due(self, at_s: float) -> bool:
        """True when the flow of an analysed frame is to be measured."""
        return at_s >= self._flow_s + FLOW_EVERY_S - EARLY_S

    def analysed(self, at_s: float) -> bool:
        """Note it, and tell whether the same frame has to serve the flow of the next one."""
        self._next = int((at_s + EARLY_S) * self._rate_hz) + 1
        self._flow_s = at_s if self.is_flow_due(at_s) else self._flow_s
        if not self.is_flow_due(self._next / self._rate_hz):
            self.is_before_wanted = False
            return False
        self.is_before_wanted = not self._is_before(at_s)
        return not self.is_before_wanted

    def _is_before(self, at_s: float) -> bool:
        return at_s >= self._next / self._rate_hz - self._gap_s - EARLY_S


class Watch:
    """What is remembered from frame to frame of one segment."""

    def __init__(
        self,
        footage: Footage,
        camera: CameraView,
        detector: Detector,
        normal: Calibration | None = None,
    ) -> None:
        wary = replace(detector, min_score=WEAK_SCORE)
        shape = footage.height_px, footage.width_px
        self._footage, self._size = footage, np.array(shape[::-1])
        self._masks = [region.mask(half_size(*shape)) for region in camera.regions]
        self._attention, self._tracker = TiledAttention(wary, *shape, camera.tiles), Tracker()
        self._meter, self._lookout = MotionMeter(), Lookout()
        self._schedule = Schedule(camera.analysis_rate_hz)
        self._before: tuple[float, np.ndarray] | None = None
        self._previous: np.ndarray | None = None
        self._regions = camera.regions
        self._first: list[tuple[float, np.ndarray]] = []
        self._last: deque[tuple[float, np.ndarray]] = deque(maxlen=LOOKS)
        self._taken: list[Box] = []
        self.scores = Scores(footage, normal)
        self.tracks: list[Track] = []  # all that there ever were

    def samples(self) -> Iterator[Sample]:
        """Analyse frames at the camera's rate; flow looks at one more frame shortly before each."""
        for index, frame in self._footage.frames(self._wants):
            at_s = self._footage.at_s
            self.scores.look(index, at_s, frame)
            if not self._schedule.wants(at_s):
                continue
            grey = half_grey(frame)
            if self._schedule.is_due(at_s):
                yield self._sample(at_s, grey, frame)
                if self._schedule.analysed(at_s):
                    self._before = at_s, grey
            else:
                self._before, self._schedule.is_before_wanted = (at_s, grey), False

    def _wants(self, index: int) -> bool:
        return self._schedule.wants(self._footage.at_s) or self.scores.is_due(index)

    def _sample(self, at_s: float, grey: np.ndarray, frame: np.ndarray) -> Sample:
        blind = camera_health(grey, self._previous).reason
        self._previous = grey
        seen = [] if blind else self._attention.detect(at_s, grey, frame)
        tracks = self._tracker.update(at_s, seen)
        self.tracks += [track for track in tracks if track.hits == 1]
        counted = tuple(track for track in tracks if track.is_counted and not blind)
        families = tuple(track.family for track in counted)
        feet = tuple(tuple(np.clip(track.box.foot_point / self._size, 0, 1)) for track in counted)
        tampered = None if blind else self._lookout.look(grey)
        if not blind:
            self._remember(at_s, grey, tracks)
        return Sample(at_s, blind, tampered, self._motions(at_s, grey), families, feet)

    def left_objects(self) -> Iterator[Found]:
        """Yield what stands at the end where nothing stood at the beginning, by region."""
        if len(self._last) < LOOKS or self._last[0][0] <= self._first[-1][0]:
            return  # too short to have two ends
        before, after = ([grey for _, grey in end] for end in (self._first, self._last))
        height, width = before[0].shape
        for x0, _, x1, y1 in left_objects(before, after, self._taken):
            for region in self._regions:
                if region.holds((x0 + x1) / 2 / width, y1 / height):
                    times = self._first[-1][0], self._last[-1][0]
                    yield OBJECT_LEFT, region, *times, times[1] - times[0]

    def _remember(self, at_s: float, grey: np.ndarray, tracks: list[Track]) -> None:
        """Keep the frames of both ends, and where things are at the end that have moved."""
        if len(self._first) < LOOKS:
            self._first.append((at_s, grey))
        else:
            self._last.append((at_s, grey))
        boxes = (track.box for track in tracks)
        self._taken = [tuple(round(v * SCALE) for v in (b.x0, b.y0, b.x1, b.y1)) for b in boxes]

    def _motions(self, at_s: float, grey: np.ndarray) -> tuple[Motion, ...]:
        is_due = self._schedule.is_flow_due(at_s)
        if not is_due or self._before is None or at_s <= self._before[0]:
            return (Motion(),) * len(self._masks)
        field = self._meter.measure(self._before[1], grey, at_s - self._before[0])
        return tuple(field.within(mask) for mask in self._masks)
