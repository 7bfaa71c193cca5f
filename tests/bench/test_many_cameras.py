"""Many live cameras for minutes: does the backlog stay flat, the memory, the time to a candidate?

Not part of `make test`: it takes as long as it is told to. While the services run:

    PRECRISIS_BENCH_CAMERAS=20 PRECRISIS_BENCH_MINUTES=10 python -m pytest -s tests/bench

BUSY: how many of them show the sample's walkers, the others its empty scene (all are busy unless
told). RATE_HZ: frames a second that are looked at (2), FPS: that a camera sends (5).
"""

import json
import os
import statistics
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from infra.stack.layout import ROOT
from precrisis.city import read_city
from precrisis.documents.notice import notice_sha256
from precrisis.settings import settings
from tests.bench.__main__ import SAMPLE, empty_scene
from tests.integration.conftest import cap_keys, own_database, own_store, world  # noqa: F401

COUNT, MINUTES, BUSY, RATE_HZ, FPS = (
    int(os.environ.get(f"PRECRISIS_BENCH_{name}", default))
    for name, default in (
        ("CAMERAS", 0), ("MINUTES", 10), ("BUSY", os.environ.get("PRECRISIS_BENCH_CAMERAS", 0)),
        ("RATE_HZ", 2), ("FPS", 5),
    )
)  # fmt: skip
CAMERA = """- camera_id: camera-{n}
  name: Camera {n}
  location: [11.1213, 46.0676]
  source_id: source-{n}
  analysis_rate_hz: {rate_hz}
  is_sample: true
  regions:
    - {{zone_id: {zone_id}, polygon: [[0, 0.3], [1, 0.3], [1, 1], [0, 1]], area_m2: 320}}
"""
SOURCE = """- source_id: source-{n}
  noun: footage_segment
  kind: rtsp
  address: {address}
  is_continuous: true
  purpose_id: footage
"""
ZONES = ("town-square", "market-square", "river-park")


@contextmanager
def program(*arguments: str):
    """A child of this test; its lines are read elsewhere."""
    command = [sys.executable, "-m", "tests.bench.cameras_live", *arguments]
    child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        yield child
    finally:
        child.terminate()
        child.wait(timeout=60)


def rss_mb(pid: int) -> float:
    line = next(x for x in Path(f"/proc/{pid}/status").read_text().splitlines() if "VmRSS" in x)
    return int(line.split()[1]) / 1024


def write_pack(pack: Path, addresses: list[str]) -> None:
    for name, template in (("cameras", CAMERA), ("sources", SOURCE)):
        file = pack / f"{name}.yaml"
        kept = file.read_text() if name == "sources" else ""
        facts = [
            {"n": n, "rate_hz": RATE_HZ, "zone_id": ZONES[n % len(ZONES)], "address": address}
            for n, address in enumerate(addresses)
        ]
        file.write_text(kept.rstrip() + "\n" + "".join(template.format(**f) for f in facts))
    _publish_notice(pack)


def _publish_notice(pack: Path) -> None:
    """The notice names the cameras: let the register hold the hash of what it says of these."""
    the_city = read_city(pack)
    purpose = the_city.purpose("footage")
    register = pack / "register.yaml"
    text = register.read_text()
    assert text.count(purpose.notice.sha256) == 1
    register.write_text(text.replace(purpose.notice.sha256, notice_sha256(the_city, purpose)))


@pytest.mark.skipif(not COUNT, reason="a bench: set PRECRISIS_BENCH_CAMERAS")
@pytest.mark.timeout(MINUTES * 60 + 300)
def test_many_cameras(world, tmp_path):  # noqa: F811
    settings().state.mkdir(exist_ok=True)
    looked: list[dict] = []
    with ExitStack() as running:
        write_pack(world.pack, addresses(running, tmp_path))
        watch = running.enter_context(program("watch"))
        threading.Thread(
            target=lambda: looked.extend(map(json.loads, watch.stdout)), daemon=True
        ).start()
        print(f"\n{COUNT} cameras, {BUSY} busy, {FPS} frames/s, looked at at {RATE_HZ} Hz")
        print("minute pieces   left waiting rss_mb cores looked_p50_s looked_p95_s")
        told, cpu_s = 0, 0.0
        for minute in range(1, MINUTES + 1):
            time.sleep(60)
            news, told = looked[told:], len(looked)
            assert watch.poll() is None, "footage-watch ended"
            print(f"{minute:6}", minute_of(news, cpu_s, rss_mb(watch.pid)), flush=True)
            cpu_s = looked[-1]["cpu_s"] if looked else 0.0
    waits = world.rows(
        "SELECT extract(epoch FROM raised_at - landed_at)::float AS s FROM ops.alert_candidate"
    )
    p50, p95 = percentiles([piece["looked_s"] for piece in looked])
    print(f"landed to looked at: p50 {p50} s, p95 {p95} s")
    p50, p95 = percentiles([row["s"] for row in waits])
    print(f"landed to candidate: p50 {p50} s, p95 {p95} s, of {len(waits)}")
    stored = world.rows("SELECT count(*) AS n FROM raw.footage_segment")[0]["n"]
    print(f"{stored} segments stored; quarantined: {world.quarantined('footage_segment')}")
    assert stored > 0


def addresses(running: ExitStack, folder: Path) -> list[str]:
    """Start a server of each kind of scene; where each camera is."""
    found = []
    for is_busy, count in ((True, BUSY), (False, COUNT - BUSY)):
        if count > 0:
            clip = SAMPLE if is_busy else empty_scene(folder)
            server = running.enter_context(program("serve", str(clip), str(count), str(FPS)))
            found += [server.stdout.readline().strip()] * count
    return found


def minute_of(news: list[dict], cpu_s: float, rss: float) -> str:
    """A line of the table."""
    if not news:
        return "     0"
    cores = (news[-1]["cpu_s"] - cpu_s) / 60
    left = sum(piece["is_left"] for piece in news)
    p50, p95 = percentiles([piece["looked_s"] for piece in news])
    waiting = news[-1]["waiting"]
    return f"{len(news):6} {left:6} {waiting:7} {rss:6.0f} {cores:5.2f} {p50:12.2f} {p95:12.2f}"


def percentiles(values: list[float]) -> tuple[float, float]:
    if len(values) < 2:
        return (*values, *values)[:2] or (float("nan"), float("nan"))
    cut = statistics.quantiles(values, n=20, method="inclusive")
    return round(cut[9], 2), round(cut[18], 2)
