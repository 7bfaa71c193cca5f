"""The calibration of a camera in force, as the models want it (learnt by cameras_calibrate)."""

import datetime as dt
import logging
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

from precrisis import store
from precrisis.warehouse import connect
from precrisis.zone_keys import Damaged

if TYPE_CHECKING:
    from models.video.anomaly import Calibration

log = logging.getLogger(__name__)

CURRENT = """
SELECT * FROM raw.camera_calibration
WHERE camera_id = %(camera_id)s AND calibrated_at <= %(at)s AND expires_at > %(at)s
ORDER BY calibrated_at DESC LIMIT 1
"""


def current(
    connection: psycopg.Connection, camera_id: str, at: dt.datetime
) -> dict[str, Any] | None:
    """The row of raw.camera_calibration in force for a camera at `at` (UTC), None without one."""
    return connection.execute(CURRENT, {"camera_id": camera_id, "at": at}).fetchone()


def normal_of(camera_id: str, at: dt.datetime) -> "Calibration | None":
    """What the camera had learnt by `at` (UTC): footage is never scored by what was learnt later.

    None where it had learnt nothing, or where that can't be read any more; the log then says so.
    """
    with connect("analysis") as connection:
        row = current(connection, camera_id, at)
    if row is None:
        return None
    try:
        return _loaded(row["object_key"], row["sha256"], row["alarm_score"])
    except (FileNotFoundError, Damaged, ValueError) as error:
        log.warning("%s: its calibration can't be used: %s", camera_id, error)
        return None


@lru_cache(maxsize=64)
def _loaded(object_key: str, sha256: str, alarm_score: float) -> "Calibration":
    """An artefact of the derived zone; `sha256` keeps apart what one key held at two times."""
    from models.register import weights_file
    from models.video.anomaly import AnomalyModel, Calibration

    with tempfile.TemporaryDirectory() as folder:
        artefact = store.fetch("analysis", "derived", object_key, Path(folder))
        model = AnomalyModel.load(artefact)
    return Calibration(model, alarm_score, weights_file("nanodet-416"))
