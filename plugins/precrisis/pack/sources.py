"""Where data come from, and what their providers allow."""

import datetime as dt
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from precrisis.maps.layer import Layer
from precrisis.pack.part import Part
from precrisis.pack.records_api import RecordsApi


class Terms(Part):
    """What whoever offers a source allows. Not what we may do by law: that is the register's."""

    where: str = Field(min_length=1)  # the address of the terms, or the agreement by its number
    checked_on: dt.date
    purposes: list[str]
    retention_hours: int = Field(ge=1)  # texts may be kept as long as this
    attribution: str = Field(min_length=1)
    # How many seconds must lie between two readings of a source that is asked without a break.
    poll_s: int | None = Field(default=None, ge=1)


class Columns(Part):
    """Which column of a file of posts, or which name in its JSON, holds what."""

    id: str
    posted_at: str
    text: str
    author: str | None = None
    edited_at: str | None = None
    language: str | None = None
    deleted: str | None = None


class Source(Part):
    """Where data comes from, and the purpose in the register that allows it."""

    source_id: str
    kind: Literal[
        "folder",
        "s3",
        "rtsp",
        "mastodon",
        "rss",
        "jetstream",
        "csv",
        "city_pack",
        "map_layer",
        "gtfs",
        "holidays",
        "cap",
        "records_api",
    ]
    address: str = Field(repr=False)  # may hold a login
    purpose_id: str
    noun: Literal[
        "footage_segment", "post", "incident", "calendar_event", "place", "event_label",
        "disorder_audit", "survey_answer", "weather_hour",
    ]  # fmt: skip
    hashtags: list[str] = Field(default=[])
    # What a post of a whole network must say to be taken in; the city's own names always count.
    phrases: list[str] = Field(default=[])
    # Files of posts: what their columns mean, and what parts them in CSV.
    columns: Columns | None = None
    separator: str = Field(default=",", min_length=1, max_length=1)
    # The environment variable that holds a feed's token, or an S3 source's "access:secret".
    token_variable: str | None = None
    # A map layer: what its features become.
    layer: Layer | None = None
    # An open-data portal: how it offers its records.
    api: RecordsApi | None = None
    # How long a live camera is recorded in each run; runs are 10 minutes apart.
    stretch_s: int = Field(default=60, ge=10, le=540)
    # A live camera that is recorded without a break, by footage-watch instead of footage_ingest;
    # posts that are read without a break, by posts-watch between the runs of posts_ingest.
    is_continuous: bool = False
    # Warnings (cap): the file of the pack with their sender's certificate (PEM). Only what is
    # signed with it is read.
    signed_by: str | None = None
    # A feed of warnings: other hosts (host, or host:port) that its messages may lie on.
    message_hosts: list[str] = Field(default=[])
    terms: Terms | None = None
    note: str = ""

    @model_validator(mode="after")
    def _posts_are_described(self) -> "Source":
        if self.noun == "post" and self.terms is None:
            raise ValueError(f"source '{self.source_id}' needs `terms`: what its provider allows")
        if self.noun == "post" and self.kind in ("folder", "s3") and self.columns is None:
            raise ValueError(f"source '{self.source_id}' needs `columns`: what its files hold")
        is_polled = self.noun == "post" and self.is_continuous and self.kind != "jetstream"
        if is_polled and self.terms.poll_s is None:
            raise ValueError(
                f"source '{self.source_id}' is read without a break: say in `terms` how many "
                "seconds its provider wants between two readings (`poll_s`)"
            )
        return self

    @model_validator(mode="after")
    def _warnings_are_described(self) -> "Source":
        if (self.signed_by or self.message_hosts) and self.kind != "cap":
            raise ValueError(
                f"source '{self.source_id}': `signed_by` and `message_hosts` are of `kind: cap`"
            )
        if self.kind == "cap" and not _is_safe(self.address, "", "https"):
            raise ValueError(
                f"source '{self.source_id}': warnings come from a folder, or a feed over https"
            )
        return self

    @model_validator(mode="after")
    def _portals_are_described(self) -> "Source":
        if (self.kind == "records_api") != (self.api is not None):
            raise ValueError(f"source '{self.source_id}': kind records_api and `api` go together")
        if self.api is None:
            return self
        if self.noun != "incident":
            raise ValueError(f"source '{self.source_id}': of a portal come incidents")
        if not _is_safe(self.address, "https"):
            raise ValueError(f"source '{self.source_id}': a portal is asked over https")
        return self

    @model_validator(mode="after")
    def _layers_are_described(self) -> "Source":
        if (self.kind in ("map_layer", "gtfs")) != (self.layer is not None):
            raise ValueError(f"source '{self.source_id}': a layer's kind and `layer` go together")
        if self.kind == "gtfs" and self.layer.becomes != "stop":
            raise ValueError(f"source '{self.source_id}': of a timetable come stops")
        return self


def _is_safe(address: str, *schemes: str) -> bool:
    """True for an address of these schemes, or of this machine, where nobody listens on the way."""
    parts = urlsplit(address)
    return parts.scheme in schemes or parts.hostname in ("127.0.0.1", "localhost")
