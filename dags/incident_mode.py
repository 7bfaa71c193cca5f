"""
### A person opens incident mode for one camera

**In** the camera, the act that allows it, the reason, and for how many hours (24 at most; 0 ends a
mode that is open). The account that starts the run answers for it.
**Out** `ops.incident_mode` and an entry of the audit log. Until its end, events about behaviour may
be named at this camera; then statistics mode is back by itself. Where people demonstrate or worship
nothing changes.
**Rerun** opens it anew from the moment of the rerun.
**If it fails** act, reason or end are missing: start it again with them.
"""

from airflow.sdk import Param, dag, task

from precrisis.dag_defaults import RETRY, Tag
from precrisis.incident_mode import set_incident_mode
from precrisis.run import in_run


@dag(
    schedule=None,
    max_active_runs=1,
    doc_md=__doc__,
    tags=[Tag.GUARD, "camera"],
    default_args=RETRY,
    params={
        "camera_id": Param("", type="string", title="Camera"),
        "act": Param("", type="string", title="Act"),
        "reason": Param("", type="string", title="Reason"),
        "hours": Param(1, type="number", minimum=0, maximum=24, title="Hours"),
    },
)
def incident_mode():
    task(in_run(set_incident_mode))()


incident_mode()
