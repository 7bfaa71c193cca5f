"""The numbers that somebody answers for."""

from pydantic import Field, model_validator

from precrisis.alerts.quiet_hours import QuietHours
from precrisis.alerts.rules import AlertRule
from precrisis.pack.part import Part, Threshold


class UrgentEvents(AlertRule):
    """The kinds of video event that become an alert candidate at once, and the rule for alerts.

    urgent_for_min: minutes after its end within which an event is still raised.
    """

    kinds: list[str]
    urgent_for_min: int = Field(ge=1, le=1440)


class PlaceForecast(Part):
    """How the weekly forecast of places is cut, and what it needs; units are in the names."""

    forecast_cell_m: Threshold
    forecast_horizon_h: Threshold
    forecast_step_h: Threshold
    forecast_min_incidents: Threshold
    forecast_history_weeks: Threshold
    forecast_late_weeks: Threshold
    near_repeat_m: Threshold
    near_repeat_days: Threshold
    hot_spot_weeks: Threshold
    hot_spot_false_discoveries: Threshold
    feedback_limit: Threshold
    measure_radius_m: Threshold
    measure_ring_m: Threshold
    measure_days: Threshold
    measure_min_days: Threshold


class MapNumbers(Part):
    """What decides about features of map layers; units are in the names."""

    place_repair_difference_share: Threshold
    place_same_m: Threshold
    incident_same_m: Threshold
    place_zone_m: Threshold


class PublicVoice(Part):
    """How posts are read and weighed."""

    uncertain_margin: Threshold
    place_link_certain: Threshold
    voice_half_authors: Threshold
    surprise_weeks: Threshold
    surprise_memory_voices: Threshold
    surprise_min_voices: Threshold


class Thresholds(Part):
    alert_rules: list[AlertRule]
    video_events: dict[str, Threshold]
    risk_points: dict[str, Threshold]
    place_forecast: PlaceForecast
    maps: MapNumbers
    public_voice: PublicVoice
    urgent_events: UrgentEvents | None = None
    quiet_hours: list[QuietHours] = Field(default=[])

    @model_validator(mode="after")
    def _each_keeps_one(self) -> "Thresholds":
        names = [hours.name for hours in self.quiet_hours]
        told = [recipient for hours in self.quiet_hours for recipient in hours.recipients]
        for one in (names, told):
            if twice := {name for name in one if one.count(name) > 1}:
                raise ValueError(f"quiet_hours has '{min(twice)}' twice; who keeps any keeps one")
        return self

    @property
    def numbers(self) -> dict[str, Threshold]:
        """Every single number by its name; rules and lists of kinds apart."""
        fixed = (self.place_forecast, self.public_voice, self.maps)
        named = {name: number for group in fixed for name, number in dict(group).items()}
        return self.video_events | self.risk_points | named
