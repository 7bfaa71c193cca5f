"""
### infra/superset/assets → Superset

**In** dashboards, charts and datasets as YAML; the marts' columns; the city's language.
**Out** the dashboards in Superset, with the analyst's role and account.
**Rerun** overwrites by uuid: same dashboards, same addresses. Edits made in Superset are lost, so
export them into the repository.
**If it fails** Superset does not answer (`make status`), or a chart names a column that no mart
has.
"""

from airflow.sdk import dag, task

from precrisis.dag_defaults import RETRY, Tag, cron
from precrisis.run import in_run


@dag(
    schedule=cron("0 4 * * *"),
    catchup=False,
    max_active_runs=1,
    doc_md=__doc__,
    tags=[Tag.PUBLISH, "dashboard"],
    default_args=RETRY,
)
def dashboards_publish():
    task(in_run(publish_dashboards))()


def publish_dashboards(run) -> None:
    """Publish through superset-client."""
    from precrisis.city import city
    from precrisis.dashboards.publish import publish
    from precrisis.settings import settings

    publish(settings(), city())


dashboards_publish()
