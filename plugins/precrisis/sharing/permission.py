"""May this leave, now? No active agreement, no bytes: the gate of everything that is shared."""

import datetime as dt
from functools import lru_cache

from precrisis.city import City
from precrisis.gate import NoBasis, basis
from precrisis.outcome import Refused
from precrisis.privacy.columns import Column, declared
from precrisis.sharing.agreement import Agreement
from precrisis.sharing.period import Period
from precrisis.sharing.shareable import MARTS, Mart
from precrisis.warehouse import connect

GRANTED = """
SELECT district FROM ops.district_grant
WHERE role_name = 'partner' AND valid_until >= current_date
"""


def permit(agreement: Agreement, city: City, period: Period, at: dt.datetime) -> None:
    """Return when the agreement lets out this period at time `at` (UTC).

    Raises:
        Refused: it is not in force, an objection is open, the register has no basis for what the
            mart is made of, or the agreement asks for what may not be shared.
    """
    _in_force(agreement, period, at.astimezone(city.timezone).date())
    fits(agreement, city)
    for source in (s for noun in MARTS[agreement.mart].nouns for s in city.sources_of(noun)):
        try:
            basis(city, source, at)
        except NoBasis as error:
            raise Refused("no_basis", str(error)) from None
    _granted(agreement, city)


def fits(agreement: Agreement, city: City) -> None:
    """Return when all that the agreement names may be shared under the city's limits.

    Raises:
        Refused: mart, field, area or threshold does not fit; the reason names it and the remedy.
    """
    mart = MARTS.get(agreement.mart)
    if mart is None:
        raise _refused(agreement, "mart", f"'{agreement.mart}' is not one of {', '.join(MARTS)}")
    _fields(agreement, mart)
    zones_of(agreement, city)
    _threshold(agreement, mart, city)
    _alone_if_raised(agreement, city)


@lru_cache(maxsize=8)
def contract(mart: str) -> dict[str, Column]:
    """Columns of a mart by name, as dbt's contract has them."""
    return {column.name: column for column in declared() if column.mart == mart}


def zones_of(agreement: Agreement, city: City) -> list[str]:
    """Ids of the zones that the agreement's area holds, in order.

    Raises:
        Refused: a zone or district is not the city's.
    """
    area, known = agreement.area, {zone.zone_id: zone.district for zone in city.zones}
    odd = (set(area.zones) - set(known)) | (set(area.districts) - set(known.values()))
    if odd:
        raise _refused(agreement, "area", f"the city has no {', '.join(sorted(odd))}")
    return sorted(z for z, d in known.items() if z in area.zones or d in area.districts)


def _in_force(agreement: Agreement, period: Period, on: dt.date) -> None:
    if on > agreement.valid_until:
        raise _refused(agreement, "expired", f"it ended on {agreement.valid_until}")
    if on < agreement.valid_from or period.first < agreement.valid_from:
        raise _refused(agreement, "not_yet_valid", f"it begins on {agreement.valid_from}")
    if any(objection.is_open(on) for objection in agreement.objections):
        raise _refused(agreement, "objection", "an objection is open")


def _fields(agreement: Agreement, mart: Mart) -> None:
    known = contract(mart.name)
    for name in agreement.fields:
        column = known.get(name)
        if column is None or name not in mart.columns or column.personal_data == "staff":
            raise _refused(agreement, "field", f"{mart.name}.{name} is not shareable")
    if missing := [key for key in mart.keys if key not in agreement.fields]:
        rule = f"fields lack {', '.join(missing)}: without them a cell would be a total over others"
        raise _refused(agreement, "field", rule)


def _threshold(agreement: Agreement, mart: Mart, city: City) -> None:
    known = contract(mart.name)
    needed = {known[name].k for name in agreement.fields} - {None}
    if missing := sorted(needed - set(agreement.k)):
        raise _refused(agreement, "threshold", f"k lacks {', '.join(missing)}")
    for name, k in agreement.k.items():
        limit = city.thresholds.risk_points[name].value
        if k < limit:
            raise _refused(agreement, "threshold", f"{name} {k} is below the city's {limit:g}")
        if k > limit and not mart.can_raise_k:
            rule = f"{mart.name} is computed with {name} {limit:g}; a higher one can't be kept"
            raise _refused(agreement, "threshold", rule)


def _alone_if_raised(agreement: Agreement, city: City) -> None:
    """A higher k holds within one agreement; beside another, cells could be found by subtraction.

    At the city's own k this can't be: what is hidden there enters no mart.
    """
    group = [other for other in city.agreements if _go_together(other, agreement)]
    if len(group) > 1 and any(_raises_k(other, city) for other in group):
        rule = "its recipient has another agreement, and one of them raises k; keep one of them"
        raise _refused(agreement, "threshold", rule)


def _go_together(one: Agreement, other: Agreement) -> bool:
    """Whether one reader holds both: the same recipient or key, in force at the same time."""
    is_same = (
        one.recipient.organisation == other.recipient.organisation
        or one.recipient.address == other.recipient.address
        or one.public_key == other.public_key
    )
    return is_same and max(one.valid_from, other.valid_from) <= min(
        one.valid_until, other.valid_until
    )


def _raises_k(agreement: Agreement, city: City) -> bool:
    limits = city.thresholds.risk_points
    return any(k > limits[name].value for name, k in agreement.k.items())


def _granted(agreement: Agreement, city: City) -> None:
    """The database must let the role partner see these districts, whatever a file says."""
    with connect("auditor") as connection:
        granted = {row["district"] for row in connection.execute(GRANTED)}
    needed = {city.zone(zone_id).district for zone_id in zones_of(agreement, city)}
    if closed := sorted(needed - granted):
        rule = f"role partner may not see {', '.join(closed)}; `make up` enters the grants"
        raise _refused(agreement, "not_granted", rule)


def _refused(agreement: Agreement, rule: str, reason: str) -> Refused:
    return Refused(rule, f"Agreement '{agreement.agreement_id}' (agreements.yaml): {reason}.")
