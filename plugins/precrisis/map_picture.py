"""Still maps of the city pack for alert mail and the PDF report.

Geometry comes in as EPSG:4326 and is drawn in EPSG:25832 metres, so that the scale bar is true.
No tile server: the base map is the city pack's own drawing.
"""

import io
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Protocol

from pyproj import Transformer
from shapely import transform
from shapely.geometry.base import BaseGeometry

from precrisis.map_labels import label_background, label_zones
from precrisis.map_sheet import DPI, FAINT, HALO, INK, Sheet, new_sheet

_TO_METRES = Transformer.from_crs(4326, 25832, always_xy=True).transform

LAND, CASING, RAIL = "#f5f2ec", "#d8d0c2", "#8d8880"
AREAS = {"built": "#ebe5da", "park": "#d6e6ca", "water": "#b7d4e6", "river": "#b7d4e6"}
# Widths in metres: wide enough to be seen, narrow enough not to fill the squares.
STREETS = {"street": (6.0, 1.0), "main_street": (10.0, 1.8)}
ZONE_WITHOUT_RISK = "#c9cdd6"
# ColorBrewer YlOrBr: ordered in lightness, so it survives colour blindness and a grey printer.
RISK_COLOURS = "YlOrBr"
# The credit stands below all other furniture, so that it never meets it on a narrow sheet.
FOOT_PX = 22
RISK_WORDS = {"it": "Indice di rischio", "en": "Risk index"}


class MapCity(Protocol):
    """What of the city pack a map needs."""

    language: str
    map_credit: str
    zones: Iterable[Any]
    basemap: Iterable[Any]


