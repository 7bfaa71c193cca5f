"""Labels of test clips, from CSV files that other people made."""

import csv
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from models.video.clips import Clip

UNLABELLED = -1


class BadLabels(ValueError):
    """A file of labels cannot be used; names file and remedy."""


def rows_of(path: Path, columns: Sequence[str]) -> Iterator[dict[str, str]]:
    """Yield the rows of a CSV file. Raises BadLabels unless it has these columns."""
    if not path.is_file():
        raise BadLabels(f"{path}: there is no such file")
    with path.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file)
        if missing := [name for name in columns if name not in (reader.fieldnames or ())]:
            raise BadLabels(f"{path.name}: lacks the columns {', '.join(missing)}")
        yield from reader


def anomaly_labels(path: Path, clips: Sequence[Clip], counts: Sequence[int]) -> list[np.ndarray]:
    """Labels of each clip's frames: 1, 0, or UNLABELLED; `counts` are the clips' frames.

    frame_index counts from 0 in the order of the frames, or is the number in the file's name where
    all of the clip's labels fit those numbers and not the places. Without a column `clip` there
    must be one clip. Raises BadLabels.
    """
    table = _table(path, clips)
    result = []
    for clip, count in zip(clips, counts, strict=True):
        wanted = table.get(clip.name, {})
        places = _places(clip, count, wanted, path)
        labels = np.full(count, UNLABELLED)
        for index, is_anomaly in wanted.items():
            labels[places[index]] = is_anomaly
        result.append(labels)
    if not any((labels != UNLABELLED).any() for labels in result):
        names = ", ".join(clip.name for clip in clips[:5])
        raise BadLabels(f"{path.name}: labels no frame of the clips found ({names})")
    return result


def _table(path: Path, clips: Sequence[Clip]) -> dict[str, dict[int, int]]:
    table: dict[str, dict[int, int]] = defaultdict(dict)
    for row in rows_of(path, ("frame_index", "anomaly")):
        name = row.get("clip")
        if name is None:
            if len(clips) > 1:
                raise BadLabels(f"{path.name}: needs a column clip, there are {len(clips)} clips")
            name = clips[0].name
        try:
            table[_clip_name(name, clips)][int(row["frame_index"])] = int(float(row["anomaly"]) > 0)
        except ValueError as error:
            raise BadLabels(f"{path.name}: {row} is not clip, number, 0 or 1") from error
    return table


def _clip_name(name: str, clips: Sequence[Clip]) -> str:
    """The clip's own name; labels may say 2 or 02.avi for 02."""
    names = {clip.name: clip.name for clip in clips}
    by_stem = {clip.name.lstrip("0"): clip.name for clip in clips}
    return names.get(name) or names.get(Path(name).stem) or by_stem.get(name.lstrip("0"), name)


def _places(clip: Clip, count: int, wanted: dict[int, int], path: Path) -> dict[int, int]:
    by_place = {place: place for place in range(count)}
    by_number = {number: place for place, number in enumerate(clip.numbers or ())}
    for places in (by_place, by_number):
        if wanted.keys() <= places.keys():
            return places
    outside = sorted(wanted.keys() - by_place.keys())
    raise BadLabels(
        f"{path.name}: clip {clip.name} has {count} frames, labels name frame {outside[0]}"
    )
