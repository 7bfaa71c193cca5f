"""Near real time: live cameras recorded without a break, each piece analysed as it closes.

One warm process of the stack (program footage-watch). It does what footage_ingest and
footage_analyse do, with their functions, under the same gate and roles. What can't wait, an urgent
event, is a candidate at once; rows pass the door every minute for all cameras together, since
a check costs more than a row. What it can't keep up with is stored and left to footage_analyse, and
so are pictures of events, which can wait.
"""

import datetime as dt
import logging
import os
import signal
import sys
import tempfile
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from queue import Queue
from typing import Any

from models.video.observation import SegmentAnalysis
from precrisis.city import city, take_up_changes
from precrisis.failures import traced
from precrisis.footage.camera_setup import camera_view, detector, rules
from precrisis.footage.capture import Gap, Piece, capture
from precrisis.footage.ingest import store_segment
from precrisis.footage.normal import normal_of
from precrisis.footage.orphans import adopt_orphans
from precrisis.footage.segments import SEGMENT_S
from precrisis.footage.urgent import raise_urgent, start_alerts
from precrisis.footage.watch_books import Seen, keep, live_run
from precrisis.gate import NoBasis, authorise
from precrisis.modes import read_modes
from precrisis.outcome import Refused
from precrisis.pack.sources import Source
from precrisis.register import Purpose
from precrisis.settings import settings
from precrisis.warehouse import connect

log = logging.getLogger(__name__)

PULSE_S = 10.0
FLUSH_S = 60.0
LOOK_BACK = 60  # pieces of a camera, ten minutes, that events are named from
# Seconds that a piece may wait to be looked at: then its camera's next is there, and it is left.
LONGEST_WAIT_S = SEGMENT_S
# Pieces; with more the anomaly score, which costs as much as all else, is left out: what is urgent
# does not come from it.
MOST_TO_SCORE = 4
IDLE_S = 30.0
SWITCH_S = 0.0005  # how long an analyst waits for the clerk's Python, at each of many small calls
ALIVE = "footage-watch.alive"  # in the state folder; touched while all is well
MEMORY = Path("/dev/shm")


