"""Turns our short description of a dashboard into Superset's position and filter trees.

In dashboards/*.yaml a row is a list of cells {chart: key, width: 1-12, height: rows of 8 px} or
{picture: file of infra/superset/brand, ...} or {text: words, ...}; a cell may hold `stack`, cells
under each other. A text that the city leaves empty takes no room.
"""

from collections.abc import Iterable
from typing import Any

_ROOT, _GRID, _TABS = "ROOT_ID", "GRID_ID", "TABS-main"


class Layout:
    """Position tree of one dashboard; charts get numbers that the import replaces by its ids."""

    def __init__(self, chart_uuids: dict[str, str], chart_titles: dict[str, str]) -> None:
        self._uuids, self._titles = chart_uuids, chart_titles
        self._nodes: dict[str, Any] = {"DASHBOARD_VERSION_KEY": "v2"}
        self.numbers: dict[str, int] = {}

    def build(self, dashboard: dict) -> dict:
        """Return Superset's `position` for a dashboard with title and tabs."""
        tabs = [self._tab(index, tab) for index, tab in enumerate(dashboard["tabs"])]
        self._add("HEADER_ID", "HEADER", [], [], text=dashboard["dashboard_title"])
        self._add(_TABS, "TABS", tabs, [_ROOT, _GRID])
        self._add(_GRID, "GRID", [_TABS], [_ROOT])
        self._add(_ROOT, "ROOT", [_GRID], [])
        return self._nodes

    def _tab(self, index: int, tab: dict) -> str:
        node = f"TAB-{tab['key']}"
        parents = [_ROOT, _GRID, _TABS, node]
        filled = [[cell for cell in row if cell.get("text") != ""] for row in tab["rows"]]
        rows = [self._row(f"ROW-{index}-{n}", row, parents) for n, row in enumerate(filled) if row]
        return self._add(node, "TAB", rows, parents[:-1], text=tab["title"])

    def _row(self, node: str, cells: list[dict], parents: list[str]) -> str:
        inside = [*parents, node]
        children = [self._cell(f"{node}-{n}", cell, inside) for n, cell in enumerate(cells)]
        return self._add(node, "ROW", children, parents, background="BACKGROUND_TRANSPARENT")

    def _cell(self, node: str, cell: dict, parents: list[str]) -> str:
        if "stack" in cell:
            return self._stack(f"COLUMN-{node}", cell, parents)
        size = {"width": cell["width"], "height": cell["height"]}
        if "picture" in cell:
            code = f"![{cell['alt']}](/brand/{cell['picture']}.svg)"
            return self._markdown(node, code, parents, size)
        if "text" in cell:
            return self._markdown(node, cell["text"], parents, size)
        key = cell["chart"]
        self.numbers[key] = len(self.numbers) + 1
        return self._add(
            f"CHART-{key}",
            "CHART",
            [],
            parents,
            chartId=self.numbers[key],
            uuid=self._uuids[key],
            sliceName=self._titles[key],
            **size,
        )

    def _markdown(self, node: str, code: str, parents: list[str], size: dict) -> str:
        return self._add(f"MARKDOWN-{node}", "MARKDOWN", [], parents, code=code, **size)

    def _stack(self, node: str, cell: dict, parents: list[str]) -> str:
        inside = [*parents, node]
        cells = [{"width": cell["width"], **child} for child in cell["stack"]]
        children = [self._cell(f"{node}-{n}", child, inside) for n, child in enumerate(cells)]
        return self._add(
            node,
            "COLUMN",
            children,
            parents,
            width=cell["width"],
            background="BACKGROUND_TRANSPARENT",
        )

    def _add(self, node: str, kind: str, children: list, parents: list, **meta: Any) -> str:
        self._nodes[node] = {
            "id": node,
            "type": kind,
            "children": children,
            "parents": parents,
            "meta": meta,
        }
        return node


def captions_css(charts: Iterable[dict]) -> str:
    """Return CSS that shows each chart's description as a line under its title.

    Superset 6.1 forgets an opened description when it loads a dashboard, so the line comes as
    generated content; screen readers get the description from the chart's own label.
    """
    return "\n".join(
        f".chart-slice[data-test-chart-name={_css_text(chart['slice_name'])}] .header-title::after"
        f" {{ content: {_css_text(chart['description'])} }}"
        for chart in charts
    )


def _css_text(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def native_filter(
    entry: dict, dataset_uuids: dict[str, str], chart_numbers: dict[str, int]
) -> dict:
    """Return Superset's configuration of one filter of the bar.

    A filter of kind `time` has a `default`; one of kind `select` a `dataset`, a `column` and
    perhaps a `parent` filter that narrows its options. `leaves_out` names charts it spares.
    """
    spared = [chart_numbers[key] for key in entry.get("leaves_out", [])]
    common = {
        "id": f"NATIVE_FILTER-{entry['key']}",
        "name": entry["name"],
        "description": entry.get("description", ""),
        "type": "NATIVE_FILTER",
        "scope": {"rootPath": [_ROOT], "excluded": spared},
        "cascadeParentIds": [f"NATIVE_FILTER-{entry['parent']}"] if "parent" in entry else [],
    }
    return common | (_time(entry) if entry["kind"] == "time" else _select(entry, dataset_uuids))


def _time(entry: dict) -> dict:
    return {
        "filterType": "filter_time",
        "targets": [{}],
        "controlValues": {"enableEmptyFilter": False},
        "defaultDataMask": {
            "extraFormData": {"time_range": entry["default"]},
            "filterState": {"value": entry["default"]},
        },
    }


def _select(entry: dict, dataset_uuids: dict[str, str]) -> dict:
    return {
        "filterType": "filter_select",
        "targets": [
            {
                "datasetUuid": dataset_uuids[entry["dataset"]],
                "column": {"name": entry["column"]},
            }
        ],
        "controlValues": {
            "multiSelect": True,
            "enableEmptyFilter": False,
            "defaultToFirstItem": False,
            "inverseSelection": False,
            "searchAllOptions": False,
            "creatable": False,
        },
        "defaultDataMask": {"extraFormData": {}, "filterState": {}},
    }
