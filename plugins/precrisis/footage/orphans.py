"""Pieces that a crash left stored but not registered get their row, and with it their turn."""

import datetime as dt
import re
import tempfile
from pathlib import Path
from typing import Any

from precrisis import store
from precrisis.city import city
from precrisis.footage.ingest import segment_row, write_segments
from precrisis.footage.segments import probe
from precrisis.gate import authorise
from precrisis.outcome import Outcome, Refused, Step
from precrisis.pack.part import CityPackError
from precrisis.run import Run
from precrisis.warehouse import connect
from precrisis.zone_keys import Damaged

# Old enough that nobody is about to register them.
ORPHANS = """
SELECT l.object_key, l.sha256, l.size_bytes, l.due_at FROM ops.object_ledger AS l
WHERE l.bucket = 'restricted' AND l.noun = 'footage_segment' AND l.deleted_at IS NULL
AND l.due_at > %(at)s AND l.stored_at < %(at)s - interval '2 minutes'
AND NOT EXISTS (SELECT FROM raw.footage_segment AS s WHERE s.object_key = l.object_key)
ORDER BY l.object_key
"""
KEY = re.compile(r"footage_segment/(\d{4}-\d\d-\d\d)/(\d{12})Z_([a-z0-9-]+)\.mkv\Z")


def adopt_orphans(run: Run) -> int:
    """Register stored pieces of footage that have no row; return how many now have one."""
    with connect("analysis") as connection:
        found = connection.execute(ORPHANS, {"at": run.interval_end}).fetchall()
    step = Step("adopt_orphan", "footage_segment", run, role="analysis")
    done = step.together(
        found, lambda orphan: orphan["object_key"], lambda o, out: _row(o, out, run), write_segments
    )
    return sum(outcome.rows_out for outcome in done)


def _row(orphan: dict[str, Any], outcome: Outcome, run: Run) -> list[dict[str, Any]]:
    outcome.rows_in = 1
    camera_id, started_at = _named(orphan["object_key"])
    try:
        source = city().source(city().camera(camera_id).source_id)
    except CityPackError as gone:
        raise Refused("camera_known", str(gone), orphan["object_key"]) from None
    authorise(source, run, "analysis")
    with tempfile.TemporaryDirectory() as folder:
        try:
            piece = store.fetch("analysis", "restricted", orphan["object_key"], Path(folder))
        except (FileNotFoundError, Damaged) as error:
            raise Refused("segment_readable", str(error), orphan["object_key"]) from None
        video = probe(piece)
    kept = {name: orphan[name] for name in ("object_key", "sha256", "size_bytes", "due_at")}
    return [segment_row(source.source_id, camera_id, started_at, video, kept)]


def _named(object_key: str) -> tuple[str, dt.datetime]:
    """Camera and start (UTC), as segment_key wrote them."""
    match = KEY.match(object_key)
    if match is None:
        raise Refused("recording_named", "its key is none of a segment", object_key)
    day, clock, camera_id = match.groups()
    moment = dt.datetime.strptime(f"{day} {clock}", "%Y-%m-%d %H%M%S%f")
    return camera_id, moment.replace(tzinfo=dt.UTC)
