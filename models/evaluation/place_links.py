"""Are the right places linked? Judged on posts whose places are known."""

import re
import time
from collections.abc import Sequence
from pathlib import Path

from models.evaluation.labels import BadLabels, rows_of
from models.evaluation.posts import grouped
from models.text.gazetteer import Gazetteer
from models.text.places import PlaceFinder

Ids = frozenset[str]
# From here on a link counts: what the card's figures were measured with. A city's own limit is its
# pack's (place_link_certain).
CERTAIN = 0.6


def evaluate_places(
    path: Path, text_column: str, label_column: str, gazetteer: Gazetteer, by: str | None = None
) -> dict:
    """Precision and recall of links over all posts, and per group of the column `by`.

    A label holds place ids separated by ";" or "|", or nothing. Raises BadLabels when an id is not
    in the gazetteer.
    """
    rows = list(rows_of(path, [text_column, label_column, *([by] if by else [])]))
    if not rows:
        raise BadLabels(f"{path.name}: holds no post")
    expected = [_ids(row[label_column]) for row in rows]
    if unknown := set().union(*expected) - set(gazetteer.names):
        some = ", ".join(sorted(unknown)[:5])
        raise BadLabels(f"{path.name}: the gazetteer has no place {some}; name it with --gazetteer")
    finder, start_s = PlaceFinder(gazetteer.names, gazetteer.own_names), time.perf_counter()
    found = [_found(finder, row[text_column] or "") for row in rows]
    spent_s = time.perf_counter() - start_s
    result = {"task": "place", "town": gazetteer.town, **_judged(expected, found)}
    result["texts_per_s"] = round(len(rows) / spent_s, 1)
    if by:
        groups = grouped([row[by] for row in rows])
        result["by"] = {
            name: _judged([expected[i] for i in places], [found[i] for i in places])
            for name, places in groups.items()
        }
    return result


def _ids(label: str | None) -> Ids:
    return frozenset(part.strip() for part in re.split(r"[;|]", label or "") if part.strip())


def _found(finder: PlaceFinder, text: str) -> Ids:
    return frozenset(link.place_id for link in finder.find(text) if link.confidence >= CERTAIN)


def _judged(expected: Sequence[Ids], found: Sequence[Ids]) -> dict:
    right = sum(len(a & b) for a, b in zip(expected, found, strict=True))
    wanted, linked = sum(map(len, expected)), sum(map(len, found))
    return {
        "posts": len(expected),
        "links_expected": wanted,
        "links_found": linked,
        "precision": round(right / linked, 4) if linked else None,
        "recall": round(right / wanted, 4) if wanted else None,
        "posts_right": sum(a == b for a, b in zip(expected, found, strict=True)),
    }
