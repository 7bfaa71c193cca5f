"""
### Records of the city → incident, disorder_audit, survey_answer

**In** the files of incidents, disorder audits and surveys named in the city pack's sources (CSV, or
GeoJSON of points); their columns are a closed set.
**Out** `raw.incident`, `raw.disorder_audit`, `raw.survey_answer`.
**Rerun** writes the same rows; a corrected record replaces its earlier version.
**If it fails** a file is empty, or every row was refused: `ops.quarantine` says why. A file with
other columns than agreed is not read at all and is in quarantine as a whole.
"""

from airflow.sdk import dag, task

from precrisis.assets import DISORDER_AUDIT, INCIDENT, SURVEY_ANSWER
from precrisis.dag_defaults import RETRY, Tag, cron
from precrisis.records.disorder import take_in_audits
from precrisis.records.incidents import take_in_incidents
from precrisis.records.surveys import take_in_surveys
from precrisis.run import in_run


@dag(
    schedule=cron("0 3 * * *"),
    catchup=False,
    max_active_runs=1,
    doc_md=__doc__,
    tags=[Tag.INGEST, "incident", "disorder_audit", "survey_answer"],
    default_args=RETRY,
)
def incidents_ingest():
    task(in_run(take_in_incidents), outlets=[INCIDENT])()
    task(in_run(take_in_audits), outlets=[DISORDER_AUDIT])()
    task(in_run(take_in_surveys), outlets=[SURVEY_ANSWER])()


incidents_ingest()
