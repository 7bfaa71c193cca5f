"""Publishes the dashboards to Superset. Running it twice leaves the same world."""

import json
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from precrisis.city import City
from precrisis.dashboards import access, bundle, warehouse
from precrisis.dashboards.city_values import city_values
from precrisis.dashboards.client import Superset, sign_in
from precrisis.dashboards.texts import Texts, read_catalogue
from precrisis.settings import ROOT, Settings

FOLDER = ROOT / "infra" / "superset"


@dataclass(frozen=True)
class PublishResult:
    """What lies in Superset after a publication: addresses and ids by our keys."""

    dashboard_urls: dict[str, str]
    dashboard_ids: dict[str, int]
    chart_ids: dict[str, int]
    dataset_ids: dict[str, int]


def publish(settings: Settings, city: City, folder: Path = FOLDER) -> PublishResult:
    """Import every asset, connect the map's layers, and let each reader in where it belongs.

    Raises:
        SupersetError: Superset refused a call.
        MissingTextError: the catalogue lacks a text in the city's language.
        MissingMartError: a mart is not built.
        psycopg.OperationalError: the warehouse does not answer.
    """
    assets = bundle.read_assets(folder / "assets")
    catalogue = read_catalogue(folder / "texts.yaml")
    texts = Texts(catalogue, city.language, city_values(settings, city))
    dsns = warehouse.reader_dsns(settings)
    columns = {
        table: found
        for schema, dsn in dsns.items()
        for table, found in warehouse.mart_columns(dsn, schema).items()
    }
    files = bundle.build(assets, texts, columns)
    superset = sign_in(settings.superset_url, settings.superset_passwords["admin"])
    superset.assets.import_bundle(bundle.zip_bundle(files), _passwords(assets, dsns))
    result = _result(superset, assets, settings.superset_url)
    connect_layers(superset, assets, result.chart_ids)
    _let_readers_in(superset, assets, settings)
    return result


def connect_layers(superset: Superset, assets: bundle.Assets, chart_ids: dict[str, int]) -> None:
    """Write the ids of a map's layers: the import keeps uuids but not these numbers."""
    for key, chart in assets.charts.items():
        if "layers" in chart:
            stored = superset.read(f"chart/{chart_ids[key]}")["result"]
            params = json.loads(stored["params"])
            params["deck_slices"] = [chart_ids[layer] for layer in chart["layers"]]
            superset.change(f"chart/{chart_ids[key]}", {"params": json.dumps(params)})


def _let_readers_in(superset: Superset, assets: bundle.Assets, settings: Settings) -> None:
    catalog = unquote(urlsplit(settings.bi_dsn).path.lstrip("/"))
    uuids = {name: database["uuid"] for name, database in assets.databases.items()}
    for name, database_id in _ids(superset, "database", uuids).items():
        schema = assets.databases[name]["schema"]
        reader = access.READERS[schema]
        permission = f"[{name}].[{catalog}].[{schema}]"
        role_id = access.allow_schema(superset, reader.role, database_id, permission)
        password = settings.superset_passwords[reader.user]
        access.ensure_user(superset, reader.user, role_id, password)


def _result(superset: Superset, assets: bundle.Assets, url: str) -> PublishResult:
    slugs = {key: dashboard["slug"] for key, dashboard in assets.dashboards.items()}
    uuids = {key: dashboard["uuid"] for key, dashboard in assets.dashboards.items()}
    return PublishResult(
        dashboard_urls={
            key: f"{url.rstrip('/')}/superset/dashboard/{slug}/" for key, slug in slugs.items()
        },
        dashboard_ids=_ids(superset, "dashboard", uuids),
        chart_ids=_ids(superset, "chart", assets.chart_uuids),
        dataset_ids=_ids(superset, "dataset", assets.dataset_uuids),
    )


def _ids(superset: Superset, resource: str, uuids: dict[str, str]) -> dict[str, int]:
    """Find ids by uuid; names could be taken by something that is not ours."""
    found = {item["uuid"]: item["id"] for item in superset.all_of(resource)}
    return {key: found[uuid] for key, uuid in uuids.items()}


def _passwords(assets: bundle.Assets, dsns: dict[str, str]) -> dict[str, str]:
    return {
        name: unquote(urlsplit(dsns[database["schema"]]).password or "")
        for name, database in assets.databases.items()
    }
