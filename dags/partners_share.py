"""
### marts → partners, under agreement

**In** the agreements of the city pack, and the marts that they name.
**Out** for each agreement in force its last whole day or week: small cells hidden, encrypted to the
partner, with a signed manifest, under `share/` in the published bucket; `ops.share`; the audit log.
A run by hand may name another `day`.
**Rerun** gives nothing out twice; what a crash left unfinished is finished with the same content.
**If it fails** the marts end before the period: run `warehouse_build` and `risk_score`, then clear.
An agreement that is not in force, or asks for too much, is no failure: it is in `ops.quarantine`
with the rule, and in the audit log. To take something back, start `partners_recall`.
"""

from airflow.sdk import Param, dag, task

from precrisis.dag_defaults import RETRY, Tag, cron
from precrisis.run import BATCH_LABEL, in_run
from precrisis.sharing.share import agreement_ids, share


@dag(
    schedule=cron("30 4 * * *"),
    catchup=False,
    max_active_runs=1,
    doc_md=__doc__,
    tags=[Tag.PUBLISH, "share"],
    default_args=RETRY,
    params={"day": Param(None, type=["null", "string"], format="date")},
)
def partners_share():
    agreements = task(agreement_ids)()
    task(in_run(share), map_index_template=BATCH_LABEL).expand(agreement_id=agreements)


partners_share()
