"""Every step has words for the people who read about it, in each language."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
STEP = re.compile(r'\b(?:Step|from_each_source)\(\s*"([a-z_]+)",')
# What fct_data_health calls by the station that the step ends at.
STATION_OF = re.compile(r"when o.step in \('([a-z_]+)'\) then '([a-z_]+)'")


def steps() -> set[str]:
    code = [file.read_text() for file in (ROOT / "plugins").rglob("*.py")]
    found = {name for text in code for name in STEP.findall(text)}
    assert {"take_in_recording", "analyse_segment", "deliver_alert"} <= found
    return found


def test_the_dashboard_has_words_for_every_step_and_for_no_other() -> None:
    texts = yaml.safe_load((ROOT / "infra/superset/texts.yaml").read_text())
    words = texts["codes"]["step"]
    assert set(words) == steps()
    assert all(set(word) == {"it", "en"} for word in words.values())


@pytest.mark.parametrize("language", ["it", "en"])
def test_the_report_has_words_for_every_step(language) -> None:
    mart = (ROOT / "dbt/models/marts/fct_data_health.sql").read_text()
    station = dict(STATION_OF.findall(mart))
    texts = yaml.safe_load((ROOT / "infra/reports/texts.yaml").read_text())
    assert {station.get(step, step) for step in steps()} <= set(texts[language]["nouns"])
