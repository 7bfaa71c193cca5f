"""
### marts → weekly report by mail

**In** the marts of the last whole week (Monday to Sunday, local).
**Out** a PDF per recipient's area in the published bucket, mailed once; `ops.report`.
A run by hand may name another first day (`week_start`).
**Rerun** of the same week writes the same report and mails nobody twice.
**If it fails** the mail relay refused, or a mart is missing: run `warehouse_build`, then clear.
"""

from airflow.sdk import Param, dag, task

from precrisis.assets import REPORT
from precrisis.dag_defaults import RETRY, Tag, cron
from precrisis.reports.publishing import publish_reports
from precrisis.run import in_run


@dag(
    schedule=cron("0 5 * * 1"),
    catchup=False,
    max_active_runs=1,
    doc_md=__doc__,
    tags=[Tag.PUBLISH, "report"],
    default_args=RETRY,
    params={"week_start": Param(None, type=["null", "string"], format="date")},
)
def reports_publish():
    task(in_run(publish_reports), outlets=[REPORT])()


reports_publish()
