"""The legal gate: no basis in the register, no run. Called before anything is read; fails shut."""

import datetime as dt

from precrisis.city import City, Purpose, Source


class NoBasis(PermissionError):
    """The register does not allow this source now; names the rule that is not met."""


def authorise(city: City, source: Source, at: dt.datetime) -> Purpose:
    """Return the purpose that allows `source` at time `at` (UTC).

    Raises:
        NoBasis: the act has expired, the assessment was not approved before `at`, or an
            objection is open.
    """
    purpose = city.purpose(source.purpose_id)
    on = at.astimezone(city.timezone).date()
    if on > purpose.valid_until:
        raise NoBasis(_refusal(source, purpose, f"its act expired on {purpose.valid_until}"))
    if on < purpose.assessment.approved_on:
        approved = purpose.assessment.approved_on
        raise NoBasis(_refusal(source, purpose, f"its assessment is approved only on {approved}"))
    if purpose.objections:
        raise NoBasis(_refusal(source, purpose, "an objection is open"))
    return purpose


def _refusal(source: Source, purpose: Purpose, rule: str) -> str:
    return (
        f"Source '{source.source_id}' may not be read for purpose '{purpose.purpose_id}': {rule}. "
        "The register (register.yaml of the city pack) must say otherwise first."
    )
