"""Builds the bundle that Superset imports: our short YAML, words and columns filled in, zipped."""

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from precrisis.dashboards import datasets
from precrisis.dashboards.layout import Layout, captions_css, native_filter
from precrisis.dashboards.texts import Texts
from precrisis.dashboards.warehouse import Column

_ROOT = "precrisis"
_METADATA = {"version": "1.0.0", "type": "assets", "timestamp": "2026-01-01T00:00:00+00:00"}
_CHART_DEFAULTS = {
    "certified_by": None,
    "certification_details": None,
    "query_context": None,
    "cache_timeout": None,
    "version": "1.0.0",
}
_DASHBOARD_DEFAULTS = {"published": True, "version": "1.0.0"}


@dataclass(frozen=True)
class Assets:
    """The YAML of infra/superset/assets as written, by file name without ending.

    A dataset's folder names the database it is read through.
    """

    databases: dict[str, dict]
    datasets: dict[str, dict]
    charts: dict[str, dict]
    dashboards: dict[str, dict]
    database_of: dict[str, str]

    @property
    def chart_uuids(self) -> dict[str, str]:
        return {key: chart["uuid"] for key, chart in self.charts.items()}

    @property
    def dataset_uuids(self) -> dict[str, str]:
        return {key: dataset["uuid"] for key, dataset in self.datasets.items()}


def read_assets(folder: Path) -> Assets:
    """Read the assets folder (databases/, datasets/, charts/, dashboards/)."""
    return Assets(
        *(
            {path.stem: _yaml(path) for path in sorted((folder / kind).rglob("*.yaml"))}
            for kind in ("databases", "datasets", "charts", "dashboards")
        ),
        database_of={
            path.stem: path.parent.name for path in sorted((folder / "datasets").rglob("*.yaml"))
        },
    )


def build(assets: Assets, texts: Texts, columns: dict[str, list[Column]]) -> dict[str, Any]:
    """Return path in the bundle to the tree that Superset reads there.

    Raises:
        MissingTextError: a placeholder has no entry.
        MissingMartError: a dataset's table is not in the warehouse.
    """
    files = {"metadata.yaml": _METADATA}
    for name, database in texts.fill(assets.databases).items():
        own = {key: value for key, value in database.items() if key != "schema"}
        files[f"databases/{name}.yaml"] = own
    for name, dataset in texts.fill(assets.datasets).items():
        database_name = assets.database_of[name]
        database = assets.databases[database_name]
        place = {
            "database_uuid": database["uuid"],
            "catalog": texts.get("warehouse_database"),
            "schema": database["schema"],
        }
        path = f"datasets/{database_name}/{name}.yaml"
        files[path] = datasets.complete(dataset, columns, texts, place)
    charts = texts.fill(assets.charts)
    for key, chart in charts.items():
        files[f"charts/{key}.yaml"] = _chart(chart, assets)
    for key, dashboard in texts.fill(assets.dashboards).items():
        files[f"dashboards/{key}.yaml"] = _dashboard(dashboard, assets, charts)
    return files


def zip_bundle(files: dict[str, Any]) -> bytes:
    """Return the zip of a built bundle; the same files give the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(files):
            entry = zipfile.ZipInfo(f"{_ROOT}/{path}", date_time=(2026, 1, 1, 0, 0, 0))
            archive.writestr(entry, yaml.safe_dump(files[path], allow_unicode=True))
    return buffer.getvalue()


def charts_of(dashboard: dict) -> Iterator[str]:
    """Yield the keys of the charts that a dashboard shows, in reading order."""
    for tab in dashboard["tabs"]:
        for row in tab["rows"]:
            for cell in row:
                for inner in cell.get("stack", [cell]):
                    if "chart" in inner:
                        yield inner["chart"]


def _explained(dashboard: dict, charts: dict[str, dict]) -> Iterator[str]:
    """Keys of the charts whose one-line description stands open under the title.

    A single number has its subtitle, and no room for more.
    """
    for key in charts_of(dashboard):
        is_number = charts[key]["viz_type"] == "big_number_total"
        if not is_number and key not in dashboard.get("unexplained", []):
            yield key


def _chart(chart: dict, assets: Assets) -> dict:
    own = {key: value for key, value in chart.items() if key not in ("dataset", "layers")}
    own["params"] = {"viz_type": chart["viz_type"], **chart["params"]}
    return {**_CHART_DEFAULTS, **own, "dataset_uuid": assets.dataset_uuids[chart["dataset"]]}


def _dashboard(dashboard: dict, assets: Assets, charts: dict[str, dict]) -> dict:
    titles = {key: chart["slice_name"] for key, chart in charts.items()}
    layout = Layout(assets.chart_uuids, titles)
    own = {k: v for k, v in dashboard.items() if k not in ("tabs", "filters", "unexplained")}
    position = layout.build(dashboard)
    captions = captions_css(charts[key] for key in _explained(dashboard, charts))
    filters = [
        native_filter(entry, assets.dataset_uuids, layout.numbers) for entry in dashboard["filters"]
    ]
    return {
        **_DASHBOARD_DEFAULTS,
        **own,
        "css": dashboard["css"] + captions,
        "position": position,
        "metadata": {**dashboard["metadata"], "native_filter_configuration": filters},
    }


def _yaml(path: Path) -> dict:
    return yaml.safe_load(path.read_text(encoding="utf-8"))
