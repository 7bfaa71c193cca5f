"""The legal gate: no basis in the register, no run. Called before anything is read; fails shut.

`basis` decides from the register alone; `authorise` is what a step calls: it decides, and writes
the decision into the audit log.
"""

import datetime as dt

from precrisis import audit
from precrisis.audit import Action
from precrisis.city import City, city
from precrisis.documents.notice import notice_sha256
from precrisis.pack.sources import Source
from precrisis.register import Purpose
from precrisis.run import Run
from precrisis.warehouse import connect

FIRST_RUN = """
SELECT min(logged_at) AS at FROM ops.audit_log
WHERE action = 'run_allowed' AND subject = %s AND facts ->> 'assessment' = %s
"""
DECIDED = """
SELECT EXISTS (
    SELECT FROM ops.audit_log WHERE action = %s AND subject = %s AND run_id = %s
) AS is_logged
"""


class NoBasis(PermissionError):
    """The register does not allow this source now; names the rule that is not met."""


def authorise(source: Source, run: Run, role: str) -> Purpose:
    """Return the purpose that allows `source` in this run, and log that it was allowed or refused.

    Args:
        role: the warehouse role of the step, which signs the log entry.

    Raises:
        NoBasis: as `basis`; or the approval was dated after the first run it is to cover.
    """
    try:
        purpose = basis(city(), source, run.interval_end)
        _approved_before_first_run(source, purpose)
    except NoBasis as refusal:
        _log(role, Action.RUN_REFUSED, source, run, {"rule": str(refusal)})
        raise
    facts = {
        "purpose": purpose.purpose_id,
        "act": purpose.act,
        "assessment": purpose.assessment.version,
        "masking": purpose.assessment.masking_sha256,
        "mode": purpose.mode,
    }
    _log(role, Action.RUN_ALLOWED, source, run, facts)
    return purpose


def basis(the_city: City, source: Source, at: dt.datetime) -> Purpose:
    """Return the purpose that allows `source` at time `at` (UTC), from the register alone.

    Raises:
        NoBasis: the act has expired, the assessment was not approved before `at` or was signed for
            another masking, an objection is open, the published notice is not the register's, or
            the terms of the source do not allow it.
    """
    purpose = the_city.purpose(source.purpose_id)
    on = at.astimezone(the_city.timezone).date()
    if on > purpose.valid_until:
        raise NoBasis(_refusal(source, purpose, f"its act expired on {purpose.valid_until}"))
    if on < purpose.assessment.approved_on:
        approved = purpose.assessment.approved_on
        raise NoBasis(_refusal(source, purpose, f"its assessment is approved only on {approved}"))
    if any(objection.is_open(on) for objection in purpose.objections):
        raise NoBasis(_refusal(source, purpose, "an objection is open"))
    if purpose.assessment.masking_sha256 != the_city.masking_sha256:
        rule = f"assessment {purpose.assessment.version} was signed off for another masking"
        raise NoBasis(_refusal(source, purpose, rule))
    if purpose.notice.sha256 != notice_sha256(the_city, purpose):
        rule = "the published notice does not say what the register says; publish the new one"
        raise NoBasis(_refusal(source, purpose, rule))
    if rule := _beyond_terms(source, purpose):
        raise NoBasis(_refusal(source, purpose, rule))
    return purpose


def _beyond_terms(source: Source, purpose: Purpose) -> str | None:
    """What the terms of a source do not allow. How long texts are kept is the register's to say."""
    terms = source.terms
    if terms and purpose.purpose_id not in terms.purposes:
        return f"its terms, checked on {terms.checked_on}, do not allow it"
    if terms and purpose.retention_hours > terms.retention_hours:
        allowed, wanted = terms.retention_hours, purpose.retention_hours
        return f"its terms allow to keep texts for {allowed} h, and the purpose keeps {wanted} h"
    return None


def _approved_before_first_run(source: Source, purpose: Purpose) -> None:
    """An approval that is dated after a run it covers came too late, whatever the day is now."""
    with connect("auditor") as connection:
        version = purpose.assessment.version
        first = connection.execute(FIRST_RUN, (source.source_id, version)).fetchone()["at"]
    first_on = first and first.astimezone(city().timezone).date()
    if first_on and first_on < purpose.assessment.approved_on:
        rule = (
            f"assessment {version} is dated {purpose.assessment.approved_on}, after the first run "
            f"it covers ({first_on}); approve a new version"
        )
        raise NoBasis(_refusal(source, purpose, rule))


def _log(role: str, action: Action, source: Source, run: Run, facts: dict) -> None:
    """Once a run: a step that asks for every item would fill the log with the same sentence."""
    with connect("auditor") as connection:
        arguments = (action, source.source_id, run.run_id)
        if connection.execute(DECIDED, arguments).fetchone()["is_logged"]:
            return
    audit.append(role, action, source.source_id, run_id=run.run_id, facts=facts)


def _refusal(source: Source, purpose: Purpose, rule: str) -> str:
    return (
        f"Source '{source.source_id}' may not be read for purpose '{purpose.purpose_id}': {rule}. "
        "The register of the city pack (register.yaml), or the source's terms (sources.yaml), must "
        "say otherwise first."
    )
