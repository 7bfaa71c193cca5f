"""`make attacks`: attack the silhouettes, write models/video/attacks.json and models/README.md.

Exit status 1 when an attack succeeds that must not, or a control fails that must succeed: then no
release. Needs the research data (PRECRISIS_EVAL_DATA) and the attackers' networks.
"""

import datetime as dt
import os
import sys
from dataclasses import asdict
from pathlib import Path

import cv2
import numpy as np

from models.register import weights_file
from models.video import masking_record
from models.video.background import Plate, learn_plate
from models.video.detector import DETECTOR_VERSION, Detector
from models.video.silhouette import draw
from tests.attacks import near, record
from tests.attacks.embedding import FOLDER, is_installed
from tests.attacks.faces import face_count
from tests.attacks.outputs import MARGIN_PX, plate_of, sightings
from tests.attacks.reidentification import (
    MUST_FAIL,
    REPORTED,
    Attack,
    control,
    corrected,
    embedding_attacks,
    shape_attacks,
)
from tests.attacks.repaint import difference, dressed_anew
from tests.attacks.sightings import frames_of

EVERY = 2  # frames: 5 Hz
STILLS_EVERY = 60  # frames, for faces and new clothes
MIN_OVERLAP = 0.7


def main() -> int:
    """Run everything and record it; the exit status."""
    data = Path(os.environ.get("PRECRISIS_EVAL_DATA", "../shared/data")) / "video/pets2009_s2l1"
    clip = Path(os.environ.get("PRECRISIS_CACHE", ".cache")) / "vtest.avi"
    if not data.is_dir():
        sys.exit(f"The research data is missing ({data.name}): set PRECRISIS_EVAL_DATA.")
    if not is_installed():
        sys.exit(f"The attackers' networks are missing in {FOLDER}: run `make attacks`.")
    cv2.setNumThreads(2)
    detector = Detector(weights_file("nanodet-416"), threads=2)
    plate = plate_of(clip, detector)
    content = {
        "ran_on": dt.date.today().isoformat(),
        "detector": DETECTOR_VERSION,
        "code_sha256": masking_record.code_sha256(),
        "who_is_who": [_entry(a) for a in _reidentified(clip, data, plate, detector)],
        "faces": _faces(clip, plate, detector),
        "dressed_anew": _dressed_anew(clip, plate, detector),
    }
    content["is_passed"] = masking_record.is_passed(content)
    record.write(content)
    print(record.table(content))
    return 0 if content["is_passed"] else 1


def _reidentified(clip: Path, data: Path, plate: Plate, detector: Detector) -> list[Attack]:
    by_output = {}
    for sighting in sightings(clip, data, plate, detector, EVERY):
        by_output.setdefault(sighting.output, []).append(sighting)
    attacks = []
    for output, role in (("capsule", MUST_FAIL), ("contour", REPORTED)):
        seen = by_output.pop(output)
        attacks += [*shape_attacks(output, role, seen), *embedding_attacks(output, role, seen)]
    return corrected(attacks + [control(output, seen) for output, seen in by_output.items()])


def _entry(attack: Attack) -> dict:
    figures = {k: round(v, 4) for k, v in asdict(attack.result).items()}
    names = {"target": attack.target, "attacker": attack.attacker, "role": attack.role}
    return names | figures | {"p_holm": attack.p_holm, "is_passed": attack.is_passed}


def _faces(clip: Path, plate: Plate, detector: Detector) -> list[dict]:
    """Faces in raw pictures and in the output, on the street and before a near camera."""
    passing = list(near.scenes())
    near_plate = learn_plate(passing, detector, MARGIN_PX)
    street = [frame for _, frame in frames_of(clip, STILLS_EVERY)]
    close = [frame.picture for frame in passing[::3]]
    counted = []
    for scene, frames, empty in (("street", street, plate), ("near camera", close, near_plate)):
        outputs = [draw(empty, detector.detect(frame), MARGIN_PX) for frame in frames]
        counted.append({
            "scene": scene,
            "pictures": len(frames),
            "raw": sum(map(face_count, frames)),
            "output": sum(map(face_count, outputs)),
        })  # fmt: skip
    return counted


def _dressed_anew(clip: Path, plate: Plate, detector: Detector) -> dict:
    """How far the output changes when everybody wears something else."""
    random, found = np.random.default_rng(1), []
    for _, frame in frames_of(clip, STILLS_EVERY):
        people = [d for d in detector.detect(frame) if d.label == "person"]
        painted = dressed_anew(frame, plate, people, random)
        found.append(difference(frame, painted, plate, detector, MARGIN_PX))
    return {
        "pictures": len(found),
        "mean_overlap": round(float(np.mean([d.overlap for d in found])), 3),
        "outside_px": sum(d.outside_px for d in found),
        "foreign_px": sum(d.foreign_px for d in found),
        "min_overlap": MIN_OVERLAP,
    }


if __name__ == "__main__":
    sys.exit(main())
