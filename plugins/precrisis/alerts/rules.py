"""Alert rules of a city: the limits come from its thresholds.yaml, each with a reason and an end.

An expired rule raises nothing: its candidates are held back, where everybody can see them, until
its owner renews it.
"""

from datetime import date, timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Severity = Literal["minor", "moderate", "severe", "extreme"]


class SeverityBands(BaseModel):
    """Lowest risk index (0-100) of each severity; below `moderate` an alert is minor."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    moderate: float = Field(ge=0, le=100)
    severe: float = Field(ge=0, le=100)
    extreme: float = Field(ge=0, le=100)

    @model_validator(mode="after")
    def _ascending(self) -> "SeverityBands":
        if not self.moderate < self.severe < self.extreme:
            raise ValueError(
                "severity_bands must rise: moderate < severe < extreme; correct thresholds.yaml"
            )
        return self

    def of(self, risk_index: float) -> Severity:
        """Return the severity of a risk index (0-100)."""
        if risk_index >= self.extreme:
            return "extreme"
        if risk_index >= self.severe:
            return "severe"
        return "moderate" if risk_index >= self.moderate else "minor"


class AlertRule(BaseModel):
    """One limit on the risk index, with the number of alerts a day it may cost.

    quiet_after_min: minutes after its last sign or hour at which an alert is over.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    rule: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    version: str = Field(min_length=1)
    limit: float = Field(gt=0, le=100)
    min_certainty: float = Field(ge=0, le=1)
    budget_per_day: int = Field(ge=1, le=200)
    quiet_after_min: int = Field(ge=1, le=1440)
    severity_bands: SeverityBands
    why: str = Field(min_length=10)
    owner: str = Field(min_length=1)
    expires_on: date

    @model_validator(mode="before")
    @classmethod
    def _version_as_text(cls, values: object) -> object:
        """Take `version: 1` from YAML as the text "1"."""
        if isinstance(values, dict) and isinstance(values.get("version"), int | float):
            return {**values, "version": str(values["version"])}
        return values

    @property
    def quiet(self) -> timedelta:
        """How long nothing may be seen before an alert is over."""
        return timedelta(minutes=self.quiet_after_min)
