"""Videos through a real daemon: captured, transferred, cancelled, refused in one sentence."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from mynah_daemon.clip_files import clip_writer, read_clip, write_clip
from mynah_shared.client.client import Client
from mynah_shared.errors import JobFailedError
from mynah_shared.motion.arkit import ARKIT_CHANNELS
from mynah_shared.motion.clip import MotionClip
from mynah_shared.protocol.messages import (
    JobEvent,
    JobState,
    StyleUse,
    SynthesizeReply,
    SynthesizeRequest,
)
from tests.inference_daemon.films import frames_of, needs_mediapipe, write_film
from tests.integration.conftest import run_mynah, wait_for_state, write_speech

ENDED = (JobState.finished, JobState.failed, JobState.cancelled)


@pytest.fixture
def sample(shared_data: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A man who says a sentence, 3 s at 25 frames per second. Request before `client`: the daemon
    then has the landmark model too."""
    landmarker = shared_data / "models" / "face_landmarker.task"
    monkeypatch.setenv("MYNAH_LANDMARKER", str(landmarker))
    return shared_data / "data" / "video_samples" / "bwbg8n.mpg"


def transfer(sha256: str, *styles: StyleUse, name: str = "take.mov") -> SynthesizeRequest:
    uses = styles or (StyleUse("neutral"),)
    return SynthesizeRequest(sha256, name, 0.0, is_transfer=True, styles=uses)


def follow(client: Client, line: SynthesizeRequest) -> list[JobEvent]:
    (job,) = client.submit([line]).jobs
    return wait_for_state(client, job.job_id, ENDED)


def perform(client: Client, line: SynthesizeRequest) -> SynthesizeReply:
    last = follow(client, line)[-1]
    assert last.state is JobState.finished, last.message
    return client.fetch(last.job_id)


@needs_mediapipe
def test_a_video_is_captured_and_then_given_to_a_character(sample: Path, client: Client) -> None:
    sha256 = client.upload(sample)
    events = follow(client, transfer(sha256))
    assert events[-1].state is JobState.finished, events[-1].message
    assert [event for event in events if event.stage == "capture" and 70 < event.total < 80]
    plain = client.fetch(events[-1].job_id)
    assert plain.clip.channels == ARKIT_CHANNELS
    assert (plain.clip.fps, plain.clip.n_frames) == (25.0, 75)
    assert plain.clip.column("jawOpen").std() > 0.02
    meta = json.loads(plain.meta)
    assert meta["audio_s"] == pytest.approx(3.0)
    assert "capture" in meta["seconds"]
    # The same video in another style is not watched again.
    wide = MotionClip(25.0, ARKIT_CHANNELS, 0.5 + 0.1 * np.random.default_rng(0).random((100, 55)))
    character = client.upload(clip_writer(Path("wide.npz"))(wide, "{}"), "wide.npz")
    styled = perform(client, transfer(sha256, StyleUse("wide.npz", clip_sha256=character)))
    assert "capture" not in json.loads(styled.meta)["seconds"]
    assert np.abs(styled.clip.values - plain.clip.values).max() > 0.1
    assert client.status().worker_restarts == 0


@needs_mediapipe
def test_what_the_capture_remarks_reaches_the_client(
    sample: Path, tmp_path: Path, client: Client
) -> None:
    shown = [np.full_like(f, 90) if 20 <= i < 30 else f for i, f in enumerate(frames_of(sample))]
    film = write_film(tmp_path / "gap.mp4", shown[:50])
    reply = perform(client, transfer(client.upload(film), name="gap.mp4"))
    warnings = json.loads(reply.meta)["warnings"]
    assert any("No face was seen in 10 of 50 frames (0.8-1.2 s)" in text for text in warnings)


@needs_mediapipe
def test_a_capture_can_be_cancelled_in_the_middle(
    sample: Path, tmp_path: Path, client: Client
) -> None:
    film = write_film(tmp_path / "long.mkv", frames_of(sample) * 20)  # a minute
    sha256 = client.upload(film)
    speech = client.upload(write_speech(tmp_path / "line.wav"))
    (job,) = client.submit([transfer(sha256, name="long.mkv")]).jobs
    while True:
        event = wait_for_state(client, job.job_id, (JobState.running, *ENDED))[-1]
        assert event.state is JobState.running
        if event.stage == "capture" and event.done:
            break
    worker = client.status().worker_pid
    (state,) = client.cancel([job.job_id]).jobs
    assert state.state is JobState.cancelled
    assert wait_for_state(client, job.job_id, ENDED)[-1].state is JobState.cancelled
    # Had the worker gone on with the film, it would have been killed after some seconds.
    perform(client, SynthesizeRequest(speech, "line.wav", 30.0))
    assert client.status().worker_pid == worker


