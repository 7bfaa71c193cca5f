"""The evaluation commands on tiny data made here, and the figures they are made of."""

import csv
import json

import cv2
import numpy as np
import pytest

from models import evaluate, measures
from models.evaluation.labels import BadLabels, anomaly_labels
from models.video.clips import NoClips, clips_at

RNG = np.random.default_rng(3)
WALL = cv2.resize(RNG.integers(60, 200, (8, 16, 3), dtype=np.uint8), (128, 64))
THING = RNG.integers(0, 255, (14, 8, 3), dtype=np.uint8)


def frames(count, speed_px):
    for index in range(count):
        frame = WALL.astype(np.int16) + RNG.integers(-2, 3, WALL.shape)
        way = round(index * speed_px) % 240
        left = min(way, 240 - way, 119)
        frame[40:54, left : left + 8] = THING
        yield frame.clip(0, 255).astype(np.uint8)


def write_clip(folder, made):
    folder.mkdir(parents=True)
    for index, frame in enumerate(made):
        cv2.imwrite(str(folder / f"{index:03d}.png"), frame)


def write_video(path, made):
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 10, (128, 64))
    for frame in made:
        writer.write(frame)
    writer.release()


def write_csv(path, header, rows):
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def run(capsys, *arguments):
    evaluate.main([str(argument) for argument in arguments])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1
    return json.loads(lines[0])


ANOMALY_KEYS = {
    "auroc_micro",
    "auroc_macro",
    "auroc_micro_offline",
    "false_alarms_per_hour",
    "cpu_ms_per_frame",
}


def test_video_anomaly_on_folders_of_frames(tmp_path, capsys):
    for index in range(3):
        write_clip(tmp_path / "train" / f"{index:02d}", frames(30, 2.0))
    write_clip(tmp_path / "test" / "01", [*frames(20, 2.0), *frames(12, 9.0)])
    labels = [("01", index, int(index >= 20)) for index in range(32)]
    found = run(
        capsys,
        "video-anomaly",
        *("--train", tmp_path / "train", "--test", tmp_path / "test"),
        *("--labels", write_csv(tmp_path / "l.csv", ("clip", "frame_index", "anomaly"), labels)),
    )
    assert found.keys() == ANOMALY_KEYS
    assert found["auroc_micro"] == found["auroc_macro"] > 0.8
    assert found["auroc_micro_offline"] > 0.8
    assert found["cpu_ms_per_frame"] > 0


def test_video_anomaly_on_video_files_with_a_label_per_frame(tmp_path, capsys):
    write_video(tmp_path / "train.avi", frames(240, 2.0))
    write_video(tmp_path / "test.avi", [*frames(20, 2.0), *frames(12, 9.0)])
    labels = [(index, int(index >= 20)) for index in range(32)]
    found = run(
        capsys,
        "video-anomaly",
        *("--train", tmp_path / "train.avi", "--test", tmp_path / "test.avi"),
        *("--labels", write_csv(tmp_path / "l.csv", ("frame_index", "anomaly"), labels)),
    )
    assert found.keys() == ANOMALY_KEYS
    assert 0.5 < found["auroc_micro"] <= 1


def test_detection_on_a_video_with_nobody(tmp_path, capsys):
    write_video(tmp_path / "v.avi", frames(6, 0.0))
    rows = [(index, 1, 10, 10, 8, 20) for index in range(6)]
    found = run(
        capsys,
        "detection",
        *("--video", tmp_path / "v.avi"),
        *("--boxes", write_csv(tmp_path / "b.csv", ("frame", "track", *"xywh"), rows)),
        *("--from", 1, "--to", 4),
    )
    assert found.keys() == {"ap50", "count_mae", "cpu_ms_per_frame"}
    assert (found["ap50"], found["count_mae"]) == (0.0, 1.0)


def test_crossings_of_somebody_drawn_whom_nobody_can_see(tmp_path, capsys):
    """In 128 x 64 px: from the left to the right, over the three lines down, and none across."""
    write_video(tmp_path / "v.avi", frames(20, 0.0))
    rows = [(index, 1, 4 + 6 * index, 20, 8, 20) for index in range(20)]
    found = run(
        capsys,
        "crossings",
        *("--video", tmp_path / "v.avi"),
        *("--boxes", write_csv(tmp_path / "b.csv", ("frame", "track", *"xywh"), rows)),
    )
    assert found == {"crossings_true": 3, "crossings_found": 0, "crossings_off": 3}


