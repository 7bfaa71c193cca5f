"""What Airflow itself loads: our pages inside its UI, and links from every task to them."""

from airflow.plugins_manager import AirflowPlugin
from airflow.sdk.bases.operatorlink import BaseOperatorLink

from precrisis.pages.guard import Guard

# The station whose door a DAG passes, for the link to its checks.
DOOR_OF = {
    "city_ingest": "place",
    "incidents_ingest": "incident",
    "footage_ingest": "footage_segment",
    "footage_analyse": "camera_observation",
    "models_evaluate": "event_label",
    "posts_ingest": "post",
    "posts_analyse": "post_signal",
}


class OutcomesLink(BaseOperatorLink):
    """What the run did to each item, and the objects it stored."""

    name = "Outcomes and objects"

    def get_link(self, operator, *, ti_key) -> str:
        return f"/precrisis/runs/{ti_key.dag_id}/{ti_key.run_id}"


class DataDocsLink(BaseOperatorLink):
    """What the door of this station checked."""

    name = "Data Docs"

    def get_link(self, operator, *, ti_key) -> str:
        noun = DOOR_OF.get(ti_key.dag_id)
        return f"/precrisis/data-docs/{noun}" if noun else "/precrisis/data-docs"


class DashboardLink(BaseOperatorLink):
    """Where analysts see what came of it."""

    name = "Dashboard"

    def get_link(self, operator, *, ti_key) -> str:
        from precrisis.settings import settings

        return f"{settings().superset_url}/superset/dashboard/city-safety/"


async def pages(scope, receive, send) -> None:
    """The pages as an ASGI app, loaded at the first request: tasks import this file too."""
    from precrisis.pages.app import app

    await app(scope, receive, send)


class PreCrisisPlugin(AirflowPlugin):
    """Named in the UI under Admin, Plugins."""

    name = "precrisis"
    fastapi_apps = [  # noqa: RUF012 (Airflow reads plain lists)
        {"app": pages, "url_prefix": "/precrisis", "name": "PreCrisis pages"}
    ]
    fastapi_root_middlewares = [  # noqa: RUF012
        {"middleware": Guard, "args": [], "kwargs": {}, "name": "PreCrisis guard"}
    ]
    external_views = [  # noqa: RUF012
        {
            "name": "Control room",
            "href": "/precrisis/control-room",
            "destination": "nav",
            "url_route": "control_room",
        },
        {
            "name": "Posts to review",
            "href": "/precrisis/posts-review",
            "destination": "nav",
            "url_route": "posts_review",
        },
        {
            "name": "Data Docs",
            "href": "/precrisis/data-docs",
            "destination": "nav",
            "url_route": "data_docs",
        },
    ]
    global_operator_extra_links = [OutcomesLink(), DataDocsLink(), DashboardLink()]  # noqa: RUF012
