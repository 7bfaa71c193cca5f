"""
### Warnings of partners (CAP) → calendar_event

**In** the folders and feeds of CAP 1.2 messages that the city pack names (`kind: cap`); feeds only
where they changed, each message once.
**Out** `raw.calendar_event` of kind `warning`, until it expires or its sender updates or cancels
it.
**Rerun** writes the same rows.
**If it fails** a partner's server does not answer as it should: the error names the source, the
other sources were taken in, and the next run tries again. A message that can't be used is in
`ops.quarantine` with its reason.
"""

from airflow.sdk import dag, task

from precrisis.dag_defaults import RETRY, Pool, Tag, cron
from precrisis.records.partner_warnings import take_in_warnings
from precrisis.run import in_run


@dag(
    schedule=cron("*/10 * * * *"),
    catchup=False,
    max_active_runs=1,
    doc_md=__doc__,
    tags=[Tag.INGEST, "calendar_event"],
    default_args=RETRY,
)
def warnings_ingest():
    task(in_run(take_in_warnings), pool=Pool.FEEDS)()


warnings_ingest()
