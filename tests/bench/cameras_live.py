"""Child programs of the bench of many cameras: a RTSP server that plays a clip, and footage-watch.

`python -m tests.bench.cameras_live serve CLIP COUNT RATE_HZ` prints its address and plays the clip
over and over to whoever connects, each client a bit later than the one before: cameras do not cut
their pieces in step. `... watch` is the program footage-watch, and prints a line of JSON a piece.
"""

import json
import signal
import sys
import threading
import time
from typing import Any

from precrisis.footage.capture import Piece
from precrisis.footage.segments import SEGMENT_S
from precrisis.footage.watch import Watch, read_anew
from precrisis.footage.watch_books import Seen
from tests.rtsp_camera import Camera

FILM = (
    "ffmpeg -nostdin -v error -re -stream_loop -1 -i {clip} "
    "-re -f lavfi -i anullsrc=sample_rate=8000 -r {rate_hz} "
    "-map 0:v -c:v libx264 -pix_fmt yuv420p -preset ultrafast -g {rate_hz} -threads 1 "
    "-f rtp {{video}} -map 1 -c:a pcm_mulaw -f rtp {{audio}} -sdp_file {{sdp}}"
)


class Measured(Watch):
    """Tells of every piece when it had landed, when it was looked at, and how many still wait.

    A candidate is raised while a piece is looked at: it is never later than `looked_s`.
    """

    def _look(self, piece: Piece, row: dict[str, Any]) -> Seen:
        seen = super()._look(piece, row)
        told = {
            "looked_s": time.time() - piece.closed_at.timestamp(),
            "waiting": self._landed.qsize(),
            "is_left": seen.found is None,
            "cpu_s": time.process_time(),
        }
        sys.stdout.write(json.dumps(told) + "\n")  # at once: there are several analysts
        sys.stdout.flush()
        return seen


def serve(clip: str, count: int, rate_hz: int) -> None:
    film = FILM.format(clip=clip, rate_hz=rate_hz)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # so that ffmpeg ends too
    with Camera(film=film, apart_s=SEGMENT_S / count) as camera:
        print(camera.address(), flush=True)
        threading.Event().wait()


def watch() -> None:
    read_anew()
    measured = Measured(tell=lambda: None)
    signal.signal(signal.SIGTERM, lambda *_: measured.stop.set())
    measured.run()


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["serve", clip, count, rate_hz]:
            serve(clip, int(count), int(rate_hz))
        case ["watch"]:
            watch()
