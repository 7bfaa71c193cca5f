"""Where a text calls data anonymous, in Italian or English, and whether it may (requirement G4).

In quotation marks the word is spoken of, not used. Everywhere else it is a claim about data, and
must name the marts it is about.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

WORD = re.compile(r"(?<!send_)\banonym\w*|\banonim\w*", re.I)
QUOTED = re.compile(r"[\"“«‘]anon[yi]m\w*[\"”»’]", re.I)
MART = re.compile(r"\b(?:fct|dim)_\w+\b")


@dataclass(frozen=True)
class Claim:
    """A line that calls data anonymous, and the marts that it names."""

    where: str
    line: str
    marts: frozenset[str]


def claims(texts: Mapping[str, str]) -> list[Claim]:
    """Every claim in these texts (name to content)."""
    return [
        Claim(f"{name}:{number}", line.strip(), frozenset(MART.findall(line)))
        for name, text in texts.items()
        for number, line in enumerate(text.splitlines(), start=1)
        if WORD.search(QUOTED.sub("", line))
    ]


def unproven(found: Iterable[Claim], proven: set[str]) -> list[str]:
    """One line for each claim that no passed test carries."""
    return [
        f"{claim.where} calls {', '.join(sorted(claim.marts - proven)) or 'data'} anonymous, "
        "which no test of this release has shown: name the mart and let attack_marts pass, or do "
        "not say it"
        for claim in found
        if not claim.marts or claim.marts - proven
    ]


def published_texts(root: Path) -> dict[str, str]:
    """What people read of our data: descriptions, dashboards, reports, alerts, notices, docs."""
    patterns = (
        "*.md", "docs/**/*.md", "dbt/models/**/*.yml", "infra/superset/*.yaml",
        "infra/superset/assets/**/*.yaml", "infra/reports/*", "infra/documents/**/*",
        "infra/city/*/*.yaml", "infra/city/*/*.md", "plugins/precrisis/alerts/*",
        "plugins/precrisis/pages/**/*", "plugins/precrisis/documents/**/*", "models/README.md",
    )  # fmt: skip
    endings = {".md", ".yml", ".yaml", ".html", ".txt", ".py", ".css", ".js"}
    files = {file for pattern in patterns for file in root.glob(pattern) if file.suffix in endings}
    return {str(file.relative_to(root)): file.read_text() for file in sorted(files)}
