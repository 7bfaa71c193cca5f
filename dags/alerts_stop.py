"""
### A person stops alerts of a rule, a kind of event or a camera

**In** what (rule, kind or camera) and its name, the reason, and for how many hours (168 at most; 0
ends a stop that holds). The account that starts the run answers for it.
**Out** `ops.alert_stop` and an entry of the audit log. From that moment nothing of it becomes an
alert, until the stop ends by itself. What was raised before still waits for a person.
**Rerun** stops it anew from the moment of the rerun.
**If it fails** the log says what is missing: start it again with it.
"""

from airflow.sdk import Param, dag, task

from precrisis.alerts.stops import set_stop
from precrisis.dag_defaults import RETRY, Tag
from precrisis.run import in_run


@dag(
    schedule=None,
    max_active_runs=1,
    doc_md=__doc__,
    tags=[Tag.GUARD, "alert"],
    default_args=RETRY,
    params={
        "what": Param("kind", enum=["rule", "kind", "camera"], title="What"),
        "name": Param("", type="string", title="Name"),
        "reason": Param("", type="string", title="Reason"),
        "hours": Param(1, type="number", minimum=0, maximum=168, title="Hours"),
    },
)
def alerts_stop():
    task(in_run(set_stop))()


alerts_stop()
