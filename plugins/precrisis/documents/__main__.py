"""`make notices`: the hashes that the register must hold, for who signs off a change.

Prints two lines per purpose of a city pack and exits 1 when one differs from the register's.
"""

import sys
from pathlib import Path

from precrisis.city import read_city
from precrisis.documents.notice import notice_sha256


def main(pack: Path) -> int:
    """Compare the register of a pack with what it generates; return the exit status."""
    the_city, differing = read_city(pack), 0
    for purpose in the_city.processing.purposes:
        wanted = {
            "masking_sha256": (purpose.assessment.masking_sha256, the_city.masking_sha256),
            "notice sha256": (purpose.notice.sha256, notice_sha256(the_city, purpose)),
        }
        for name, (held, now) in wanted.items():
            differing += held != now
            print(f"{purpose.purpose_id:24} {name:16} {now} {'' if held == now else '<- enter'}")
    return 1 if differing else 0


sys.exit(main(Path(sys.argv[1])))
