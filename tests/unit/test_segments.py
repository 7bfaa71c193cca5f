"""Cutting films with the real ffmpeg: lengths, order, sound, and what is refused."""

import itertools

import pytest

from precrisis.footage.segments import cut, probe
from precrisis.outcome import Refused
from tests import clips


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return clips.film(tmp_path_factory.mktemp("films") / "whole.avi")


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "pieces"
    made.mkdir()
    return made


def test_a_film_is_described(whole):
    video = probe(whole)
    assert (video.codec, video.width_px, video.height_px) == ("mjpeg", 160, 120)
    assert (video.frame_count, video.frame_rate_hz, video.duration_s) == (120, 10.0, 12.0)
    assert video.audio_streams == 0


def test_pieces_hold_every_frame_once_in_order(whole, folder):
    pieces = cut(whole, folder)
    assert [offset for offset, _ in pieces] == [0.0, 10.0]
    assert [probe(path).frame_count for _, path in pieces] == [100, 20]


def test_cut_again_the_pieces_are_the_same_to_the_byte(whole, tmp_path):
    def content(name: str) -> list[bytes]:
        (tmp_path / name).mkdir()
        return [path.read_bytes() for _, path in cut(whole, tmp_path / name)]

    assert content("once") == content("twice")


def test_a_film_with_rare_keyframes_is_encoded_anew_into_short_pieces(tmp_path, folder):
    film = clips.film(tmp_path / "rare.mp4", 35, codec="libx264", extra="-g 1000 -bf 2")
    pieces = cut(film, folder)
    offsets = [offset for offset, _ in pieces] + [35.0]
    assert len(pieces) == 4
    assert max(b - a for a, b in itertools.pairwise(offsets)) < 11
    assert sum(probe(path).frame_count for _, path in pieces) == 350


def test_sound_is_counted_in_the_film_and_absent_from_its_pieces(tmp_path, folder):
    film = clips.film_with_sound(tmp_path / "sound.avi")
    assert probe(film).audio_streams == 1
    assert [probe(path).audio_streams for _, path in cut(film, folder)] == [0, 0]


def test_of_a_broken_off_film_what_is_there_is_cut(whole, tmp_path, folder):
    film = clips.truncated(tmp_path / "cut.avi", whole)
    (piece,) = cut(film, folder)
    assert 40 < probe(piece[1]).frame_count < 60


REFUSED = {
    "empty": ("file_not_empty", lambda path, whole: path.write_bytes(b"")),
    "a text": ("video_readable", lambda path, whole: path.write_text("minutes of a meeting")),
    "header alone": ("has_frames", clips.header_alone),
    "sound alone": ("has_video", lambda path, whole: clips.sound_alone(path)),
    "unknown codec": ("has_video", clips.of_unknown_codec),
    "too wide": (
        "size_plausible",
        lambda path, whole: clips.film(path, seconds=0.2, size="16000x16"),
    ),
    "a playlist": (
        "video_readable",
        lambda path, whole: path.write_text(f"ffconcat version 1.0\nfile {whole.name}\n"),
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_film_is_refused_by_rule_without_its_address(whole, tmp_path, name):
    rule, make = REFUSED[name]
    make(tmp_path / "bad.avi", whole)
    with pytest.raises(Refused) as refused:
        probe(tmp_path / "bad.avi")
    assert refused.value.rule == rule
    assert str(tmp_path) not in refused.value.reason


def test_8192_px_is_a_camera_and_8193_is_not(tmp_path):
    assert probe(clips.film(tmp_path / "most.avi", 0.1, "8192x16")).width_px == 8192
    with pytest.raises(Refused, match="8194x16 px"):
        probe(clips.film(tmp_path / "more.avi", 0.1, "8194x16"))


def test_a_program_that_hangs_is_ended_and_the_file_refused(whole, monkeypatch):
    monkeypatch.setattr("precrisis.footage.segments.TIMEOUT_S", 0.001)
    with pytest.raises(Refused, match="kept ffprobe busy"):
        probe(whole)
