"""Measures that a city has taken at a place (the pack's measures.yaml), to be judged by records."""

import datetime as dt
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Words = dict[Literal["it", "en"], Annotated[str, Field(min_length=1)]]


class TakenMeasure(BaseModel):
    """What was done where (longitude, latitude) and since which local day it works."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    measure_id: str = Field(pattern=r"^[a-z0-9-]+$")
    kind: Literal["light", "camera", "patrol", "redesign"]
    title: Words
    place: tuple[float, float]
    done_on: dt.date
