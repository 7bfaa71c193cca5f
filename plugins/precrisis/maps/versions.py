"""What a layer was before: a version for each content it had, and each place's own time.

A version holds from the end of the run's interval that met it. `raw.place` has what holds now.
"""

import datetime as dt
import hashlib
import json
from collections import Counter
from typing import Any

import psycopg
import shapely

from precrisis.warehouse import upsert

OPEN = "SELECT sha256, valid_from FROM raw.layer_version WHERE source = %s AND valid_to IS NULL"
END_VERSION = """
UPDATE raw.layer_version SET valid_to = %(at)s, loaded_at = now()
WHERE source = %(source)s AND valid_to IS NULL
"""
END_PLACES = """
UPDATE raw.place_version AS v SET valid_to = %(at)s, loaded_at = now()
WHERE v.source = %(source)s AND v.valid_to IS NULL AND NOT EXISTS (
    SELECT FROM raw.place AS p
    WHERE p.place_id = v.place_id AND p.source = v.source
        AND (p.kind, p.name, p.attributes, p.geom)
        IS NOT DISTINCT FROM (v.kind, v.name, v.attributes, v.geom)
)
"""
BEGIN_PLACES = """
INSERT INTO raw.place_version (place_id, valid_from, kind, name, source, attributes, geom)
SELECT p.place_id, %(at)s, p.kind, p.name, p.source, p.attributes, p.geom FROM raw.place AS p
WHERE p.source = %(source)s AND NOT EXISTS (
    SELECT FROM raw.place_version AS v
    WHERE v.place_id = p.place_id AND v.source = p.source AND v.valid_to IS NULL
)
ON CONFLICT (place_id, valid_from) DO UPDATE SET
    valid_to = NULL, kind = EXCLUDED.kind, name = EXCLUDED.name, source = EXCLUDED.source,
    attributes = EXCLUDED.attributes, geom = EXCLUDED.geom, loaded_at = now()
"""
LATEST = """
SELECT max(valid_from) AS at FROM (
    SELECT valid_from FROM raw.layer_version WHERE source = %(source)s
    UNION ALL SELECT valid_from FROM raw.place_version WHERE source = %(source)s
) AS known
"""

END_OTHERS = """
UPDATE raw.{table} SET valid_to = greatest(%(at)s, valid_from), loaded_at = now()
WHERE NOT source = ANY(%(sources)s) AND valid_to IS NULL
"""


def content_sha256(rows: list[dict[str, Any]]) -> str:
    """Hash of what a layer says: the same whatever file format, or order, it comes in."""
    lines = sorted(
        json.dumps([row["place_id"], row["name"], row["attributes"]], default=str, sort_keys=True)
        + shapely.to_wkb(row["geom"], hex=True)
        for row in rows
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def keep_version(
    connection: psycopg.Connection,
    source_id: str,
    moment: dt.datetime,
    rows: list[dict[str, Any]],
    met: Counter,
) -> None:
    """Begin a version of the layer where its content changed; bring places' times up to raw.place.

    A run over an earlier interval than the last version's does not write before it.
    """
    latest = connection.execute(LATEST, {"source": source_id}).fetchone()["at"]
    facts = {"source": source_id, "at": max(moment, latest) if latest else moment}
    connection.execute(END_PLACES, facts)
    connection.execute(BEGIN_PLACES, facts)
    sha256 = content_sha256(rows)
    found = connection.execute(OPEN, (source_id,)).fetchone()
    if found and found["sha256"] == sha256:
        return
    connection.execute(END_VERSION, facts)
    version = {
        "source": source_id,
        "valid_from": facts["at"],
        "valid_to": None,
        "sha256": sha256,
        "feature_count": met["features"],
        "placed_count": met["placed"],
        "refused_count": met["refused"],
        "outside_count": met["outside"],
        "repaired_count": met["repaired"],
        "same_count": met["same"],
    }
    upsert(connection, "raw.layer_version", ("source", "valid_from"), [version])


def forget_others(connection: psycopg.Connection, sources: list[str], moment: dt.datetime) -> None:
    """Take the places of layers that the pack does not name any more out of use."""
    connection.execute("DELETE FROM raw.place WHERE NOT source = ANY(%s)", (sources,))
    for table in ("place_version", "layer_version"):
        statement = END_OTHERS.format(table=table)
        connection.execute(statement, {"sources": sources, "at": moment})
