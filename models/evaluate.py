"""Judge the models on data of your own. One JSON line on stdout, progress on stderr.

    python -m models.evaluate video-anomaly --train DIR --test DIR --labels CSV
    python -m models.evaluate detection --video FILE --boxes CSV [--from N --to M]
    python -m models.evaluate crossings --video FILE --boxes CSV [--rate HZ]
    python -m models.evaluate fights --clips DIR --labels CSV
    python -m models.evaluate risk --train CSV --test CSV --time COLUMN[+COLUMN...] --lon COLUMN
        --lat COLUMN [--category COLUMN] [--cell 300] [--keep N]
    python -m models.evaluate text --task {informative,hate,place} --posts CSV
        --text-column NAME --label-column NAME [--positive VALUE,...] [--by COLUMN]

What each figure means, and the forms of the data: models/README.md, Evaluation.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import cv2

from models.evaluation import text_command
from models.evaluation.anomaly import DEFAULT_RATE_HZ, evaluate_anomaly
from models.evaluation.crossings import evaluate_crossings
from models.evaluation.detection import evaluate_detection
from models.evaluation.fights import evaluate_fights
from models.evaluation.incident_file import BadIncidents
from models.evaluation.incident_times import BadTimes
from models.evaluation.labels import BadLabels
from models.evaluation.risk import evaluate_risk
from models.evaluation.town import Columns, read_town
from models.risk.grid import BadGrid
from models.text.encoder import WeightsMissing
from models.text.gazetteer import BadGazetteer
from models.video.anomaly import NotEnoughFootage
from models.video.clips import NoClips
from models.video.footage import UnreadableVideo

KNOWN_ERRORS = (
    *(BadLabels, NoClips, NotEnoughFootage, UnreadableVideo, FileNotFoundError),
    *(BadIncidents, BadTimes, BadGrid, BadGazetteer, WeightsMissing),
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one evaluation. Exits with a sentence when the data cannot be used."""
    options = _parser().parse_args(arguments)
    cv2.setNumThreads(1)  # CPU time is then the time of one core
    try:
        print(json.dumps(options.run(options)))
    except KNOWN_ERRORS as error:
        sys.exit(f"evaluate: {error}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m models.evaluate")
    commands = parser.add_subparsers(required=True, metavar="what")

    anomaly = commands.add_parser("video-anomaly", help="anomaly score of one camera")
    anomaly.add_argument("--train", type=Path, required=True, help="normal footage")
    anomaly.add_argument("--test", type=Path, required=True)
    anomaly.add_argument("--labels", type=Path, required=True, help="clip, frame_index, anomaly")
    anomaly.add_argument(
        "--frame-rate-hz",
        type=float,
        help=f"of folders of frames (default {DEFAULT_RATE_HZ:g}); a video says its own",
    )
    anomaly.set_defaults(run=lambda o: evaluate_anomaly(o.train, o.test, o.labels, o.frame_rate_hz))

    detection = commands.add_parser("detection", help="boxes of people in one video")
    detection.add_argument("--video", type=Path, required=True)
    detection.add_argument("--boxes", type=Path, required=True, help="frame, x, y, w, h")
    detection.add_argument("--from", dest="first", type=int, help="first frame, default: of boxes")
    detection.add_argument("--to", dest="last", type=int, help="last frame, default: of boxes")
    detection.set_defaults(run=lambda o: evaluate_detection(o.video, o.boxes, o.first, o.last))

    crossings = commands.add_parser("crossings", help="people over lines in one video")
    crossings.add_argument("--video", type=Path, required=True)
    crossings.add_argument("--boxes", type=Path, required=True, help="frame, track, x, y, w, h")
    crossings.add_argument("--rate", type=float, default=2.0, help="frames a second (default 2)")
    crossings.set_defaults(run=lambda o: evaluate_crossings(o.video, o.boxes, o.rate))

    fights = commands.add_parser("fights", help="clips with and without a fight")
    fights.add_argument("--clips", type=Path, required=True)
    fights.add_argument("--labels", type=Path, required=True, help="file, fight[, source_video]")
    fights.set_defaults(run=lambda o: evaluate_fights(o.clips, o.labels))
    _add_risk(commands.add_parser("risk", help="place forecast of incidents"))
    text_command.add_to(commands)
    return parser


def _add_risk(risk: argparse.ArgumentParser) -> None:
    risk.add_argument("--train", type=Path, required=True, help="earlier incidents, CSV")
    risk.add_argument("--test", type=Path, required=True, help="later ones, same columns")
    risk.add_argument("--time", required=True, help="COLUMN, START+END, or YEAR+MONTH+DAY+HOUR")
    risk.add_argument("--lon", required=True, help="column, degrees east")
    risk.add_argument("--lat", required=True, help="column, degrees north")
    risk.add_argument("--category", help="column; each kind is then judged by itself too")
    risk.add_argument("--cell", type=float, default=300, help="side of a cell in m (default 300)")
    risk.add_argument("--keep", type=int, help="thin training to N incidents, seed 7")
    risk.set_defaults(run=_run_risk)


def _run_risk(options: argparse.Namespace) -> dict[str, object]:
    columns = Columns(options.time.split("+"), options.lon, options.lat, options.category)
    return evaluate_risk(
        read_town(options.train, options.test, columns, options.cell, options.keep)
    )


if __name__ == "__main__":
    main()
