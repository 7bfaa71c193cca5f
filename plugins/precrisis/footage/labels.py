"""What people who watched footage say happened, from files of the city: event_label.

One line an event: camera_id, kind, started_at, ended_at (ISO 8601 with an offset). Kind `watched`
is a stretch that was watched from end to end.
"""

from typing import Any

from expectations import event_label
from precrisis import door
from precrisis.city import city
from precrisis.outcome import Outcome
from precrisis.pack.sources import Source
from precrisis.records.files import lines_of, moment_of
from precrisis.records.taking_in import from_each_source
from precrisis.run import Run
from precrisis.warehouse import connect

COLUMNS = {"camera_id", "kind", "started_at", "ended_at"}
# A label that is no longer in its file was taken back.
FORGET = """
DELETE FROM raw.event_label AS l WHERE l.source = %s AND NOT EXISTS (
    SELECT FROM unnest(%s::text[], %s::text[], %s::timestamptz[]) AS k (camera_id, kind, at)
    WHERE (k.camera_id, k.kind, k.at) = (l.camera_id, l.kind, l.started_at)
)
"""


def take_in_labels(run: Run) -> int:
    """Write the labels of every source that has some; return how many passed the door.

    Raises:
        StepFailed: a file could not be read, or the register does not allow its source.
    """
    return from_each_source("take_in_labels", "event_label", run, _labels)


def _labels(source: Source, outcome: Outcome) -> None:
    rows = [_row(source.source_id, line) for line in lines_of(source, COLUMNS)]
    outcome.rows_in = len(rows)
    suite = event_label.station([camera.camera_id for camera in city().cameras])
    with connect("ingest") as connection:
        outcome.rows_out = door.load(connection, suite, rows, source.source_id)
        keys = ([row[name] for row in rows] for name in ("camera_id", "kind", "started_at"))
        connection.execute(FORGET, (source.source_id, *keys))


def _row(source_id: str, line: dict[str, str]) -> dict[str, Any]:
    return {
        "source": source_id,
        "camera_id": line["camera_id"],
        "kind": line["kind"],
        "started_at": moment_of(line["started_at"]),
        "ended_at": moment_of(line["ended_at"]),
    }
