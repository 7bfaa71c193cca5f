"""Charts of the report as inline SVG: the same rows give the same bytes."""

import io

from matplotlib import colormaps, rc_context
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from precrisis.reports.queries import Rows

INK, ACCENT, MARK = "#1f2933", "#14375e", "#d97706"
STYLE = {
    "font.family": "DejaVu Sans",
    "font.stretch": "condensed",
    "font.size": 8,
    "text.color": INK,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "svg.hashsalt": "precrisis",
}


def hour_heatmap(hours: Rows, weekdays: list[str], axis: str) -> str:
    """Return weekday (rows) by hour (columns) coloured by risk_mean; hours without data stay white.

    The scale ends at the highest value of the week, at least 10 index points.
    """
    highest = max([10.0, *(row["risk_mean"] for row in hours)])
    with rc_context(STYLE):
        figure = Figure(figsize=(7.0, 1.95), layout="constrained")
        axes = figure.add_subplot()
        colours, scale = colormaps["YlOrRd"], Normalize(0, highest)
        for row in hours:
            x, y = row["hour_of_day"], row["weekday"] - 1
            colour = colours(scale(row["risk_mean"]))
            axes.add_patch(Rectangle((x, y), 0.96, 0.94, facecolor=colour, linewidth=0))
        _dress_heatmap(axes, weekdays, axis)
        ticks = MaxNLocator(4, integer=True)  # whole: a decimal sign would need the language
        bar = figure.colorbar(
            ScalarMappable(scale, colours), ax=axes, pad=0.015, aspect=12, ticks=ticks, format="%d"
        )
        bar.outline.set_visible(False)
        bar.ax.tick_params(length=0)
        return _svg(figure)


def incident_bars(incidents: Rows, names: dict[str, str]) -> str:
    """Return horizontal bars: this week, with a mark at the mean of the four weeks before."""
    rows = list(reversed(incidents))
    with rc_context(STYLE):
        figure = Figure(figsize=(3.3, 0.1 + 0.21 * len(rows)), layout="constrained")
        axes = figure.add_subplot()
        places = range(len(rows))
        counts = [row["this_week"] for row in rows]
        axes.barh(places, counts, height=0.62, color=ACCENT)
        before = [float(row["mean_before"]) for row in rows]
        axes.plot(before, places, "|", color=MARK, ms=9, mew=2)
        axes.set_yticks(places, [names.get(row["category"], row["category"]) for row in rows])
        _dress_bars(axes, counts, before)
        return _svg(figure)


def _dress_heatmap(axes: Axes, weekdays: list[str], axis: str) -> None:
    axes.set(xlim=(0, 24), ylim=(7, 0), xlabel=axis)
    axes.set_xticks(range(0, 25, 3), range(0, 25, 3))
    axes.set_yticks([day + 0.47 for day in range(7)], weekdays)
    _plain(axes)


def _dress_bars(axes: Axes, counts: list[int], before: list[float]) -> None:
    for place, count in enumerate(counts):
        axes.annotate(
            str(count), (max(count, before[place]), place), (7, 0), textcoords="offset points",
            va="center", fontweight="bold",
        )  # fmt: skip
    axes.set_xlim(0, 1.15 * max([1, *counts, *before]))
    axes.set_xticks([])
    _plain(axes)


def _plain(axes: Axes) -> None:
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)


def _svg(figure: Figure) -> str:
    """Return the <svg> element alone; a date in it would make each run differ."""
    target = io.StringIO()
    figure.savefig(target, format="svg", metadata={"Date": None}, transparent=True)
    text = target.getvalue()
    return text[text.index("<svg") :]
