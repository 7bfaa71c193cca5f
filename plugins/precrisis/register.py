"""The register of processing: one typed reader of what may be done, on what basis, until when.

`register.yaml` of the city pack. The legal gate (gate.py) reads it before every step; the record of
processing, the notices and the assessments are generated from it, so they can't drift from it.
"""

import datetime as dt
import hashlib
import json
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

CEILING_H = 168  # no personal data is kept longer than seven days, whatever a register says
Words = dict[Literal["it", "en"], str]


class Entry(BaseModel):
    """An entry of the register. Unknown keys are an error: a typing slip must not pass silently."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Assessment(Entry):
    """The impact assessment a purpose rests on. It is signed off with the masking it describes."""

    version: str
    approved_on: dt.date
    masking_sha256: str


class Notice(Entry):
    """What people are told: the hash of the notices as the city published them."""

    published_on: dt.date
    sha256: str


class Objection(Entry):
    """Something the data-protection officer, or a person concerned, holds against a purpose."""

    reference: str
    raised_by: Literal["data-protection officer", "person concerned", "authority"]
    raised_on: dt.date
    closed_on: dt.date | None = None
    answer: Words | None = None

    def is_open(self, on: dt.date) -> bool:
        """True until the day it is closed with an answer."""
        return self.closed_on is None or self.answer is None or on < self.closed_on


class Purpose(Entry):
    """One purpose of processing: on what basis, until when, whose data, kept how long."""

    purpose_id: str
    title: Words
    aim: Words
    people: Words
    data: Words
    recipients: Words
    legal_basis: str
    act: str
    valid_until: dt.date
    assessment: Assessment
    notice: Notice
    retention_hours: int = Field(gt=0, le=CEILING_H)
    mode: Literal["statistics", "incident"] = "statistics"
    objections: list[Objection] = []


class Masking(Entry):
    """What is taken away before anything leaves the restricted zone.

    Its hash, with the limits of small cells, is signed off with each assessment: a change needs a
    new version of it (G5).
    """

    sound: Literal["dropped at demux"]
    footage_leaves_as: Literal["counts, events and silhouettes"]
    silhouette_margin_px: int = Field(ge=4, le=64)
    silhouette_steps_per_minute: int = Field(ge=1, le=12)
    post_tokens: list[str]
    author_key: Literal["HMAC-SHA256, secret of one ISO week"]


class Protection(Entry):
    """Where and when analysis keeps to counts, so that nobody stays away for fear of it (G12)."""

    event_kinds: list[str]
    margin_minutes: int = Field(ge=0, le=240)
    site_kinds: list[str]


class Register(Entry):
    """The whole register."""

    masking: Masking
    protection: Protection
    purposes: list[Purpose]


def sha256(content: Any) -> str:
    """Hash of plain content (dicts, lists, texts, numbers), whatever the order of its keys."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
