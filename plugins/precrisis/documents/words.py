"""The words of the documents, from infra/documents."""

from functools import lru_cache
from typing import Any

import yaml

from precrisis.settings import ROOT

FOLDER = ROOT / "infra" / "documents"


def texts(language: str) -> dict[str, Any]:
    """Return the words of the documents in one language (it or en)."""
    return _read("texts")[language]


def requirements() -> list[dict[str, str]]:
    """Return the requirements: row (G1 ...) and its sentence by language."""
    return _read("requirements")


@lru_cache(maxsize=2)
def _read(name: str) -> Any:
    return yaml.safe_load((FOLDER / f"{name}.yaml").read_text("utf-8"))
