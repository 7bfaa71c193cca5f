"""The same place in two layers: one kind, one name, near. The first in the pack wins."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import psycopg
import shapely

KNOWN = """
SELECT kind, attributes ->> 'kind' AS sort, name, geom FROM raw.place
WHERE source = ANY(%(sources)s) AND kind = %(kind)s
ORDER BY place_id
"""
DEGREE_M = 111_320  # of latitude


@dataclass(frozen=True)
class Known:
    """Places of the layers before: their sort and name, and a tree of where they are."""

    names: np.ndarray
    tree: shapely.STRtree
    latitude: float

    def has(self, row: dict[str, Any], within_m: float) -> bool:
        """True when a place of this row's sort and name lies within `within_m`, all of it."""
        here = flat(row["geom"], self.latitude)
        near = self.tree.query(here, predicate="dwithin", distance=within_m)
        same = near[self.names[near] == plain(row)]
        apart_m = shapely.hausdorff_distance(here, self.tree.geometries[same])
        return bool((apart_m <= within_m).any())


def known_before(
    connection: psycopg.Connection, sources: Sequence[str], kind: str, latitude: float
) -> Known:
    """Return the stored places of a kind from these sources; `latitude` is the city's, degrees."""
    rows = connection.execute(KNOWN, {"sources": list(sources), "kind": kind}).fetchall()
    names = np.array([plain(row | {"attributes": {"kind": row["sort"]}}) for row in rows], object)
    return Known(names, shapely.STRtree([flat(row["geom"], latitude) for row in rows]), latitude)


def plain(row: dict[str, Any]) -> str:
    """A place's sort and name without capitals, accents and punctuation."""
    name = unicodedata.normalize("NFKD", row["name"]).casefold()
    letters = "".join(sign if sign.isalnum() else " " for sign in name if not _is_mark(sign))
    return f"{row['attributes']['kind']}: {' '.join(letters.split())}"


def flat(geometry, latitude: float):
    """Degrees as metres around a latitude: true to a hundredth within a city."""
    scale = np.array([DEGREE_M * np.cos(np.radians(latitude)), DEGREE_M])
    return shapely.transform(geometry, lambda points: points * scale)


def _is_mark(sign: str) -> bool:
    return unicodedata.combining(sign) > 0
