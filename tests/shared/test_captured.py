"""Captured videos: their clips lie beside them, and no file is ever replaced."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from mynah_shared.errors import BadInputError
from mynah_shared.protocol import messages as m
from mynah_shared.scene.captured import (
    captured_words,
    check_video,
    keep_captured,
    line_of_capture,
)
from mynah_shared.testing.clips import make_clip

REMEDY = "save the scene, and the clip is written beside it"


@pytest.fixture
def video(tmp_path: Path) -> Path:
    path = tmp_path / "take 3.mov"
    path.write_bytes(b"film")
    return path


def test_all_frames_are_asked_for_in_the_neutral_manner(video: Path) -> None:
    request = line_of_capture(video).to_request("ab" * 32)
    assert request.is_transfer
    assert (request.fps, request.audio_name) == (0.0, "take 3.mov")
    assert request.styles == (m.StyleUse("neutral"),)


def test_the_clip_lies_beside_the_video(video: Path) -> None:
    clip = make_clip(fps=25.0)
    taken = video.with_suffix(".npz")
    taken.write_text("an artist's own")
    path = keep_captured(video, clip, ["Nobody spoke."], [video.parent], REMEDY)
    assert path == video.with_name("take 3_2.npz")
    assert taken.read_text() == "an artist's own"
    with np.load(path, allow_pickle=False) as stored:
        assert np.array_equal(stored["values"], clip.values)
        meta = json.loads(str(stored["meta"]))
    assert meta == {"source": "take 3.mov", "warnings": ["Nobody spoke."]}
    words = f"Captured {clip.duration_s:.1f} s of 'take 3.mov' into 'take 3_2.npz'"
    assert captured_words(video, clip, path) == words


def test_another_folder_is_taken_and_told(video: Path, tmp_path: Path) -> None:
    folders = [tmp_path / "gone", tmp_path]
    film = tmp_path / "gone" / "film.mov"
    path = keep_captured(film, make_clip(), [], folders, REMEDY)
    assert path == tmp_path / "film.npz"
    assert captured_words(film, make_clip(), path).endswith("its own folder can't be written")


def test_without_a_video_or_a_place_nothing_is_begun(video: Path, tmp_path: Path) -> None:
    check_video(video, [tmp_path / "gone", tmp_path], REMEDY)
    with pytest.raises(BadInputError, match=r"There is no file 'none\.mov' at .*; choose a video"):
        check_video(video.with_name("none.mov"), [tmp_path], REMEDY)
    with pytest.raises(BadInputError, match=r"clip of 'take 3\.mov' can't be written.*save the sc"):
        check_video(video, [tmp_path / "gone"], REMEDY)
