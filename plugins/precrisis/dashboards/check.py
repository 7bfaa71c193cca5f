"""Walks dashboard → chart → dataset → dbt model and names every link that leads nowhere.

Runs without Superset and without a warehouse, so that a broken reference fails before it is
published.
"""

from collections.abc import Iterator
from pathlib import Path

from precrisis.dashboards.bundle import Assets, charts_of, read_assets
from precrisis.dashboards.texts import placeholders, read_catalogue

_LANGUAGES = {"it", "en"}


def broken_links(assets_dir: Path, dbt_manifest: dict) -> list[str]:
    """Return one line for each broken link; an empty list means that all hold.

    Args:
        assets_dir: infra/superset/assets.
        dbt_manifest: dbt's manifest.json as read; only `nodes` is used.
    """
    assets = read_assets(assets_dir)
    return [
        *_dashboard_links(assets),
        *_chart_links(assets),
        *_model_links(assets, dbt_manifest),
        *_double_uuids(assets),
    ]


def missing_texts(assets_dir: Path, catalogue_path: Path, values: set[str]) -> list[str]:
    """Return placeholders without a text in both languages.

    Args:
        assets_dir: infra/superset/assets.
        catalogue_path: infra/superset/texts.yaml.
        values: names that the city supplies instead of the catalogue.
    """
    catalogue = read_catalogue(catalogue_path)
    assets = read_assets(assets_dir)
    wanted = placeholders(vars(assets)) | placeholders(catalogue)
    return sorted(path for path in wanted - values if not _has_both(catalogue, path))


def _dashboard_links(assets: Assets) -> Iterator[str]:
    for name, dashboard in assets.dashboards.items():
        shown = set(charts_of(dashboard))
        for key in sorted(shown - set(assets.charts)):
            yield f"dashboard {name} → chart {key}: no charts/{key}.yaml"
        for key in sorted(set(dashboard.get("unexplained", [])) - shown):
            yield f"dashboard {name} leaves chart {key} unexplained, which it does not show"
        for entry in dashboard["filters"]:
            if "dataset" in entry and entry["dataset"] not in assets.datasets:
                yield f"dashboard {name} → filter {entry['key']}: no dataset {entry['dataset']}"
            for key in sorted(set(entry.get("leaves_out", [])) - shown):
                yield f"dashboard {name} → filter {entry['key']} spares chart {key}: not shown"


def _chart_links(assets: Assets) -> Iterator[str]:
    used = {key for dashboard in assets.dashboards.values() for key in charts_of(dashboard)}
    for key, chart in assets.charts.items():
        if chart["dataset"] not in assets.datasets:
            yield f"chart {key} → dataset {chart['dataset']}: no such dataset"
        for layer in chart.get("layers", []):
            used.add(layer)
            if layer not in assets.charts:
                yield f"chart {key} → layer {layer}: no charts/{layer}.yaml"
    for key in sorted(set(assets.charts) - used):
        yield f"chart {key} is on no dashboard: show it or delete it"


def _model_links(assets: Assets, manifest: dict) -> Iterator[str]:
    models = {
        (node["schema"], node["name"])
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model"
    }
    for name, dataset in assets.datasets.items():
        schema = assets.databases[assets.database_of[name]]["schema"]
        if (schema, dataset["table_name"]) not in models:
            yield f"dataset {name} → dbt model {dataset['table_name']}: not among the {schema}"


def _double_uuids(assets: Assets) -> Iterator[str]:
    seen: dict[str, str] = {}
    for kind in ("databases", "datasets", "charts", "dashboards"):
        for name, item in getattr(assets, kind).items():
            owner = f"{kind}/{name}"
            if seen.setdefault(item["uuid"], owner) != owner:
                yield f"{owner} has the uuid of {seen[item['uuid']]}: give it its own"


def _has_both(catalogue: dict, path: str) -> bool:
    entry = catalogue
    for key in path.split("."):
        entry = entry.get(key) if isinstance(entry, dict) else None
    return isinstance(entry, dict) and set(entry) == _LANGUAGES and all(entry.values())
