"""
### City pack and calendar → place, calendar_event

**In** the city pack (zones, sites, cameras, base map, thresholds) and the calendar file.
**Out** `raw.place`, `raw.city`, `raw.threshold`, `raw.calendar_event`.
**Rerun** writes the same rows; what left the pack is removed.
**If it fails** the pack has an entry that does not fit: the error names file and entry. A place
refused at the door is in `ops.quarantine` with its reason; the others were loaded.
"""

from airflow.sdk import dag, task

from precrisis.assets import CALENDAR_EVENT, PLACE
from precrisis.dag_defaults import RETRY, Tag, cron
from precrisis.places import take_in_places
from precrisis.records import take_in_calendar
from precrisis.run import in_run


@dag(
    schedule=cron("30 2 * * *"),
    catchup=False,
    max_active_runs=1,
    doc_md=__doc__,
    tags=[Tag.INGEST, "place", "calendar_event"],
    default_args=RETRY,
)
def city_ingest():
    places = task(in_run(take_in_places), outlets=[PLACE])()
    calendar = task(in_run(take_in_calendar), outlets=[CALENDAR_EVENT])()
    places >> calendar


city_ingest()
