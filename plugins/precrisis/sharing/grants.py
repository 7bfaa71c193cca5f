"""Set-up's part, as the owner of the warehouse: role partner may see the districts of agreements.

The files of the city pack alone let nothing out: the database must know the district too. Run by
`make up`, with PRECRISIS_OWNER_DSN; the table logs each change (infra/postgis/46_privacy.sql).
"""

import os

import psycopg

from precrisis.city import City, city
from precrisis.outcome import Refused
from precrisis.sharing.permission import zones_of

WITHDRAW = "DELETE FROM ops.district_grant WHERE role_name = 'partner' AND NOT district = ANY(%s)"
GRANT = """
INSERT INTO ops.district_grant AS g (role_name, district, agreement, valid_until)
VALUES ('partner', %s, %s, %s)
ON CONFLICT (role_name, district) DO UPDATE
SET agreement = excluded.agreement, valid_until = excluded.valid_until
WHERE (g.agreement, g.valid_until) IS DISTINCT FROM (excluded.agreement, excluded.valid_until)
"""


def grant_districts(owner: psycopg.Connection, the_city: City) -> None:
    """Let role partner see what the pack's agreements cover, each district until its last one ends.

    Raises:
        Refused: an agreement names a zone or district that the city does not have.
    """
    granted: dict[str, tuple] = {}
    for agreement in sorted(the_city.agreements, key=lambda entry: entry.valid_until):
        for zone_id in zones_of(agreement, the_city):
            district = the_city.zone(zone_id).district
            granted[district] = (district, agreement.agreement_id, agreement.valid_until)
    owner.execute(WITHDRAW, (list(granted),))
    for row in granted.values():
        owner.execute(GRANT, row)


def main() -> None:
    """Enter the grants of this process's city pack."""
    with psycopg.connect(os.environ["PRECRISIS_OWNER_DSN"]) as owner:
        try:
            grant_districts(owner, city())
        except Refused as refusal:
            raise SystemExit(str(refusal)) from None


if __name__ == "__main__":
    main()
