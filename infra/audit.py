"""`make audit`: what we run that others wrote: licences, bill of materials, known vulnerabilities.

Writes docs/licences.md and build/sbom/*.cdx.json (CycloneDX). Exits 1 when a licence is not
accepted or a package has a known vulnerability. Without a network the last part says so and fails
nothing.
"""

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import yaml

from infra.stack.layout import ROOT

TOOLS = ROOT / ".venv-audit" / "bin"
LOCKS = {"platform": ROOT / "requirements.txt",
         "superset": ROOT / "infra" / "requirements" / "superset.txt"}  # fmt: skip
PYTHONS = {"platform": ROOT / ".venv" / "bin" / "python",
           "superset": ROOT / ".venv-superset" / "bin" / "python"}  # fmt: skip
REVIEWED = ROOT / "infra" / "requirements" / "licences.yaml"
PAGE = ROOT / "docs" / "licences.md"
SBOM = ROOT / "build" / "sbom"
# Accepted without a look: permissive ones, and weak copyleft of libraries used unchanged.
ACCEPTED = re.compile(
    r"^(MIT|0?BSD|.*\bBSD\b|Apache|ISC|PSF|Python Software Foundation|MPL|Mozilla|LGPL|"
    r"GNU (Library or )?Lesser|The Unlicense|Unlicense|HPND|Historical Permission|Zlib|CC0|"
    r"CNRI|DFSG approved|The MIT|Zope|ZPL|BSL-1|Boost)",
    re.IGNORECASE,
)
REFUSED = re.compile(r"(?<!L)A?GPL|Affero|GNU General Public", re.IGNORECASE)
LONGEST_NAME = 150  # more is the text of a licence, which nobody can match
HEAD = """# Licences of what we build on

Written by `make audit` from what is installed. A package that its rules can't accept by themselves
was looked at singly (`infra/requirements/licences.yaml`). GPL and AGPL are refused. PostgreSQL,
PostGIS, ffmpeg and Chromium are programs of the distribution, run as processes of their own.
Model weights and their licences are in [models/README.md](../models/README.md).
"""


@dataclass(frozen=True)
class Package:
    """An installed package and what its metadata say of its licence."""

    name: str
    version: str
    licence: str


def needs_review(licence: str) -> bool:
    """True unless each part of what the metadata say, or one of its choices, is accepted."""
    if len(licence) > LONGEST_NAME:
        return True
    return not any(_is_accepted(choice) for choice in re.split(r"\bOR\b", licence))


def _is_accepted(licence: str) -> bool:
    parts = [part.strip(" ()") for part in re.split(r";|\bAND\b", licence)]
    return all(ACCEPTED.match(part) and not REFUSED.search(part) for part in parts)


def problems(packages: list[Package], reviewed: dict[str, dict]) -> list[str]:
    """Licences that nobody has accepted, and reviews of packages that are not there."""
    names = {package.name for package in packages}
    found = [
        f"{p.name} {p.version}: licence '{p.licence[:60]}' needs a review in {REVIEWED.name}"
        for p in packages
        if needs_review(p.licence) and p.name not in reviewed
    ]
    return found + [f"{name} was reviewed but is not installed" for name in reviewed.keys() - names]


def page(packages: dict[str, list[Package]], reviewed: dict[str, dict]) -> str:
    """docs/licences.md."""
    text = HEAD
    for place, found in packages.items():
        text += f"\n## {place}\n\n| package | version | licence |\n|---|---|---|\n"
        for package in sorted(found, key=lambda p: p.name.lower()):
            entry = reviewed.get(package.name)
            licence = f"{entry['licence']} ({entry['why']})" if entry else package.licence
            text += f"| {package.name} | {package.version} | {licence.replace('|', '/')} |\n"
    return text


def installed(place: str) -> list[Package]:
    flags = ["--python", str(PYTHONS[place]), "--from=mixed", "--with-system", "--format=json"]
    answer = json.loads(_run([str(TOOLS / "pip-licenses"), *flags]))
    return [
        Package(canonical(p["Name"]), p["Version"], " ".join(p["License"].split())) for p in answer
    ]


def canonical(name: str) -> str:
    """A package's name as registries compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def write_bill_of_materials(place: str) -> Path:
    """CycloneDX 1.6, the same bytes for the same environment."""
    SBOM.mkdir(parents=True, exist_ok=True)
    target = SBOM / f"{place}.cdx.json"
    flags = ["environment", "--output-reproducible", "--of", "JSON", "-o", str(target)]
    _run([str(TOOLS / "cyclonedx-py"), *flags, str(PYTHONS[place])])
    return target


def vulnerabilities(answer: dict) -> tuple[list[str], int, int]:
    """What pip-audit found: lines, how many packages it looked up, how many it could not."""
    entries = answer["dependencies"]
    skipped = sum("skip_reason" in entry for entry in entries)
    found = [
        f"{entry['name']} {entry['version']}: {flaw['id']}, mended in "
        f"{', '.join(flaw['fix_versions']) or 'no version yet'}"
        for entry in entries
        for flaw in entry.get("vulns", [])
    ]
    return found, len(entries) - skipped, skipped


def scan(place: str) -> list[str]:
    """Look the lock up at the advisory service; say plainly what could not be looked up."""
    flags = ["-r", str(LOCKS[place]), "--disable-pip", "--require-hashes", "-f", "json"]
    command = [str(TOOLS / "pip-audit"), *flags, "--progress-spinner", "off", "--timeout", "10"]
    answer = subprocess.run(command, capture_output=True, text=True)
    try:
        found, looked_up, skipped = vulnerabilities(json.loads(answer.stdout))
    except ValueError:
        print(f"{place}: NOT scanned for vulnerabilities, the advisory service is out of reach")
        return []
    missed = f"; {skipped} could NOT be looked up" if skipped else ""
    print(f"{place}: {looked_up} packages looked up, {len(found)} known vulnerabilities{missed}")
    return found


def _run(command: list[str]) -> str:
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode:
        sys.exit(f"{' '.join(command)} failed: {result.stderr[-500:]}")
    return result.stdout


def main() -> None:
    reviewed = yaml.safe_load(REVIEWED.read_text(encoding="utf-8"))
    packages = {place: installed(place) for place in PYTHONS}
    found = problems([p for group in packages.values() for p in group], reviewed)
    PAGE.write_text(page(packages, reviewed), encoding="utf-8")
    for place in PYTHONS:
        print(f"bill of materials: {write_bill_of_materials(place).relative_to(ROOT)}")
        found += scan(place)
    print("\n".join(found) or "licences: all accepted")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
