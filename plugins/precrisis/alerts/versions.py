"""What becomes of an alert after it was raised: a new version when it says something new. Pure.

An alert has few: one when its severity rises a band, one when it is over, one when a person
dismisses it. A storm of signs is one alert with no more versions than there are bands.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple, get_args

from precrisis.alerts.candidates import Candidate, Row
from precrisis.alerts.rules import Severity

Why = Literal["raised", "grew", "ended", "withdrawn", "restored"]
WHYS: Sequence[Why] = get_args(Why)
BANDS: Sequence[Severity] = get_args(Severity)


class VersionKey(NamedTuple):
    """Names one version of an alert."""

    alert_id: str
    number: int

    @property
    def name(self) -> str:
        """What its messages are called: the alert's id, from the second on with the number."""
        return self.alert_id if self.number == 1 else f"{self.alert_id}.{self.number}"


@dataclass(frozen=True)
class Version:
    """An alert as it is told: `candidate` holds what it says, made_at is UTC.

    earlier: the alert's versions before this one, the first first, with their made_at.
    """

    candidate: Candidate
    number: int
    why: Why
    made_at: datetime
    earlier: Sequence[tuple[VersionKey, datetime]] = ()

    @property
    def key(self) -> VersionKey:
        return VersionKey(self.candidate.alert_id, self.number)


class Change(NamedTuple):
    """What the next version of an alert says, and why there is one."""

    candidate: Candidate
    why: Why


def change_of(
    told: Version, found: Candidate | None, quiet: timedelta, now: datetime
) -> Change | None:
    """Return what is to be told of an alert after its newest version, if anything.

    Args:
        found: what the signs of the same event come to now.
        quiet: how long after its last sign an alert is over. One that was over when it was made
            has no end to tell.
        now: UTC.
    """
    before = told.candidate
    ends_at = max(before.ends_at, found.ends_at) if found else before.ends_at
    if found and BANDS.index(found.severity) > BANDS.index(before.severity):
        same = {"alert_id": before.alert_id, "starts_at": before.starts_at, "ends_at": ends_at}
        return Change(replace(found, **same), "grew")
    if told.why in ("ended", "withdrawn") or before.ends_at + quiet < told.made_at:
        return None
    return Change(replace(before, ends_at=ends_at), "ended") if ends_at + quiet < now else None


def version_of(row: Row, earlier: Sequence[tuple[VersionKey, datetime]] = ()) -> Version:
    """Return a version from a row that has the columns of ops.alert and ops.alert_version."""
    values: dict[str, Any] = {field.name: row[field.name] for field in fields(Candidate)}
    return Version(Candidate(**values), row["version"], row["why"], row["made_at"], earlier)
