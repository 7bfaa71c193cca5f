"""The register as rows of raw: purposes, open objections, and all that ends by itself on a day.

For the data-protection officer's page; the legal gate reads the register itself.
"""

import datetime as dt
from collections.abc import Iterator

import psycopg

from precrisis import clock
from precrisis.city import City
from precrisis.warehouse import upsert


def write_register(connection: psycopg.Connection, the_city: City) -> None:
    """Make raw.purpose, raw.objection and raw.expiry say what the city pack says today.

    Args:
        connection: as `ingest`; the caller commits.
    """
    on = clock.now().astimezone(the_city.timezone).date()
    replace(connection, "raw.purpose", ("purpose_id",), purpose_rows(the_city))
    replace(connection, "raw.objection", ("item_id", "reference"), objection_rows(the_city, on))
    replace(connection, "raw.expiry", ("kind", "item_id"), expiry_rows(the_city))


def purpose_rows(the_city: City) -> list[dict]:
    """One row a purpose of the register."""
    return [
        {
            "purpose_id": purpose.purpose_id,
            "title_it": purpose.title["it"],
            "title_en": purpose.title["en"],
            "legal_basis": purpose.legal_basis,
            "act": purpose.act,
            "valid_until": purpose.valid_until,
            "assessment_version": purpose.assessment.version,
            "approved_on": purpose.assessment.approved_on,
            "retention_hours": purpose.retention_hours,
            "mode": purpose.mode,
        }
        for purpose in the_city.processing.purposes
    ]


def objection_rows(the_city: City, on: dt.date) -> list[dict]:
    """Objections open on a local day, to purposes and to agreements."""
    contested = [(p.purpose_id, p.objections) for p in the_city.processing.purposes]
    contested += [(a.agreement_id, a.objections) for a in the_city.agreements]
    return [
        {
            "item_id": item_id,
            "reference": objection.reference,
            "raised_by": objection.raised_by,
            "raised_on": objection.raised_on,
        }
        for item_id, objections in contested
        for objection in objections
        if objection.is_open(on)
    ]


def expiry_rows(the_city: City) -> list[dict]:
    """Acts, agreements, thresholds and alert rules with their last valid local day.

    An approval has no end of its own: it holds until the act ends or the masking changes.
    """
    columns = ("kind", "item_id", "name", "owner", "expires_on")
    return [dict(zip(columns, found, strict=True)) for found in _expiries(the_city)]


def _expiries(the_city: City) -> Iterator[tuple[str, str, str, str, dt.date]]:
    words = the_city.language
    for purpose in the_city.processing.purposes:
        name = f"{purpose.act} ({purpose.title[words]})"
        yield "act", purpose.purpose_id, name, the_city.controller, purpose.valid_until
    for agreement in the_city.agreements:
        name = f"{agreement.act} ({agreement.purpose[words]})"
        owner = agreement.recipient.organisation
        yield "agreement", agreement.agreement_id, name, owner, agreement.valid_until
    for name, threshold in the_city.thresholds.numbers.items():
        yield "threshold", name, name, threshold.owner, threshold.expires_on
    for rule in the_city.thresholds.alert_rules:
        item_id = f"{rule.rule} {rule.version}"
        yield "alert_rule", item_id, item_id, rule.owner, rule.expires_on


def replace(connection, table: str, key: tuple[str, ...], rows: list[dict]) -> None:
    """Write the rows, and take away what the pack no longer has."""
    kept = [[row[column] for row in rows] for column in key]
    columns, arrays = ", ".join(key), ", ".join(["%s::text[]"] * len(key))
    connection.execute(
        f"DELETE FROM {table} WHERE ({columns}) NOT IN (SELECT * FROM unnest({arrays}))", kept
    )
    upsert(connection, table, key, rows)
