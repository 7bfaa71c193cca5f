"""What exactly ran: hashes of the code and of the city pack, for the log of runs."""

import hashlib
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from precrisis.settings import ROOT

CODE = ("dags", "plugins", "models", "dbt/models", "dbt/macros", "expectations")
ENDINGS = {".py", ".sql", ".yml", ".yaml", ".toml"}


@lru_cache(maxsize=1)
def code_sha256() -> str:
    """Hash of everything that decides what a run does, without what only starts it."""
    folders = (ROOT / name for name in CODE)
    return _sha256(file for folder in folders for file in folder.rglob("*"))


@lru_cache(maxsize=4)
def pack_sha256(folder: Path) -> str:
    """Hash of a city pack."""
    return _sha256(folder.rglob("*"))


def _sha256(files: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for file in sorted(f for f in files if f.suffix in ENDINGS | {".geojson"} and f.is_file()):
        digest.update(file.name.encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()