@needs_mediapipe
def test_the_command_takes_a_video(sample: Path, tmp_path: Path) -> None:
    film = write_film(tmp_path / "take.mp4", frames_of(sample)[20:60])
    out, character = tmp_path / "out.csv", tmp_path / "character.npz"
    rng = np.random.default_rng(1)
    write_clip(MotionClip(25.0, ARKIT_CHANNELS, 0.4 + 0.1 * rng.random((100, 55))), character)
    done = run_mynah("transfer", film, "-o", out, "--style", f"{character}:brows")
    assert done.returncode == 0, done.stderr
    assert "40 frames at 25 fps" in done.stdout
    assert "capture" in done.stderr.splitlines()
    assert read_clip(out).column("browInnerUp").mean() == pytest.approx(0.45, abs=0.05)


def test_a_clip_keeps_its_own_rate(client: Client) -> None:
    smooth = 0.3 + 0.2 * np.sin(np.arange(96) / 9)[:, None] * np.ones(len(ARKIT_CHANNELS))
    clip = MotionClip(48.0, ARKIT_CHANNELS, smooth)
    sha256 = client.upload(clip_writer(Path("take.npz"))(clip, "{}"), "take.npz")
    reply = perform(client, transfer(sha256, name="take.npz"))
    assert (reply.clip.fps, reply.clip.n_frames) == (48.0, 96)
    np.testing.assert_allclose(reply.clip.values, clip.values, atol=1e-5)
    with pytest.raises(JobFailedError, match=r"rate .* is 0; it must be between 1 and 240"):
        client.submit([SynthesizeRequest(sha256, "take.wav", 0.0)])


def test_a_corrupted_video_fails_with_a_sentence(tmp_path: Path, client: Client) -> None:
    film = write_film(tmp_path / "take.mp4", [np.full((64, 96, 3), i, np.uint8) for i in range(30)])
    for content in (b"no video at all", film.read_bytes()[:1500]):
        last = follow(client, transfer(client.upload(content)))[-1]
        assert (last.state, last.code) == (JobState.failed, "bad_value"), last.message
        assert last.message.startswith("'take.mov' is not a video that can be read; it is damaged")
    assert client.status().worker_restarts == 0


@needs_mediapipe
def test_a_video_that_is_damaged_in_the_middle_gives_what_is_there(
    sample: Path, tmp_path: Path, client: Client
) -> None:
    film = write_film(tmp_path / "take.avi", frames_of(sample))
    data = bytearray(film.read_bytes())
    middle = len(data) // 2
    data[middle : middle + len(data) // 10] = bytes(len(data) // 10)
    reply = perform(client, transfer(client.upload(bytes(data)), name="take.avi"))
    assert reply.clip.n_frames > 60
    warnings = json.loads(reply.meta)["warnings"]
    assert any("could not be decoded; the rest was captured" in text for text in warnings)


@pytest.fixture
def without_mediapipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Request before `client`: the daemon's Python then finds no MediaPipe, as if it had none."""
    absent = tmp_path / "absent" / "mediapipe.py"
    absent.parent.mkdir()
    absent.write_text("raise ModuleNotFoundError(\"No module named 'mediapipe'\", name=__name__)\n")
    path = os.pathsep.join([str(absent.parent), os.environ["PYTHONPATH"]])
    monkeypatch.setenv("PYTHONPATH", path)


def test_without_mediapipe_the_job_says_how_to_get_it(
    without_mediapipe: None, tmp_path: Path, client: Client
) -> None:
    film = write_film(tmp_path / "take.mp4", [np.full((64, 96, 3), i, np.uint8) for i in range(30)])
    last = follow(client, transfer(client.upload(film)))[-1]
    assert last.state is JobState.failed
    assert last.message.startswith(
        "Capture needs MediaPipe, which is not installed; install it with: "
        "pip install 'mynah_daemon[capture]'"
    )
    speech = client.upload(write_speech(tmp_path / "line.wav"))
    perform(client, SynthesizeRequest(speech, "line.wav", 30.0))
    assert client.status().worker_restarts == 0
