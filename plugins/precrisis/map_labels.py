"""Names on a still map: zones first, then streets, waters and parks where there is room."""

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from shapely.geometry import LineString, Polygon, box
from shapely.geometry.base import BaseGeometry

from precrisis.map_sheet import FAINT, HALO, INK, Sheet

STREET_KINDS = ("main_street", "street")
AREA_INK = {"river": "#3d7391", "park": "#5f7d4c"}
LEAST_STREET_PX = 60.0
LEAST_AREA_PX2 = 2500.0
# The zones of highest risk may be named across a neighbour where there is no free room.
HIGHEST_ALWAYS = 3


def label_zones(
    sheet: Sheet,
    zones: Mapping[str, tuple[str, Polygon]],
    risk: Mapping[str, float],
    shown: Collection[str],
) -> None:
    """Label `shown` zones in any case, others from the highest risk down where there is room."""
    outlines = {
        zone_id: sheet.pixels(outline.intersection(sheet.view))
        for zone_id, (_, outline) in zones.items()
    }
    others = sorted(set(zones) - set(shown), key=lambda zone: (-risk.get(zone, 0.0), zone))
    for rank, zone_id in enumerate([*shown, *others]):
        name, outline = zones[zone_id]
        if outline.intersection(sheet.view).area < 0.3 * outline.area:
            continue
        text = f"{name}  {risk[zone_id]:.0f}" if zone_id in risk else name
        avoid = [area for other, area in outlines.items() if other != zone_id]
        is_shown = zone_id in shown
        is_done = _label_zone(sheet, outlines[zone_id], text, avoid, is_shown)
        if not is_done and rank < len(shown) + HIGHEST_ALWAYS:
            _label_zone(sheet, outlines[zone_id], _wrapped(text), None, is_shown)


def _label_zone(
    sheet: Sheet, outline: Polygon, text: str, avoid: Sequence[Polygon] | None, is_shown: bool
) -> bool:
    """Take the first free spot on or around the zone; a shown zone takes the last in any case.

    `avoid` are the other zones; None lets the label lie across any zone.
    """
    style = {"size": 9, "weight": "bold"} if is_shown else {"size": 6.5}
    spots = _spots(outline)
    for number, (x, y, align) in enumerate(spots, start=1):
        words = _wrapped(text) if number == 2 else text
        written = sheet.write(x, y, words, colour=INK, ha=align, **_halo(2.8), **style)
        # On its own zone a label must fit inside it, or it reads as the neighbour's.
        is_inside = outline.contains(_extent(sheet, written))
        blocked = [] if avoid is None else avoid if is_inside else [*avoid, outline]
        if sheet.claim(written, blocked, is_needed=is_shown and number == len(spots)):
            return True
    return False


def _wrapped(text: str) -> str:
    return text.replace(" ", "\n", 1)


def _extent(sheet: Sheet, written: Any) -> BaseGeometry:
    extent = written.get_window_extent(sheet.figure.canvas.get_renderer())
    return box(extent.x0, extent.y0, extent.x1, extent.y1)


def _spots(outline: Polygon) -> list[tuple[float, float, str]]:
    """Pixel positions to try: on the zone, on it wrapped, above, below, right, left, corners."""
    west, south, east, north = outline.bounds
    x, y = (west + east) / 2, (south + north) / 2
    on_it = outline.representative_point()
    return [
        (on_it.x, on_it.y, "center"),
        (on_it.x, on_it.y, "center"),
        (x, north + 11, "center"),
        (x, south - 11, "center"),
        (east + 7, y, "left"),
        (west - 7, y, "right"),
        (east + 4, north + 9, "left"),
        (west - 4, south - 9, "right"),
        (x, north + 11, "center"),
    ]


def label_background(
    sheet: Sheet, background: Sequence[tuple[str, str, BaseGeometry]], zones: Mapping
) -> None:
    """Name streets along their line, rivers and parks, each name once and never on a zone."""
    avoid = [sheet.pixels(outline) for _, outline in zones.values()]
    named = {name for name, _ in zones.values()}
    for name, part in _streets(sheet, background):
        if name not in named and _label_line(sheet, part, name, avoid):
            named.add(name)
    for kind, name, geometry in background:
        if kind in AREA_INK:
            _label_area(sheet, geometry.intersection(sheet.view), name, AREA_INK[kind], avoid)


def _streets(sheet: Sheet, background: Sequence) -> list[tuple[str, LineString]]:
    """Named street lines on the sheet in pixels, main streets and long ones first."""
    found = []
    for kind, name, geometry in background:
        if kind in STREET_KINDS and name:
            part = sheet.pixels(geometry.intersection(sheet.view))
            if isinstance(part, LineString) and part.length > LEAST_STREET_PX:
                found.append((STREET_KINDS.index(kind), -part.length, name, part))
    return [(name, part) for *_, name, part in sorted(found, key=lambda street: street[:3])]


def _label_line(sheet: Sheet, line: LineString, name: str, avoid: Sequence) -> bool:
    """Write a name along its line, at the middle or a third, if the line is long enough."""
    if line.length < 5.0 * len(name):
        return False
    return any(_write_along(sheet, line, share, name, avoid) for share in (0.5, 0.33, 0.67))


def _write_along(sheet: Sheet, line: LineString, share: float, name: str, avoid: Sequence) -> bool:
    spot, before, after = (
        line.interpolate(share + step, normalized=True) for step in (0.0, -0.1, 0.1)
    )
    angle = math.degrees(math.atan2(after.y - before.y, after.x - before.x))
    angle -= 180 * round(angle / 180)  # never upside down
    style = {"rotation": angle, "rotation_mode": "anchor", **_halo(2.0)}
    return sheet.claim(sheet.write(spot.x, spot.y, name, 5.5, FAINT, **style), avoid)


def _label_area(sheet: Sheet, area: BaseGeometry, name: str, colour: str, avoid: Sequence) -> None:
    outline = sheet.pixels(area)
    if outline.area < LEAST_AREA_PX2:
        return
    spot = outline.representative_point()
    sheet.claim(sheet.write(spot.x, spot.y, name, 7, colour, style="italic", zorder=7), avoid)


def _halo(width: float) -> dict[str, Any]:
    """White edge that keeps a name readable over lines."""
    from matplotlib.patheffects import withStroke

    return {"path_effects": [withStroke(linewidth=width, foreground=HALO, alpha=0.9)], "zorder": 7}
