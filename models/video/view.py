"""What of a city's camera the analysis needs: where its zones lie in the picture."""

from dataclasses import dataclass

import cv2
import numpy as np

from models.video.ground import GroundPlane

MOST_TILES = 4  # each way


@dataclass(frozen=True)
class Region:
    """The part of the picture that shows the ground of one zone.

    `polygon`: (x, y) corners, 0-1 of picture width and height, from the upper left corner.
    `area_m2`: ground area inside the polygon; None: from the camera's ground plane, if it has one.
    `way_deg`: where people or vehicles have to go, 0-360 in the picture as the flow direction (0 =
    right, 90 = up); None where any way is right.
    """

    zone_id: str
    polygon: tuple[tuple[float, float], ...]
    area_m2: float | None = None
    is_pedestrian: bool = False
    way_deg: float | None = None

    def __post_init__(self) -> None:
        if len(self.polygon) < 3 or not all(0 <= v <= 1 for corner in self.polygon for v in corner):
            raise ValueError(f"region {self.zone_id}: give 3 or more corners, each within 0-1")
        if self.area_m2 is not None and self.area_m2 <= 0:
            raise ValueError(f"region {self.zone_id}: area_m2 must be above 0, or left out")

    def holds(self, x: float, y: float) -> bool:
        """Tell whether the point (0-1 of width and height) lies in the region or on its edge."""
        return self.depth(x, y) >= 0

    def depth(self, x: float, y: float) -> float:
        """Distance of the point to the region's edge, 0-1 of the picture; negative outside."""
        corners = np.array(self.polygon, dtype=np.float32)
        return cv2.pointPolygonTest(corners, (float(x), float(y)), measureDist=True)

    def mask(self, shape: tuple[int, int]) -> np.ndarray:
        """Boolean picture of `shape` (height, width) in px: True inside the region."""
        height_px, width_px = shape
        corners = np.array(self.polygon) * (width_px - 1, height_px - 1)
        filled = cv2.fillPoly(np.zeros(shape, np.uint8), [corners.round().astype(np.int32)], 1)
        return filled.astype(bool)


@dataclass(frozen=True)
class Line:
    """A line in the picture, from `start` to `end` (x, y, 0-1), at which crossings are counted.

    Right is the right hand of who stands at `start` and looks to `end`.
    """

    line_id: str
    start: tuple[float, float]
    end: tuple[float, float]

    def __post_init__(self) -> None:
        if self.start == self.end or not all(0 <= v <= 1 for v in (*self.start, *self.end)):
            raise ValueError(f"line {self.line_id}: give two different points, each within 0-1")

    def offset(self, x: float, y: float) -> float:
        """Distance (0-1) of the point to the line drawn out without end; positive on its right."""
        along = np.subtract(self.end, self.start)
        off_x, off_y = x - self.start[0], y - self.start[1]
        return float(along[0] * off_y - along[1] * off_x) / float(np.hypot(*along))

    def meets(self, before: tuple[float, float], after: tuple[float, float]) -> bool:
        """Tell whether the way between two points on either side passes between its ends."""
        first, last = self.offset(*before), self.offset(*after)
        share = first / (first - last)
        place = np.add(before, share * np.subtract(after, before))
        along = np.subtract(self.end, self.start)
        return 0 <= np.dot(place - self.start, along) <= np.dot(along, along)


@dataclass(frozen=True)
class CameraView:
    """One camera: its regions, how many frames a second are looked at, its ground in metres.

    `lines`: where crossings are counted each way. `tiles` (across, down): in how many parts a wide
    view is shown to the detector.
    """

    camera_id: str
    regions: tuple[Region, ...]
    analysis_rate_hz: float = 2.0
    ground: GroundPlane | None = None
    lines: tuple[Line, ...] = ()
    tiles: tuple[int, int] = (1, 1)

    def __post_init__(self) -> None:
        if not self.regions:
            raise ValueError(f"camera {self.camera_id}: give at least one region")
        if len({region.zone_id for region in self.regions}) < len(self.regions):
            raise ValueError(f"camera {self.camera_id}: two regions have the same zone_id")
        if len({line.line_id for line in self.lines}) < len(self.lines):
            raise ValueError(f"camera {self.camera_id}: two lines have the same line_id")
        if not self.analysis_rate_hz > 0:
            raise ValueError(f"camera {self.camera_id}: analysis_rate_hz must be above 0")
        if not all(1 <= count <= MOST_TILES for count in self.tiles):
            raise ValueError(f"camera {self.camera_id}: tiles must be 1 to {MOST_TILES} each way")

    def area_m2(self, region: Region) -> float | None:
        """Ground area of one of the regions; None when nothing tells it."""
        if region.area_m2 is not None or self.ground is None:
            return region.area_m2
        return self.ground.area_m2(region.polygon)
