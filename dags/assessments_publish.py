"""
### The documents of the register

**In** the register of the city pack, figures of the running system, the last results of the tests
that prove each requirement, attacks on the marts as they stand.
**Out** `ops.privacy_test`; in the published bucket, Italian and English, as page and PDF: record of
processing, notices (short and full), impact assessment, fundamental-rights assessment.
**Rerun** replaces the documents of the same day; those of earlier days stay.
**If it fails** the register lacks a text in one language, or the store does not answer.
"""

from airflow.sdk import dag, task

from precrisis.dag_defaults import RETRY, Tag, cron
from precrisis.documents.publishing import publish_documents
from precrisis.privacy.release import attack_marts
from precrisis.run import in_run


@dag(
    schedule=cron("30 4 * * *"),
    catchup=False,
    max_active_runs=1,
    doc_md=__doc__,
    tags=[Tag.PUBLISH, "document"],
    default_args=RETRY,
)
def assessments_publish():
    task(in_run(attack_marts))() >> task(in_run(publish_documents))()


assessments_publish()
