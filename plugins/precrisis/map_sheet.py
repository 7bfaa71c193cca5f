"""A sheet of paper for a still map: ground extent, pixels, text and free room.

Ground coordinates are EPSG:25832 metres; sheet coordinates are pixels from the lower left.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from shapely import affinity
from shapely.geometry import Polygon, box
from shapely.geometry.base import BaseGeometry

DPI = 100
INK, HALO, FAINT = "#2f2b26", "#ffffff", "#6d665c"


@dataclass
class Sheet:
    """One picture in the making. `taken` holds the boxes of texts and panels, in pixels."""

    figure: Any
    axes: Any
    view: BaseGeometry
    metres_per_px: float
    taken: list[BaseGeometry] = field(default_factory=list)

    @property
    def size_px(self) -> tuple[float, float]:
        width, height = self.figure.get_size_inches()
        return width * DPI, height * DPI

    @property
    def _in_pixels(self) -> Any:
        """Sheet pixels by way of inches, so that they grow with the resolution of the picture."""
        from matplotlib.transforms import Affine2D

        return Affine2D().scale(1 / DPI) + self.figure.dpi_scale_trans

    def points(self, metres: float, at_least: float) -> float:
        """Line width in points of a thing `metres` wide on the ground."""
        return max(at_least, metres / self.metres_per_px * 72 / DPI)

    def pixels(self, geometry: BaseGeometry) -> BaseGeometry:
        """Bring a ground geometry to sheet pixels."""
        west, south, _, _ = self.view.bounds
        scale = 1 / self.metres_per_px
        moved = affinity.translate(geometry, -west, -south)
        return affinity.scale(moved, scale, scale, origin=(0, 0))

    def write(self, x: float, y: float, text: str, size: float, colour: str, **style) -> Any:
        """Write text at pixel (x, y), centred unless `ha` says otherwise."""
        style = {"ha": "center", "va": "center", "zorder": 10, "transform": self._in_pixels} | style
        return self.axes.text(x, y, text, fontsize=size, color=colour, **style)

    def fill(self, outline: Sequence[tuple[float, float]], colour: Any, **style) -> None:
        """Fill an outline given in pixels."""
        style = {"zorder": 9, "lw": 0, "transform": self._in_pixels} | style
        self.axes.fill(*zip(*outline, strict=True), facecolor=colour, **style)

    def panel(self, left: float, bottom: float, right: float, top: float) -> None:
        """Lay a pale panel in pixels and keep labels off it."""
        area = box(left, bottom, right, top)
        self.fill(area.exterior.coords, HALO, alpha=0.86, zorder=8)
        self.taken.append(area)

    def claim(self, text: Any, avoid: Sequence[Polygon] = (), is_needed: bool = False) -> bool:
        """Keep a text when its room is on the sheet and free, else take it off again.

        `avoid` are further areas in pixels; `is_needed` keeps the text in any case.
        """
        room = self._room(text)
        width, height = self.size_px
        is_free = box(4, 4, width - 4, height - 4).contains(room) and not any(
            room.intersects(other) for other in [*self.taken, *avoid]
        )
        if is_free or is_needed:
            self.taken.append(room)
        else:
            text.remove()
        return is_free or is_needed

    def _room(self, text: Any) -> BaseGeometry:
        """Return the turned rectangle of a text, in pixels, with a little air."""
        angle = text.get_rotation()
        text.set_rotation(0)
        extent = text.get_window_extent(self.figure.canvas.get_renderer())
        text.set_rotation(angle)
        flat = box(extent.x0 - 2, extent.y0 - 1, extent.x1 + 2, extent.y1 + 1)
        return affinity.rotate(flat, angle, origin=text.get_position())


def new_sheet(focus: Sequence[BaseGeometry], width_px: int, height_px: int, colour: str) -> Sheet:
    """Open a sheet that shows the areas of `focus` (metres) at exactly the given size."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    view, metres_per_px = _view(focus, width_px, height_px)
    figure = Figure(figsize=(width_px / DPI, height_px / DPI), dpi=DPI, facecolor=colour)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    west, south, east, north = view.bounds
    axes.set(xlim=(west, east), ylim=(south, north), autoscale_on=False)
    axes.axis("off")
    return Sheet(figure, axes, view, metres_per_px)


def _view(
    focus: Sequence[BaseGeometry], width_px: int, height_px: int
) -> tuple[BaseGeometry, float]:
    """Return the ground rectangle to show and its metres per pixel."""
    wests, souths, easts, norths = zip(*(area.bounds for area in focus), strict=True)
    west, south, east, north = min(wests), min(souths), max(easts), max(norths)
    # One zone is shown within its quarter, at least 700 m across; all zones fill the sheet.
    margin = 2.4 if len(focus) == 1 else 1.12
    across, upright = (east - west) * margin / width_px, (north - south) * margin / height_px
    metres_per_px = max(across, upright, 700.0 / width_px)
    x, y = (west + east) / 2, (south + north) / 2
    half_w, half_h = width_px * metres_per_px / 2, height_px * metres_per_px / 2
    return box(x - half_w, y - half_h, x + half_w, y + half_h), metres_per_px
