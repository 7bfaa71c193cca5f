"""
### City pack, map layers, timetables, calendar → place, stop_service, calendar_event, weather_hour

**In** the city pack (zones, sites, cameras, base map, thresholds), the map layers, timetables,
calendar, public holidays and weather that its sources name.
**Out** `raw.place`, `raw.city`, `raw.threshold`, `raw.stop_service` (departures by stop and hour of
the week), `raw.calendar_event`, `raw.weather_hour`; what places and layers were
before, with their time, in `raw.place_version` and `raw.layer_version`.
**Rerun** writes the same rows; what left the pack or a layer is removed from `raw.place`.
**If it fails** the pack has an entry that does not fit: the error names file and entry. A place
refused at the door, or a layer that can't be used, is in `ops.quarantine` with its reason; the
others were loaded.
"""

from airflow.sdk import dag, task

from precrisis.assets import CALENDAR_EVENT, PLACE, STOP_SERVICE, WEATHER_HOUR
from precrisis.dag_defaults import RETRY, Tag, cron
from precrisis.places import take_in_places
from precrisis.records.calendar import take_in_calendar
from precrisis.records.weather import take_in_weather
from precrisis.run import in_run
from precrisis.timetables import take_in_timetables


@dag(
    schedule=cron("30 2 * * *"),
    catchup=False,
    max_active_runs=1,
    doc_md=__doc__,
    tags=[Tag.INGEST, "place", "stop_service", "calendar_event", "weather_hour"],
    default_args=RETRY,
)
def city_ingest():
    places = task(in_run(take_in_places), outlets=[PLACE])()
    timetables = task(in_run(take_in_timetables), outlets=[STOP_SERVICE])()
    calendar = task(in_run(take_in_calendar), outlets=[CALENDAR_EVENT])()
    weather = task(in_run(take_in_weather), outlets=[WEATHER_HOUR])()
    places >> timetables >> calendar >> weather


city_ingest()
