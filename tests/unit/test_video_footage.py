"""What is no sound video is refused with the file's name and the reason, and nothing else."""

import cv2
import numpy as np
import pytest

from models.video import footage
from models.video.footage import UnreadableVideo, open_footage


def clip(path, frames=20, size=(128, 96), codec="MJPG"):
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*codec), 10, size)
    generator = np.random.default_rng(1)
    for _ in range(frames):
        writer.write(generator.integers(0, 255, (size[1], size[0], 3), dtype=np.uint8))
    writer.release()
    return path


def read(path, is_wanted=lambda index: True):
    with open_footage(path) as video:
        return [index for index, _ in video.frames(is_wanted)], video


@pytest.mark.parametrize(("name", "codec"), [("a.avi", "MJPG"), ("a.mp4", "mp4v")])
def test_wanted_frames_come_and_all_are_counted(tmp_path, name, codec):
    indices, video = read(clip(tmp_path / name, codec=codec), lambda index: index % 5 == 0)
    assert indices == [0, 5, 10, 15]
    assert (video.frames_read, video.frames_announced) == (20, 20)
    assert (video.width_px, video.height_px, video.frame_rate_hz) == (128, 96, 10)


def test_file_cut_short_gives_the_frames_it_has(tmp_path):
    path = clip(tmp_path / "cut.avi")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    indices, video = read(path)
    assert video.frames_announced == 20
    assert 5 <= video.frames_read == len(indices) <= 12


def test_mp4_without_its_index_is_refused(tmp_path):
    path = clip(tmp_path / "cut.mp4", codec="mp4v")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(UnreadableVideo, match=r"^cut\.mp4: no video stream"):
        read(path)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the file is empty"),
        (b"not a video at all", "not a video container"),
        (b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\na.avi\n", "not a video container"),
        (b"RIFF\x10\x00\x00\x00AVI LIST", "no video stream"),
        (b"\x00\x00\x00\x18ftypisom" + b"\x00" * 64, "no video stream"),
    ],
    ids=["empty", "text", "playlist", "avi head only", "mp4 head only"],
)
def test_no_video_is_refused_by_name(tmp_path, content, reason):
    path = tmp_path / "segment.avi"
    path.write_bytes(content)
    with pytest.raises(UnreadableVideo, match=rf"^segment\.avi: {reason}") as refusal:
        read(path)
    assert str(tmp_path) not in str(refusal.value)


def test_absent_file_is_refused(tmp_path):
    with pytest.raises(UnreadableVideo, match="there is no such file"):
        read(tmp_path / "absent.avi")


@pytest.mark.parametrize(("width_px", "is_refused"), [(8192, False), (8194, True)])
def test_side_limit_is_8192_px(tmp_path, width_px, is_refused):
    path = clip(tmp_path / "wide.avi", frames=1, size=(width_px, 64))
    if is_refused:
        with pytest.raises(UnreadableVideo, match="8194 x 64 px is over the limit"):
            read(path)
    else:
        assert read(path)[0] == [0]


def test_pixel_limit_holds_for_the_whole_frame(tmp_path, monkeypatch):
    path = clip(tmp_path / "large.avi", size=(128, 96))
    monkeypatch.setattr(footage, "MAX_FRAME_PX", 128 * 96)
    assert len(read(path)[0]) == 20
    monkeypatch.setattr(footage, "MAX_FRAME_PX", 128 * 96 - 1)
    with pytest.raises(UnreadableVideo, match="128 x 96 px is over the limit"):
        read(path)


def test_too_small_a_picture_is_refused(tmp_path):
    with pytest.raises(UnreadableVideo, match="below 64 px"):
        read(clip(tmp_path / "small.avi", size=(48, 48)))
