"""The stations as Airflow assets: one noun each, in the order a record travels."""

from airflow.sdk import Asset

FOOTAGE_SEGMENT = Asset("footage_segment")
CAMERA_OBSERVATION = Asset("camera_observation")
VIDEO_EVENT = Asset("video_event")
EVENT_LABEL = Asset("event_label")
POST = Asset("post")
POST_SIGNAL = Asset("post_signal")
PLACE = Asset("place")
STOP_SERVICE = Asset("stop_service")
INCIDENT = Asset("incident")
DISORDER_AUDIT = Asset("disorder_audit")
SURVEY_ANSWER = Asset("survey_answer")
WEATHER_HOUR = Asset("weather_hour")
CALENDAR_EVENT = Asset("calendar_event")
WAREHOUSE = Asset("warehouse")
ZONE_HOUR = Asset("zone_hour")
ALERT = Asset("alert")
REPORT = Asset("report")
