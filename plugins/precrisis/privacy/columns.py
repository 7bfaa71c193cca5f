"""What a person decided that each column of a mart holds of people (dbt/models/*/_*.yml)."""

from dataclasses import dataclass
from pathlib import Path

import yaml

from precrisis.settings import settings

CLASSES = ("none", "place", "aggregate", "staff")
# Counts of single happenings at a place: few of them may speak of few people.
HAPPENINGS = ("incident_count", "patrol_count", "incidents_90d", "video_event_count")


@dataclass(frozen=True)
class Column:
    """A column of a mart. `k` names the small-cell threshold that holds for it, if one does."""

    mart: str
    name: str
    data_type: str
    personal_data: str
    k: str | None

    @property
    def is_count(self) -> bool:
        """Whether its number is a number of people, authors, posts or happenings."""
        named = self.name.startswith("people_m") or self.name.endswith("_count")
        return self.k is not None and self.data_type != "text" and (
            named or self.name in HAPPENINGS
        )  # fmt: skip


def declared(folder: Path | None = None) -> list[Column]:
    """Every column of every mart, in the order of the files.

    Raises:
        LookupError: a column has no class of personal data; the message names it.
    """
    folder = folder or settings().dbt_dir / "models" / "marts"
    found = []
    for file in sorted(folder.glob("_*.yml")):
        for model in yaml.safe_load(file.read_text()).get("models", []):
            found += [_column(model["name"], entry) for entry in model["columns"]]
    return found


def _column(mart: str, entry: dict) -> Column:
    meta = entry.get("config", {}).get("meta", {})
    personal_data = meta.get("personal_data")
    if personal_data not in CLASSES:
        raise LookupError(
            f"{mart}.{entry['name']} does not say what it holds of people: give it "
            f"config: {{meta: {{personal_data: ...}}}}, one of {', '.join(CLASSES)}."
        )
    if (personal_data == "aggregate") != ("k" in meta):
        raise LookupError(f"{mart}.{entry['name']}: an aggregate, and nothing else, names its k.")
    is_happening = personal_data == "place" and entry["name"] in HAPPENINGS
    k = "small_cell_people" if is_happening else meta.get("k")
    return Column(mart, entry["name"], entry["data_type"], personal_data, k)