def zone_map(
    city: MapCity,
    zone_id: str | None,
    width_px: int,
    height_px: int,
    risk: Mapping[str, float] | None = None,
    highlight: Collection[str] = (),
    language: str | None = None,
    pixel_ratio: int = 1,
) -> bytes:
    """Draw the zones of a city over its base map; return a PNG of exactly the given size.

    With `zone_id` the picture is centred on that zone, which is outlined and labelled; with
    None it shows all zones. `risk` maps zone_id to an index 0-100 and colours the zones; zones
    without a value are grey. `highlight` outlines and labels further zones. `language` is that of
    the legend, the city's own where None. `pixel_ratio` enlarges names and lines for a picture
    that is shown that much smaller; it must divide both sizes.

    Raises:
        ValueError: a zone to show is not in the city pack.
    """
    zones = {zone.zone_id: (zone.name, _metres(zone.geometry)) for zone in city.zones}
    shown = _known([*([zone_id] if zone_id else []), *highlight], zones)
    focus = [zones[zone_id][1]] if zone_id else [outline for _, outline in zones.values()]
    sheet = new_sheet(focus, width_px // pixel_ratio, height_px // pixel_ratio, LAND)
    background = [(part.kind, part.name, _metres(part.geometry)) for part in city.basemap]
    _draw_background(sheet, background)
    _draw_zones(sheet, zones, risk or {}, shown)
    title = RISK_WORDS[language or city.language] if risk is not None else None
    _draw_furniture(sheet, city.map_credit, title)
    label_zones(sheet, zones, risk or {}, shown)
    label_background(sheet, background, zones)
    return _png(sheet, DPI * pixel_ratio)


def _known(shown: Sequence[str], zones: Mapping) -> list[str]:
    for zone_id in shown:
        if zone_id not in zones:
            raise ValueError(f"No zone '{zone_id}' in the city pack: check zones.geojson.")
    return list(dict.fromkeys(shown))


def _metres(geometry: BaseGeometry) -> BaseGeometry:
    return transform(geometry, _TO_METRES, interleaved=False)


def _png(sheet: Sheet, dpi: int) -> bytes:
    buffer = io.BytesIO()
    # A fixed Software entry: the same map gives the same bytes, whatever the library's release.
    sheet.figure.savefig(buffer, format="png", dpi=dpi, metadata={"Software": "PreCrisis"})
    return buffer.getvalue()


def _draw_background(sheet: Sheet, background: Sequence) -> None:
    for order, (kind, colour) in enumerate(AREAS.items()):
        _draw_areas(sheet, _of_kind(background, kind), colour, 1 + order / 10)
    _draw_lines(sheet, _of_kind(background, "district"), "#a79f92", 0.7, 1.9, (0, (5, 4)))
    for kind, (width_m, at_least) in STREETS.items():
        width = sheet.points(width_m, at_least)
        _draw_lines(sheet, _of_kind(background, kind), CASING, width + 1.1, 2.0)
        _draw_lines(sheet, _of_kind(background, kind), "#ffffff", width, 2.2)
    _draw_lines(sheet, _of_kind(background, "railway"), RAIL, 2.6, 2.3)
    _draw_lines(sheet, _of_kind(background, "railway"), LAND, 1.4, 2.4, (0, (4, 4)))


def _of_kind(background: Sequence, kind: str) -> list[BaseGeometry]:
    """Shapes of a kind, taken apart: a city may draw a river as a line, a park in two pieces."""
    whole = [geometry for found, _, geometry in background if found == kind]
    return [part for geometry in whole for part in getattr(geometry, "geoms", [geometry])]


def _draw_areas(sheet: Sheet, shapes: Iterable, colour: str, order: float) -> None:
    for shape in shapes:
        if shape.geom_type == "Polygon":
            sheet.axes.fill(*shape.exterior.xy, color=colour, lw=0, zorder=order)
        else:
            _draw_lines(sheet, [shape], colour, 3.0, order)


def _draw_lines(
    sheet: Sheet, lines: Iterable, colour: str, width: float, order: float, dashes: Any = "-"
) -> None:
    style = {"solid_capstyle": "round", "solid_joinstyle": "round", "dash_capstyle": "butt"}
    for shape in lines:
        line = shape.exterior if shape.geom_type == "Polygon" else shape
        sheet.axes.plot(*line.xy, color=colour, lw=width, ls=dashes, zorder=order, **style)


def _draw_zones(sheet: Sheet, zones: Mapping, risk: Mapping, shown: Collection[str]) -> None:
    for zone_id, (_, outline) in zones.items():
        colour = _risk_colour(risk[zone_id]) if zone_id in risk else ZONE_WITHOUT_RISK
        sheet.axes.fill(*outline.exterior.xy, facecolor=colour, alpha=0.9, lw=0, zorder=3)
        _draw_lines(sheet, [outline.exterior], "#7a6a55", 0.7, 3.1)
    for zone_id in shown:
        _draw_lines(sheet, [zones[zone_id][1].exterior], HALO, 5.0, 3.5)
        _draw_lines(sheet, [zones[zone_id][1].exterior], INK, 2.2, 3.6)


def _risk_colour(index: float) -> tuple[float, float, float, float]:
    """Colour of a risk index 0-100; values outside are clipped."""
    from matplotlib import colormaps

    # The palest step of the palette is lost on paper: start a little way in.
    return colormaps[RISK_COLOURS](0.08 + 0.84 * min(max(index, 0.0), 100.0) / 100)


def _draw_furniture(sheet: Sheet, credit: str, legend_title: str | None) -> None:
    _draw_credit(sheet, credit)
    _draw_scale_bar(sheet)
    _draw_north(sheet)
    if legend_title:
        _draw_legend(sheet, legend_title)


def _draw_credit(sheet: Sheet, credit: str) -> None:
    """Say whose data the map was drawn from, as their licences ask."""
    width_px, _ = sheet.size_px
    text = sheet.write(width_px - 10, 13, credit, 5.5, FAINT, ha="right")
    extent = text.get_window_extent(sheet.figure.canvas.get_renderer())
    sheet.panel(extent.x0 - 4, 6, width_px - 6, FOOT_PX - 2)


def _draw_scale_bar(sheet: Sheet) -> None:
    width_px, _ = sheet.size_px
    length_m = _round_length(width_px * 0.16 * sheet.metres_per_px)
    length_px = length_m / sheet.metres_per_px
    right, left = width_px - 16, width_px - 16 - length_px
    base = FOOT_PX + 8
    sheet.panel(left - 12, FOOT_PX, width_px - 6, base + 22)
    _strip(sheet, left, base, length_px, 4, INK)
    _strip(sheet, left + length_px / 2, base + 1, length_px / 2 - 1, 2, HALO)
    sheet.write((left + right) / 2, base + 13, f"{length_m:.0f} m", 7, INK)


def _round_length(longest_m: float) -> float:
    """Largest of 1, 2 or 5 times a power of ten that is not longer than `longest_m`."""
    power = 10 ** math.floor(math.log10(longest_m))
    return max(step * power for step in (1, 2, 5) if step * power <= longest_m)


def _draw_north(sheet: Sheet) -> None:
    width_px, height_px = sheet.size_px
    x, y = width_px - 22, height_px - 46
    sheet.panel(width_px - 38, height_px - 56, width_px - 6, height_px - 6)
    sheet.fill([(x, y + 24), (x + 6, y + 4), (x, y + 9), (x - 6, y + 4)], INK)
    sheet.write(x, y + 31, "N", 7.5, INK, weight="bold")


def _draw_legend(sheet: Sheet, title: str) -> None:
    left, base, length = 16, FOOT_PX + 18, 132
    sheet.panel(6, FOOT_PX, left + length + 14, base + 34)
    for step in range(length):
        _strip(sheet, left + step, base, 1.5, 9, _risk_colour(100 * step / (length - 1)))
    for index in (0, 25, 50, 75, 100):
        sheet.write(left + index / 100 * length, base - 9, str(index), 6, INK)
    sheet.write(left, base + 22, title, 7, INK, ha="left", weight="bold")


def _strip(sheet: Sheet, x: float, y: float, width: float, height: float, colour: Any) -> None:
    corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
    sheet.fill(corners, colour)
