"""Uploaded videos on their way to a transfer: captured once, followed, ended, told about."""

from __future__ import annotations

import dataclasses
import hashlib
import shutil
import threading
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from mynah_daemon import videos
from mynah_daemon.audio.decode import Decoder
from mynah_daemon.capture import capture, downloads
from mynah_daemon.capture.capture import capture_video
from mynah_daemon.config import config_from_environment
from mynah_daemon.engine.engine import LipSyncEngine
from mynah_daemon.engine.model_store import open_store
from mynah_daemon.performing import RequestPerformer
from mynah_daemon.videos import VideoCaptures, is_video
from mynah_shared.errors import BadInputError
from mynah_shared.protocol.messages import SynthesizeRequest
from tests.inference_daemon.films import needs_mediapipe, write_film
from tests.inference_daemon.test_capture_downloads import QuietHandler


class Ended(Exception):
    """What a cancelled job raises."""


class Heard:
    """Collects progress; ends the work after `limit` calls."""

    def __init__(self, limit: int = 10**9) -> None:
        self.events: list[tuple[str, int, int]] = []
        self._limit = limit

    def __call__(self, stage: str, done: int, total: int) -> None:
        self.events.append((stage, done, total))
        if len(self.events) >= self._limit:
            raise Ended

    @property
    def stages(self) -> list[str]:
        return list(dict.fromkeys(stage for stage, _, _ in self.events))


@pytest.fixture
def landmarker(shared_data: Path) -> Path:
    return shared_data / "models" / "face_landmarker.task"


@pytest.fixture
def blobs(tmp_path: Path) -> Path:
    (tmp_path / "blobs").mkdir()
    return tmp_path / "blobs"


@pytest.fixture
def request_(shared_data: Path, blobs: Path) -> SynthesizeRequest:
    """To transfer half a second of a sample."""
    sample = shared_data / "data" / "video_samples" / "bwbg8n.mpg"
    sha256 = hashlib.sha256(sample.read_bytes()).hexdigest()
    shutil.copy(sample, blobs / sha256)
    return SynthesizeRequest(sha256, "take.mov", 0.0, start_s=0.5, end_s=1.0, is_transfer=True)


def test_videos_are_known_by_their_names() -> None:
    assert is_video("Take 3.MP4")
    assert not is_video("take.csv")
    assert not is_video("mp4")


def test_the_environment_names_a_landmarker(monkeypatch: pytest.MonkeyPatch) -> None:
    assert config_from_environment().landmarker is None
    monkeypatch.setenv("MYNAH_LANDMARKER", "here/face.task")
    assert config_from_environment().landmarker == Path("here/face.task").absolute()


def test_what_is_no_video_is_refused_before_anything_is_loaded(blobs: Path) -> None:
    (blobs / "ab").write_bytes(b"no video at all")
    with pytest.raises(BadInputError, match=r"'take\.mov' is not a video that can be read"):
        VideoCaptures(blobs, None).capture(SynthesizeRequest("ab", "take.mov", 0.0), Heard())


@needs_mediapipe
def test_a_video_is_captured_once(
    blobs: Path, landmarker: Path, request_: SynthesizeRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(videos, "_MOST_KEPT", 2)
    captures, heard = VideoCaptures(blobs, landmarker), Heard()
    made = captures.capture(request_, heard)
    clip, warnings = made.clip, made.report.style_warnings
    assert (clip.fps, clip.n_frames) == (25.0, 13)
    assert any("a style clip needs at least 3 s" in text for text in warnings)
    assert heard.stages == ["capture"]
    done = [event[1] for event in heard.events]
    assert done == sorted(done)
    assert heard.events[-1][1:] == (12, 13)
    again = Heard()
    assert captures.capture(dataclasses.replace(request_, seed=5), again) is made
    assert again.events == []
    for start_s in (0.25, 0.0):  # two other parts: the first is forgotten
        captures.capture(dataclasses.replace(request_, start_s=start_s), Heard())
    captures.capture(request_, again)
    assert again.stages == ["capture"]


@needs_mediapipe
def test_a_capture_ends_between_two_frames(
    blobs: Path, landmarker: Path, request_: SynthesizeRequest
) -> None:
    captures = VideoCaptures(blobs, landmarker)
    heard = Heard(limit=5)
    with pytest.raises(Ended):
        captures.capture(request_, heard)
    assert len(heard.events) == 5
    whole = Heard()
    captures.capture(request_, whole)  # nothing half was kept
    assert len(whole.events) > 5


@needs_mediapipe
def test_a_neutral_transfer_is_the_capture_itself(
    blobs: Path, landmarker: Path, request_: SynthesizeRequest
) -> None:
    engine = LipSyncEngine(open_store())
    performer = RequestPerformer(engine, Decoder(), blobs, landmarker)
    whole = dataclasses.replace(request_, start_s=0.0, end_s=0.0)
    made = performer.perform(whole, Heard(), lambda: None)
    plain = capture_video(blobs / whole.audio_sha256, lambda *_: None, landmarker=landmarker)
    assert made.clip.fps == plain.clip.fps == 25.0
    np.testing.assert_allclose(made.clip.values, plain.clip.values, atol=1e-4)
    about_the_manner = plain.report.style_warnings
    assert about_the_manner  # three seconds show little of one
    assert made.warnings == plain.report.warnings + about_the_manner
    slow = performer.perform(dataclasses.replace(whole, fps=12.5), Heard(), lambda: None)
    assert slow.warnings == plain.report.warnings  # it goes onto a rig
    assert (slow.clip.fps, slow.clip.n_frames) == (12.5, 38)


@needs_mediapipe
def test_the_landmark_model_is_fetched_with_progress(
    blobs: Path,
    landmarker: Path,
    request_: SynthesizeRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "served").mkdir()
    shutil.copy(landmarker, tmp_path / "served")
    handler = partial(QuietHandler, directory=str(tmp_path / "served"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/face_landmarker.task"
        local = dataclasses.replace(downloads.LANDMARKER, url=url)
        monkeypatch.setattr(capture, "LANDMARKER", local)
        heard = Heard()
        VideoCaptures(blobs, None).capture(request_, heard)
        server.shutdown()
    fetched = [event for event in heard.events if event[0] == "download"]
    assert fetched[-1] == ("download", local.n_bytes, local.n_bytes)
    assert heard.events[-1][0] == "capture"
    assert downloads.is_fetched(local)


@needs_mediapipe
@pytest.mark.parametrize(
    ("n_frames", "sentence"),
    [(2, "has 2 frames to capture; 10 are the least"), (30, "shows no face in any of 30 frames")],
)
def test_videos_without_a_performance_are_refused(
    tmp_path: Path, blobs: Path, landmarker: Path, n_frames: int, sentence: str
) -> None:
    grey = np.full((120, 160, 3), 90, np.uint8)
    write_film(tmp_path / "grey.mp4", [grey] * n_frames).rename(blobs / "ab")
    with pytest.raises(BadInputError, match=f"'take.mov' {sentence}"):
        VideoCaptures(blobs, landmarker).capture(SynthesizeRequest("ab", "take.mov", 0.0), Heard())
