"""A scenario: what is injected, and what has to come of it. One file each, in the city pack."""

from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

FOLDER = "exercise"


class Part(BaseModel):
    """An entry of a file; unknown keys are an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Film(Part):
    """Footage drawn over the sample clip: vehicles that drive among its people."""

    camera_id: str
    seconds: int = Field(ge=20, le=60)
    vehicle_count: int = Field(ge=1, le=3)


class Counts(Part):
    """What a camera counts in successive 10-second windows up to now, in place of footage.

    No film at hand shows hundreds of people, so these enter at the door of the observations.
    """

    camera_id: str
    people: list[int] = Field(min_length=2)


class Post(Part):
    """A made-up post of a made-up author."""

    author: int
    language: Literal["it", "en"]
    text: str


class Planned(Part):
    """A calendar entry that begins an hour before and ends two hours after the signals."""

    title: str
    kind: str
    expected_people: int


class Recorded(Part):
    """An incident record at the zone, minutes before the end of the last whole hour."""

    category: str
    found_by: Literal["reported", "patrol"]
    minutes_before: int = Field(ge=1, le=59)


class Expected(Part):
    """What has to come of it: that many alerts for the zone, of these rules, and of no other."""

    alert_count: int = Field(ge=0)
    rules: list[str] = []


class Scenario(Part):
    """One staged happening in one zone. Each zone is used by one scenario."""

    name: str
    title: dict[Literal["it", "en"], str]
    zone_id: str
    film: Film | None = None
    counts: Counts | None = None
    posts: list[Post] = []
    planned: Planned | None = None
    recorded: list[Recorded] = []
    expected: Expected

    @model_validator(mode="after")
    def _has_signals(self) -> "Scenario":
        if not (self.film or self.counts or self.posts or self.recorded):
            raise ValueError(f"scenario '{self.name}' injects nothing")
        return self


def read_scenarios(pack: Path) -> list[Scenario]:
    """Read the scenarios of a city pack, by the names of their files.

    Raises:
        ValueError: there are none, one does not fit, or two are in the same zone.
    """
    files = sorted((pack / FOLDER).glob("*.yaml"))
    found = [
        Scenario(name=file.stem.partition("_")[2], **yaml.safe_load(file.read_text("utf-8")))
        for file in files
    ]
    if not found:
        raise ValueError(f"{pack / FOLDER} holds no scenario; infra/city/trento/exercise has five")
    zones = [scenario.zone_id for scenario in found]
    if len(set(zones)) < len(zones):
        raise ValueError("two scenarios share a zone: nobody could tell whose alert it is")
    return found
