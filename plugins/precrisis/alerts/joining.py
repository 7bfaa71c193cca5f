"""A risky hour in which an urgent event was told already says more of it and is no new alert: pure.

The index of an hour holds the events that were told as they happened. Where it makes more of them,
with what people wrote and what the past says, the alert that is out grows; else nothing is told.
"""

from collections.abc import Iterable, Sequence

from precrisis.alerts.candidates import Candidate
from precrisis.alerts.versions import BANDS, Version


def told_as_urgent(candidate: Candidate, urgent: Iterable[Version]) -> Version | None:
    """Return the newest version of the urgent alert within the candidate's hours, if there is one.

    urgent: newest versions of urgent alerts; those of other zones are passed over.
    """
    within = [version for version in urgent if _is_within(version.candidate, candidate)]
    return max(within, key=lambda version: version.candidate.starts_at, default=None)


def growth(
    candidates: Iterable[Candidate], urgent: Sequence[Version]
) -> list[tuple[Version, Candidate]]:
    """Return each urgent alert that the hour's candidates put into a higher band, and by which."""
    found: dict[str, tuple[Version, Candidate]] = {}
    for candidate in sorted(candidates, key=lambda c: c.risk_index):
        version = told_as_urgent(candidate, urgent)
        if version and _band(candidate) > _band(version.candidate):
            found[version.candidate.alert_id] = (version, candidate)
    return list(found.values())


def _is_within(alert: Candidate, candidate: Candidate) -> bool:
    return (
        alert.zone_id == candidate.zone_id
        and alert.starts_at < candidate.ends_at
        and candidate.starts_at <= alert.ends_at
    )


def _band(candidate: Candidate) -> int:
    return BANDS.index(candidate.severity)
