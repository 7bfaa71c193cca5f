"""models_evaluate end to end: labels through their door, reviews and labels into the scorecard."""

import datetime as dt
import json

import pytest

from precrisis.alerts.review import record_review
from precrisis.city import city
from precrisis.footage.labels import take_in_labels
from precrisis.footage.muting import muted_kinds
from precrisis.footage.scorecard import score_cameras
from precrisis.footage.urgent import raise_urgent
from precrisis.warehouse import connect
from tests import marts
from tests.marts import HOUR, window

CAMERA, ZONE = "duomo-nord", "town-square"
SOURCE = """
- source_id: test-labels
  noun: event_label
  kind: csv
  address: ${PRECRISIS_SAMPLES}/records/labels.csv
  purpose_id: footage
"""
SECOND = dt.timedelta(seconds=1)
REASON = "a delivery van with a permit"


def event(world, kind: str, start_s: int, end_s: int, event_id: str) -> None:
    world.rows(
        "INSERT INTO raw.video_event (event_id, camera_id, zone_id, kind, started_at, ended_at, "
        "confidence, model_version) VALUES (%s, %s, %s, %s, %s, %s, 0.8, '1')",
        event_id, CAMERA, ZONE, kind, HOUR + start_s * SECOND, HOUR + end_s * SECOND,
    )  # fmt: skip


def alert(world, alert_id: str, kinds: tuple[str, ...], camera_id: str = CAMERA) -> None:
    """An alert that rests on two signs of each kind."""
    candidates = [
        {"candidate_id": f"{alert_id}{kind}{n}", "kind": kind, "inputs": {"camera_id": camera_id}}
        for kind in kinds
        for n in range(2)
    ]
    world.rows(
        "INSERT INTO ops.alert (alert_id, rule, rule_version, zone_id, starts_at, ends_at, "
        "risk_index, certainty, severity, reasons, unknowns, inputs) VALUES (%s, 'urgent_event', "
        "'1', %s, %s, %s, 50, 0.5, 'moderate', '[]', '[]', %s)",
        alert_id, ZONE, HOUR, HOUR, json.dumps({"candidates": candidates}),
    )  # fmt: skip


def scores(world) -> dict[str, dict]:
    rows = world.rows("SELECT * FROM raw.event_score WHERE camera_id = %s ORDER BY kind", CAMERA)
    return {row["kind"]: row for row in rows}


@pytest.fixture
def labelled(town):
    """A file of labels of ten analysed minutes: one density level found, one missed."""
    text = (town.pack / "sources.yaml").read_text()
    town.edit_pack("sources.yaml", text, text + SOURCE)
    for n in range(60):
        window(town, ZONE, 20, n)

    def write(*rows: tuple[str, int, int], more: str = "") -> None:
        lines = [
            f"{CAMERA},{kind},{(HOUR + a * SECOND).isoformat()},{(HOUR + b * SECOND).isoformat()}"
            for kind, a, b in rows
        ]
        file = town.samples / "records" / "labels.csv"
        file.write_text("camera_id,kind,started_at,ended_at\n" + "\n".join([*lines, more]))

    town.labels = write
    return town


def test_recall_and_precision_come_from_labels_and_the_hours_that_were_watched(labelled, run):
    labelled.labels(
        ("density_level", 100, 130), ("density_level", 400, 420), ("watched", 0, 300),
        ("density_level", 5_000, 5_010),  # of footage that was never analysed
        ("running", 100, 110),  # which statistics mode does not name
    )  # fmt: skip
    event(labelled, "density_level", 90, 120, "a")
    event(labelled, "density_level", 200, 220, "b")
    event(labelled, "density_level", 500, 520, "c")  # where nobody watched
    assert take_in_labels(run) == 5
    assert score_cameras(run) == 1
    (found,) = scores(labelled).values()
    assert found["kind"] == "density_level"
    assert (found["labelled_count"], found["found_count"]) == (2, 1)
    assert (found["named_count"], found["right_count"]) == (2, 1)
    assert found["watched_h"] == pytest.approx(300 / 3600)
    assert (found["reviewed_count"], found["is_muted"]) == (0, False)
    marts.build()
    (shown,) = labelled.rows("SELECT * FROM marts.fct_event_score")
    assert (shown["recall"], shown["precision_watched"]) == (0.5, 0.5)
    assert shown["confirmed_share"] is None
    assert shown["false_alarms_per_day"] == pytest.approx(24 * 12, rel=1e-5)


