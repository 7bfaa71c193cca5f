"""The sentences of the report, from infra/reports/texts.yaml."""

from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from precrisis.alerts.wording import Language

LAYOUT = Path(__file__).resolve().parents[3] / "infra" / "reports"


@lru_cache(maxsize=1)
def _all_texts() -> dict[str, dict[str, Any]]:
    return yaml.safe_load((LAYOUT / "texts.yaml").read_text(encoding="utf-8"))


def report_texts(language: Language) -> dict[str, Any]:
    """Return the sentences of the report in one language.

    Raises:
        KeyError: the language is neither `it` nor `en`.
    """
    return _all_texts()[language]