@dataclass
class Watch:
    """Captures, analysts and a clerk; `run` until `stop` is set."""

    stop: threading.Event = field(default_factory=threading.Event)
    flush_s: float = FLUSH_S
    analysts: int = os.cpu_count() or 1
    tell: Callable[[], None] = start_alerts
    _landed: Queue = field(default_factory=Queue)
    _seen: Queue = field(default_factory=Queue)
    _recent: dict[str, deque] = field(
        default_factory=lambda: defaultdict(lambda: deque(maxlen=LOOK_BACK))
    )

    def run(self) -> None:
        """Work until stopped; then store and load what is still in hand."""
        sys.setswitchinterval(SWITCH_S)
        cameras = continuous_cameras()
        log.info("%d live cameras, %d pieces found again", len(cameras), adopt_orphans(live_run()))
        with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
            captures = [self._start_capture(s, c, Path(folder, c)) for s, c in cameras]
            with ThreadPoolExecutor(self.analysts) as pool:
                working = [pool.submit(self._analyse_landed) for _ in range(self.analysts)]
                self._keep_books(captures, working)

    def _start_capture(self, source: Source, camera_id: str, folder: Path) -> threading.Thread:
        folder.mkdir()
        thread = threading.Thread(
            target=self._capture, args=(source, camera_id, folder), name=camera_id, daemon=True
        )
        thread.start()
        return thread

    def _capture(self, source: Source, camera_id: str, folder: Path) -> None:
        while not self.stop.is_set():
            try:
                _require_basis(source.source_id, "ingest")
                for landed in capture(source, camera_id, folder, self.stop):
                    self._take(landed)
            except NoBasis:  # it is in the log of the gate; the register may change
                log.warning("%s: the register does not allow it now", camera_id)
                self.stop.wait(60)
            except Exception as error:
                log.error("%s: capture failed\n%s", camera_id, traced(error))
                self.stop.wait(10)

    def _take(self, landed: Piece | Gap) -> None:
        """Store a piece, in the thread of its camera, and let it be looked at."""
        if isinstance(landed, Gap):
            self._seen.put(landed)
            return
        try:
            self._landed.put((landed, _stored(landed)))
        except NoBasis:
            landed.file.unlink(missing_ok=True)
            raise
        except Exception as error:  # told by the clerk, under the step that it ended
            landed.file.unlink(missing_ok=True)
            self._seen.put(Seen(landed, {}, None, error))

    def _analyse_landed(self) -> None:
        for piece, row in iter(self._landed.get, None):
            self._seen.put(self._look(piece, row))
            piece.file.unlink(missing_ok=True)

    def _look(self, piece: Piece, row: dict[str, Any]) -> Seen:
        """Analyse a stored piece, raise what can't wait."""
        try:
            if (dt.datetime.now(dt.UTC) - piece.closed_at).total_seconds() > LONGEST_WAIT_S:
                return Seen(piece, row, None)
            found = _analysed(piece, is_scored=self._landed.qsize() <= MOST_TO_SCORE)
            self._raise(piece, row, found)
            return Seen(piece, row, found)
        except Exception as error:
            return Seen(piece, row, None, error)

    def _raise(self, piece: Piece, row: dict[str, Any], found: SegmentAnalysis) -> None:
        """Name events from this piece and those before it, as the batch will from what is kept."""
        from models.video.events import name_events

        recent = self._recent[piece.camera_id]
        recent.append(found)
        observations = [o for one in recent for o in one.observations]
        signs = [sign for one in recent for sign in one.signs]
        with connect("analysis") as connection:
            modes = read_modes(connection, city())
            named = [e for e in name_events(observations, rules(), signs) if modes.may_name(e)]
            new = raise_urgent(connection, named, [row["object_key"]], piece.closed_at)
        if new:
            threading.Thread(target=self.tell, name="tell", daemon=True).start()

    def _keep_books(self, captures: list[threading.Thread], working: list[Future]) -> None:
        due_s = time.monotonic() + self.flush_s
        while not self.stop.wait(min(PULSE_S, self.flush_s)):
            read_anew()
            if time.monotonic() >= due_s:
                self._flush()
                due_s = time.monotonic() + self.flush_s
        for thread in captures:
            thread.join(timeout=15)
        for _ in working:
            self._landed.put(None)
        for future in working:
            future.result()
        self._flush()

    def _flush(self) -> None:
        """Load what was seen since the last time; on failure it stays for the next."""
        found = [self._seen.get() for _ in range(self._seen.qsize())]
        if not found:
            return
        try:
            keep(found, live_run())
        except Exception as error:
            log.error("nothing could be loaded; tried again\n%s", traced(error))
            for seen in found:
                self._seen.put(seen)


def _require_basis(source_id: str, role: str) -> Purpose:
    """By the register as it is now: an objection ends a recording that goes on."""
    return authorise(city().source(source_id), live_run(), role)


def _stored(piece: Piece) -> dict[str, Any]:
    purpose = _require_basis(piece.source_id, "ingest")
    with connect("ingest") as connection:
        return store_segment(
            connection, purpose, piece.source_id, piece.camera_id, piece.started_at, piece.file
        )


def _analysed(piece: Piece, is_scored: bool) -> SegmentAnalysis:
    from models.video.analyse import analyse_segment
    from models.video.footage import UnreadableVideo

    _require_basis(piece.source_id, "analysis")
    view = camera_view(city().camera(piece.camera_id))
    normal = normal_of(piece.camera_id, piece.started_at) if is_scored else None
    try:
        return analyse_segment(piece.file, view, detector(), piece.started_at, normal)
    except UnreadableVideo as error:
        raise Refused("segment_readable", str(error)) from None


def continuous_cameras() -> list[tuple[Source, str]]:
    """The cameras of sources that are recorded without a break."""
    sources = {s.source_id: s for s in city().sources_of("footage_segment") if s.is_continuous}
    return [(sources[c.source_id], c.camera_id) for c in city().cameras if c.source_id in sources]


def read_anew() -> None:
    """Take up changes of the pack, above all of its register, and show that this process lives."""
    take_up_changes()
    (settings().state / ALIVE).touch()


def main() -> None:
    """Watch until TERM; without a live camera, wait for one to come into the pack."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    watch = Watch()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: watch.stop.set())
    read_anew()
    while not continuous_cameras():
        if watch.stop.wait(IDLE_S):
            return
        read_anew()
    watch.run()


if __name__ == "__main__":
    main()
