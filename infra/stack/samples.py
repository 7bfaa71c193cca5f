"""Sample data of the demo: fetched or dated here, read by the pipeline as if a city had sent it.

The samples carry relative days. Their anchor is kept in the state folder, so a second `make demo`
finds the same world.
"""

import csv
import datetime as dt
import hashlib
import os
import subprocess
import tempfile
import urllib.request
from pathlib import Path
from zoneinfo import ZoneInfo

import yaml

from infra.stack.layout import ROOT, Stack

# OpenCV's street camera clip (PETS 2009, S2.L1): 795 frames, 768x576, 10 frames a second.
FOOTAGE_SHA256 = "45cddc9490be69345cbdab64ca583be65987e864ca408038e648db99e10516cf"
FOOTAGE_URL = "https://raw.githubusercontent.com/opencv/opencv/4.x/samples/data/vtest.avi"
FOOTAGE_IN_PACKAGE = "./usr/share/doc/opencv-doc/examples/data/vtest.avi"


def anchor(stack: Stack) -> dt.date:
    """The Friday the samples are dated from: their market is on a Saturday, the match on Sunday.

    It is the Friday before the first set-up, or that day itself (UTC).
    """
    file = stack.state / "samples" / "anchor"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        today = dt.datetime.now(dt.UTC).date()
        file.write_text((today - dt.timedelta(days=(today.weekday() - 4) % 7)).isoformat())
    return dt.date.fromisoformat(file.read_text())


def fetch_footage(stack: Stack) -> Path:
    """Fetch the clip from its project, or else from Debian's opencv-doc package.

    Raises:
        RuntimeError: neither place is in reach, or the file is not the pinned one.
    """
    clip = stack.cache / "vtest.avi"
    if clip.exists() and _sha256(clip) == FOOTAGE_SHA256:
        return clip
    clip.parent.mkdir(parents=True, exist_ok=True)
    for fetch in (_from_project, _from_debian):
        try:
            fetch(clip)
        except (OSError, subprocess.CalledProcessError):
            continue
        if clip.exists() and _sha256(clip) == FOOTAGE_SHA256:
            return clip
    raise RuntimeError(
        f"The sample footage could not be fetched: place vtest.avi of OpenCV at {clip} "
        f"(sha256 {FOOTAGE_SHA256})."
    )


def _from_project(clip: Path) -> None:
    with urllib.request.urlopen(FOOTAGE_URL, timeout=20) as answer:
        clip.write_bytes(answer.read())


def _from_debian(clip: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # apt downloads as its own user
        subprocess.run(
            ["apt-get", "download", "-qq", "opencv-doc"],
            cwd=folder,
            check=True,
            capture_output=True,
        )
        package = next(Path(folder).glob("opencv-doc*.deb"))
        tar = subprocess.run(
            ["dpkg-deb", "--fsys-tarfile", str(package)], check=True, capture_output=True
        ).stdout
        extracted = subprocess.run(
            ["tar", "x", "-O", FOOTAGE_IN_PACKAGE], input=tar, check=True, capture_output=True
        )
        clip.write_bytes(extracted.stdout)


def lay_out(stack: Stack) -> None:
    """Put dated copies where the city pack's sources look: <state>/samples/{footage,records}."""
    _lay_out_footage(stack, _zone(stack))
    lay_out_records(stack)


def lay_out_records(stack: Stack) -> None:
    """Put the dated incidents and the calendar into <state>/samples/records."""
    zone = _zone(stack)
    records = stack.state / "samples" / "records"
    records.mkdir(parents=True, exist_ok=True)
    _lay_out_incidents(stack, zone, records / "incidents.csv")
    _lay_out_calendar(stack, zone, records / "calendar.csv")


def _zone(stack: Stack) -> ZoneInfo:
    return ZoneInfo(yaml.safe_load((stack.city_pack / "city.yaml").read_text())["time_zone"])


def _lay_out_footage(stack: Stack, zone: ZoneInfo) -> None:
    """One recording per entry of infra/samples/footage.yaml, named <camera>_<UTC start>.avi."""
    clip = fetch_footage(stack)
    entries = yaml.safe_load((ROOT / "infra" / "samples" / "footage.yaml").read_text())
    for entry in entries:
        start = _moment(anchor(stack), entry["day"], entry["time"], zone)
        folder = stack.state / "samples" / "footage" / entry["camera_id"]
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / f"{entry['camera_id']}_{start:%Y%m%dT%H%M%SZ}.avi"
        if not target.exists():
            target.hardlink_to(clip)
            os.utime(target, (start.timestamp(),) * 2)  # a source passes over what was just written


def _lay_out_incidents(stack: Stack, zone: ZoneInfo, target: Path) -> None:
    rows = _read(ROOT / "infra" / "samples" / "incidents.csv")
    for row in rows:
        day = -int(row.pop("days_before_anchor"))
        row["occurred_from"], row["occurred_to"] = _interval(stack, row, day, zone)
    _write(target, rows)


def _lay_out_calendar(stack: Stack, zone: ZoneInfo, target: Path) -> None:
    rows = _read(ROOT / "infra" / "samples" / "calendar.csv")
    for row in rows:
        day = int(row.pop("days_from_anchor"))
        row["starts_at"], row["ends_at"] = _interval(stack, row, day, zone)
    _write(target, rows)


def _interval(stack: Stack, row: dict, day: int, zone: ZoneInfo) -> tuple[str, str]:
    """Turn local from/to times into UTC; an end before its start is on the next day."""
    start = _moment(anchor(stack), day, row.pop("time_from"), zone)
    end = _moment(anchor(stack), day, row.pop("time_to"), zone)
    end += dt.timedelta(days=1) if end < start else dt.timedelta()
    return start.isoformat(), end.isoformat()


def _moment(day: dt.date, offset: int, clock: str, zone: ZoneInfo) -> dt.datetime:
    local = dt.datetime.combine(day + dt.timedelta(days=offset), dt.time.fromisoformat(clock), zone)
    return local.astimezone(dt.UTC)


def _read(file: Path) -> list[dict]:
    with file.open(newline="") as stream:
        return list(csv.DictReader(line for line in stream if not line.startswith("#")))


def _write(file: Path, rows: list[dict]) -> None:
    with file.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