def test_a_label_taken_back_is_gone_and_a_bad_line_is_refused_alone(labelled, run):
    labelled.labels(("density_level", 100, 130), ("density_level", 400, 420))
    take_in_labels(run)
    labelled.labels(
        ("density_level", 100, 150), more=f"nowhere,running,{HOUR.isoformat()},{HOUR.isoformat()}"
    )
    assert take_in_labels(run) == 1
    rows = labelled.rows("SELECT started_at, ended_at FROM raw.event_label")
    assert rows == [{"started_at": HOUR + 100 * SECOND, "ended_at": HOUR + 150 * SECOND}]
    ((_, rule),) = labelled.quarantined("event_label")
    assert rule == "camera_id_known"


def test_G1_labels_without_a_basis_are_not_read(labelled, run):
    labelled.labels(("density_level", 100, 130))
    text = (labelled.pack / "register.yaml").read_text()
    labelled.edit_pack(
        "register.yaml", text, text.replace("valid_until: 2035", "valid_until: 2021")
    )
    with pytest.raises(Exception, match="NoBasis"):
        take_in_labels(run)
    assert labelled.rows("SELECT 1 FROM raw.event_label") == []


def test_an_alert_speaks_once_for_each_kind_and_camera_by_its_last_review(town, run):
    for n, (decision, kinds) in enumerate(
        [("dismiss", ("density_level",)), ("accept", ("density_level", "intrusion"))]
    ):
        alert(town, f"a{n}", kinds)
        record_review(f"a{n}", decision, REASON, "operator")
    alert(town, "other", ("density_level",), camera_id="piazza-fiera")
    record_review("other", "dismiss", REASON, "operator")
    alert(town, "waiting", ("density_level",))
    later = type(run)(run.dag_id, run.run_id, run.interval_start, dt.datetime.now(dt.UTC))
    score_cameras(later)
    counts = {k: (s["reviewed_count"], s["accepted_count"]) for k, s in scores(town).items()}
    assert counts == {"density_level": (2, 1), "intrusion": (1, 1)}


def test_without_a_review_or_a_label_there_is_no_figure(town, run):
    event(town, "density_level", 0, 10, "a")
    alert(town, "waiting", ("density_level",))
    assert score_cameras(run) == 0
    assert town.rows("SELECT 1 FROM raw.event_score") == []
    assert set(town.outcomes("score_events").values()) == {"unchanged"}


def dismissed(town, count: int, decision: str = "dismiss", name: str = "d") -> None:
    for n in range(count):
        alert(town, f"{name}{n}", ("density_level",))
        record_review(f"{name}{n}", decision, REASON, "operator")


def muted(at: dt.datetime | None = None) -> dict[str, str]:
    with connect("analysis") as connection:
        return muted_kinds(connection, CAMERA, at or dt.datetime.now(dt.UTC))


def test_a_kind_is_muted_one_dismissal_over_the_budget_and_says_until_when(town):
    dismissed(town, 5)
    assert muted() == {}
    dismissed(town, 1, name="more")
    ends = dt.datetime.now(dt.UTC) + dt.timedelta(days=7)
    told = muted()["density_level"]
    assert "muted after 6 dismissed alerts in a week where 5 are allowed" in told
    assert f"{ends.astimezone(city().timezone):%Y-%m-%d}" in told
    assert muted(ends - dt.timedelta(minutes=1)) != {}
    assert muted(ends) == {}


def test_what_is_confirmed_as_often_as_dismissed_is_not_muted(town):
    dismissed(town, 6)
    dismissed(town, 6, "accept", "ok")
    assert muted() == {}


def test_a_candidate_keeps_the_camera_that_its_reviews_will_speak_of(town):
    from models.video.events import VideoEvent

    now = dt.datetime.now(dt.UTC)
    found = VideoEvent("e" * 32, CAMERA, ZONE, "density_level", now, now, 0.9, "1")
    with connect("analysis") as connection:
        raise_urgent(connection, [found], ["segment"], now)
    (row,) = town.rows("SELECT inputs FROM ops.alert_candidate")
    assert row["inputs"]["camera_id"] == CAMERA