def test_fights_leave_each_source_out(tmp_path, capsys):
    rows = []
    for index in range(6):
        write_video(tmp_path / f"{index}.avi", frames(20, 6.0 if index % 2 else 0.0))
        rows.append((f"{index}.avi", index % 2, f"source {index // 2}"))
    labels = write_csv(tmp_path / "l.csv", ("file", "fight", "source_video"), rows)
    found = run(capsys, "fights", "--clips", tmp_path, "--labels", labels)
    assert found == {"auroc": 1.0, "accuracy": 1.0}


def test_data_that_cannot_be_used_is_named(tmp_path, capsys):
    with pytest.raises(SystemExit, match=r"nowhere: there is no such file or folder"):
        run(
            capsys,
            "video-anomaly",
            *("--train", tmp_path / "nowhere", "--test", tmp_path, "--labels", tmp_path),
        )


def test_auroc_counts_ties_half_and_needs_both_classes():
    assert measures.auroc(np.array([0, 0, 1, 1]), np.array([1, 2, 2, 3])) == 0.875
    assert measures.auroc(np.array([1, 1]), np.array([1, 2])) is None


def test_macro_leaves_out_clips_of_one_class():
    both, one = (np.array([0, 1]), np.array([2.0, 1.0])), (np.array([1, 1]), np.array([1.0, 2.0]))
    assert measures.mean_auroc([both, one]) == 0.0
    assert measures.mean_auroc([one]) is None


def test_false_alarms_are_runs_without_an_anomaly_in_them():
    """Threshold 5 finds both stretches; 60 normal frames at 10 Hz; one run apart from them."""
    labels = np.array([0] * 20 + [1] * 5 + [0] * 40 + [1] * 5)
    scores = np.zeros(70)
    scores[18:25] = 6.0  # begins before the stretch: no false alarm
    scores[[40, 45]] = 5.0  # less than a second apart: one alarm
    scores[66] = 5.0
    found = measures.false_alarms_per_hour([(labels, scores)], rate_hz=10)
    assert found == pytest.approx(1 / 6.0 * 3600)
    assert measures.false_alarms_per_hour([(labels * 0, scores)], rate_hz=10) is None


def test_average_precision_by_hand():
    truth = [(0, 0, 10, 10), (20, 0, 30, 10)]
    found = [(0.9, (0, 0, 10, 10)), (0.8, (50, 0, 60, 10)), (0.7, (20, 0, 30, 9))]
    judged = measures.judge_boxes(found, truth)
    assert [hit for _, hit in judged] == [True, False, True]
    assert measures.average_precision(judged, 2) == pytest.approx((1 + 2 / 3) / 2)
    assert measures.average_precision(judged, 0) is None


def test_labels_may_count_from_one_as_the_files_do(tmp_path):
    (tmp_path / "c").mkdir()
    for number in (1, 2, 3):
        cv2.imwrite(str(tmp_path / "c" / f"frame{number}.png"), WALL)
    labels = write_csv(tmp_path / "l.csv", ("clip", "frame_index", "anomaly"), [("c", 3, 1)])
    assert anomaly_labels(labels, clips_at(tmp_path / "c"), [3])[0].tolist() == [-1, -1, 1]


def test_labels_of_a_frame_that_is_not_there_are_refused(tmp_path):
    write_clip(tmp_path / "c", [WALL] * 2)
    labels = write_csv(tmp_path / "l.csv", ("clip", "frame_index", "anomaly"), [("c", 7, 1)])
    with pytest.raises(BadLabels, match="has 2 frames, labels name frame 7"):
        anomaly_labels(labels, clips_at(tmp_path / "c"), [2])


def test_frames_come_in_the_order_of_their_numbers(tmp_path):
    for number in (10, 9, 1):
        cv2.imwrite(str(tmp_path / f"{number}.png"), np.full((8, 8), number, np.uint8))
    assert [int(frame[0, 0, 0]) for frame in clips_at(tmp_path)[0]] == [1, 9, 10]


def test_a_folder_without_clips_is_refused(tmp_path):
    with pytest.raises(NoClips, match="holds no folder of frames"):
        clips_at(tmp_path)
