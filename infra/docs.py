"""Write the generated parts of README and docs/, or check that they are not stale.

Usage: python -m infra.docs [--check]

A generated part stands between `<!-- generated: NAME -->` and `<!-- /generated -->`.
"""

import argparse
import importlib
import inspect
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import yaml

from infra.dag_table import DocumentError, dag_table
from infra.lawfulness import lawfulness_table
from infra.stack.layout import ROOT
from infra.stack.ports import GRPC_BEHIND, PORTS, Port
from models import weights

PACK = ROOT / "infra" / "city" / "trento"
DEFAULT_PORT_BASE = 18000
PART = re.compile(r"(<!-- generated: (\w+) -->\n).*?(<!-- /generated -->)", re.DOTALL)
# What a suite takes from a city; the number of its rules does not depend on it.
ANY_CITY = {
    "bounds": (0.0, 0.0, 1.0, 1.0), "categories": ["any"], "zone_ids": ["any"],
    "camera_ids": ["any"],
}  # fmt: skip


def table(heads: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """Return a Markdown table; a bar inside a cell is escaped."""
    heads = list(heads)
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    lines += ["| " + " | ".join(str(c).replace("|", "\\|") for c in row) + " |" for row in rows]
    return "\n".join(lines)


def station_table() -> str:
    """One row per door, in the order a record travels (precrisis/assets.py)."""
    source = (ROOT / "plugins" / "precrisis" / "assets.py").read_text(encoding="utf-8")
    nouns = re.findall(r'Asset\("(\w+)"\)', source)
    doors = {file.stem for file in (ROOT / "expectations").glob("*.py")}
    rows = (_station_row(noun) for noun in nouns if noun in doors)
    return table(["noun", "one row is", "key", "rules at its door"], rows)


def _station_row(noun: str) -> list[object]:
    module = importlib.import_module(f"expectations.{noun}")
    station = getattr(module, "STATION", None)
    if station is None:
        wanted = inspect.signature(module.station).parameters
        station = module.station(**{name: ANY_CITY[name] for name in wanted})
    meaning = (module.__doc__ or "").split("\n")[0].removeprefix(f"Door of {noun}: ").rstrip(".")
    key = ", ".join(f"`{column}`" for column in station.key)
    return [f"[`{noun}`](../expectations/{noun}.py)", meaning, key, len(station.rules)]


def register_table() -> str:
    """The purposes of the Trento pack."""
    heads = ["purpose", "legal basis", "act", "valid until", "assessment", "kept", "mode"]
    return table(heads, (_purpose(entry) for entry in _pack("register")["purposes"]))


def _purpose(entry: dict) -> list[object]:
    assessment = entry["assessment"]
    return [
        f"`{entry['purpose_id']}`: {entry['title']['en']}",
        entry["legal_basis"],
        entry["act"],
        entry["valid_until"],
        f"{assessment['version']} of {assessment['approved_on']}",
        f"{entry['retention_hours']} h",
        entry.get("mode", "statistics"),
    ]


def threshold_table() -> str:
    """Every number of the Trento pack that decides something."""
    pack = _pack("thresholds")
    rows = [[f"`{r['rule']}`", r["limit"], *_answer(r)] for r in pack["alert_rules"]]
    rows += [
        [f"`quiet_hours`: {h['name']}", f"told at once from {h['told_at_once_from']}", *_answer(h)]
        for h in pack.get("quiet_hours", [])
    ]
    for group in ("video_events", "risk_points", "public_voice", "place_forecast", "maps"):
        rows += [[f"`{name}`", t["value"], *_answer(t)] for name, t in pack[group].items()]
    return table(["number", "value", "why", "who answers", "until"], rows)


def _answer(entry: dict) -> list[object]:
    return [entry["why"], entry["owner"], entry["expires_on"]]


def _pack(name: str) -> list | dict:
    return yaml.safe_load((PACK / f"{name}.yaml").read_text(encoding="utf-8"))


def port_table() -> str:
    """Ports of a stack with the default base: who connects, how, and what may leave loopback."""
    heads = ["service", "offset", "default", "protocol", "who connects", "leaves loopback"]
    return table(heads, map(_port_row, PORTS))


def _port_row(port: Port) -> list[object]:
    number = DEFAULT_PORT_BASE + port.offset
    protocol = port.protocol + (", or with TLS" if port.has_tls else "")
    protocol += f"; gRPC on {number + GRPC_BEHIND}" if port.has_grpc else ""
    leaves = "only with `PRECRISIS_HOST`, and then with TLS" if port.can_leave else "never"
    return [
        f"`{port.service}`", port.offset, number, protocol if port.is_open else "not open",
        port.clients, leaves,
    ]  # fmt: skip


PARTS: dict[str, Callable[[], str]] = {
    "lawfulness": lawfulness_table,
    "dags": dag_table,
    "ports": port_table,
    "stations": station_table,
    "register": register_table,
    "thresholds": threshold_table,
}


def filled(text: str) -> str:
    """Return a document with its generated parts written anew.

    Raises:
        DocumentError: it asks for a part that nobody writes.
    """

    def write(part: re.Match) -> str:
        if part[2] not in PARTS:
            raise DocumentError(f"no generated part '{part[2]}': it is one of {sorted(PARTS)}.")
        return f"{part[1]}{PARTS[part[2]]()}\n{part[3]}"

    return PART.sub(write, text)


def documents(root: Path = ROOT) -> list[Path]:
    """README and all of docs/."""
    return [root / "README.md", *sorted((root / "docs").rglob("*.md"))]


def stale(root: Path = ROOT) -> dict[Path, str]:
    """Documents whose text differs from what would be written now, with that text."""
    wanted = {file: filled(file.read_text(encoding="utf-8")) for file in documents(root)}
    wanted[weights.README] = weights.readme_with_table(weights.README.read_text(encoding="utf-8"))
    return {file: text for file, text in wanted.items() if file.read_text("utf-8") != text}


def main(arguments: list[str] | None = None) -> None:
    """Write, or with --check exit 1 naming what is stale."""
    parser = argparse.ArgumentParser(prog="python -m infra.docs", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when stale")
    is_check = parser.parse_args(arguments).check
    differing = stale()
    for file, text in differing.items():
        name = file.relative_to(ROOT)
        if not is_check:
            file.write_text(text, encoding="utf-8")
        print(f"{name} is stale: run make docs" if is_check else f"{name} written")
    sys.exit(1 if is_check and differing else 0)


if __name__ == "__main__":
    main()
