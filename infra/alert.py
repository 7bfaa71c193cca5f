"""Account for a past alert: make it again, or pack what may be handed on about it.

Usage: python -m infra.alert replay ID | evidence ID --reason TEXT [--to FOLDER]; see the Makefile.
"""

import argparse
import getpass
import os
import sys
from pathlib import Path

from infra.stack import environment
from infra.stack.layout import ROOT, Stack


def main() -> None:
    parser = argparse.ArgumentParser(prog="infra.alert", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    again = commands.add_parser("replay", help="exit 0 when the alert comes out the same")
    pack = commands.add_parser("evidence", help="pack and log it as a disclosure")
    for command in (again, pack):
        command.add_argument("alert_id")
    pack.add_argument("--reason", required=True, help="10 characters or more")
    pack.add_argument("--to", type=Path, default=ROOT / "build" / "evidence")
    given = parser.parse_args()
    os.environ.update(environment.common(Stack.from_environment()))
    from precrisis.alerts.replay import NoSuchAlert

    try:
        is_done = _replay(given.alert_id) if given.command == "replay" else _pack(given)
    except (NoSuchAlert, ValueError) as error:
        sys.exit(str(error))
    sys.exit(0 if is_done else 1)


def _replay(alert_id: str) -> bool:
    from precrisis.alerts.replay import replay

    found = replay(alert_id)
    print(f"alert {alert_id}: {'comes out the same' if found.is_same else 'COMES OUT DIFFERENT'}")
    for name, then, now in found.differences:
        print(f"  {name}: was {then}, is now {now}")
    print("at work then (audit log):")
    for version in found.versions_then:
        hashes = _hashes(version["code"], version["configuration"])
        model = f", model {version['model']}" if version["model"] else ""
        print(f"  {version['step']:<22} {version['logged_at']:%Y-%m-%d %H:%M} {hashes}{model}")
    print(f"at work now: {_hashes(found.code_now, found.configuration_now)}")
    return found.is_same


def _pack(given: argparse.Namespace) -> bool:
    import psycopg

    from precrisis.alerts.evidence_pack import pack_evidence

    try:
        file = pack_evidence(given.alert_id, given.to, getpass.getuser(), given.reason)
    except psycopg.errors.CheckViolation:
        sys.exit("give a reason of 10 characters or more (REASON=...); nothing was packed")
    print(f"{file}, logged as a disclosure; the files' sums are in SHA256SUMS within")
    return True


def _hashes(code: str, configuration: str) -> str:
    return f"code {code[:12]}, city pack {configuration[:12]}"


if __name__ == "__main__":
    main()
