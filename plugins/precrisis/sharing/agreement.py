"""An agreement with a partner: one entry of `agreements.yaml` of the city pack.

Only what an entry says by itself is checked here; whether its mart, fields, area and threshold may
be shared is asked each time something is to leave (permission.py).
"""

import datetime as dt
from collections.abc import Sequence
from typing import Annotated, Literal

import pyrage
from pydantic import AfterValidator, Field, model_validator
from pyrage import x25519

from precrisis.register import Entry, Objection, Words

Format = Literal["csv", "geojson", "geoparquet"]
TimeStep = Literal["hour", "day", "week"]
KName = Literal["small_cell_people", "small_cell_authors"]
Text = Annotated[str, Field(min_length=1, pattern=r"\S")]


def _without_repeats(entries: list) -> list:
    if repeated := sorted({str(entry) for entry in entries if entries.count(entry) > 1}):
        raise ValueError(f"{', '.join(repeated)} stands there twice; keep one")
    return entries


def _age_key(key: str) -> str:
    try:
        x25519.Recipient.from_str(key)
    except pyrage.RecipientError:
        raise ValueError(
            "public_key is no age recipient (age1...); the partner makes one with age-keygen"
        ) from None
    return key


class Partner(Entry):
    """Who receives: an organisation and its role address, never a person's."""

    organisation: Text
    address: str = Field(pattern=r"^[^@\s,;<>]+@[^@\s,;<>]+$")


class Area(Entry):
    """Where: zones by their id, and all zones of districts."""

    districts: list[str] = Field(default_factory=list)
    zones: list[str] = Field(default_factory=list)

    @model_validator(mode="after")
    def _names_a_place(self) -> "Area":
        if not (self.districts or self.zones):
            raise ValueError("an area names districts or zones; the whole city is all districts")
        return self


class Agreement(Entry):
    """What one partner receives: on what basis, which columns, where, how coarse, until when."""

    agreement_id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{2,60}$")
    recipient: Partner
    purpose: Words
    legal_basis: Text
    act: Text
    mart: str
    fields: Annotated[list[str], Field(min_length=1), AfterValidator(_without_repeats)]
    area: Area
    k: dict[KName, int] = Field(default_factory=dict)
    time_step: TimeStep
    valid_from: dt.date
    valid_until: dt.date
    public_key: Annotated[str, AfterValidator(_age_key)]
    formats: Annotated[list[Format], Field(min_length=1), AfterValidator(_without_repeats)]
    kept_days: int = Field(ge=1, le=90)
    objections: list[Objection] = Field(default_factory=list)

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> "Agreement":
        if self.valid_until < self.valid_from:
            raise ValueError(f"{self.agreement_id}: valid_until is before valid_from")
        return self


def _one_each(agreements: Sequence[Agreement]) -> Sequence[Agreement]:
    _without_repeats([agreement.agreement_id for agreement in agreements])
    return agreements


Agreements = Annotated[list[Agreement], AfterValidator(_one_each)]
