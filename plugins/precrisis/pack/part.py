"""What every entry of a city pack is, and how one that does not fit is told."""

import datetime as dt

from pydantic import BaseModel, ConfigDict


class CityPackError(ValueError):
    """A file of the city pack can't be used; names the file, the entry and the remedy."""


class Part(BaseModel):
    """An entry of the pack. Unknown keys are an error: a typing slip must not pass silently."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        arbitrary_types_allowed=True,
        hide_input_in_errors=True,  # an address may hold a login
    )


class Threshold(Part):
    """A number somebody answers for."""

    value: float
    why: str
    owner: str
    expires_on: dt.date
