"""
### Incident records → incident

**In** the incident files named in the city pack's sources; their columns are a closed set.
**Out** `raw.incident`.
**Rerun** writes the same rows; a corrected record replaces its earlier version.
**If it fails** the file is empty, or every row was refused: `ops.quarantine` says why. A file with
other columns than agreed is not read at all and is in quarantine as a whole.
"""

from airflow.sdk import dag, task

from precrisis.assets import INCIDENT
from precrisis.dag_defaults import RETRY, Tag, cron
from precrisis.records import take_in_incidents
from precrisis.run import in_run


@dag(
    schedule=cron("0 3 * * *"),
    catchup=False,
    max_active_runs=1,
    doc_md=__doc__,
    tags=[Tag.INGEST, "incident"],
    default_args=RETRY,
)
def incidents_ingest():
    task(in_run(take_in_incidents), outlets=[INCIDENT])()


incidents_ingest()
