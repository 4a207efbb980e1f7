"""Capture of the sample videos: from landmarks that are known, and from the videos themselves."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from mynah_daemon.capture.capture import Capture, Part, capture_video, to_clip
from mynah_daemon.capture.distilled import CaptureNetwork
from mynah_daemon.capture.head_model import HeadModel, load_head, reference_face
from mynah_daemon.capture.observation import Observation, lip_gap, observe
from mynah_daemon.capture.solver import Solver
from mynah_daemon.clip_files import read_clip
from mynah_daemon.styles.quality import count_blinks
from mynah_shared.errors import BadInputError, EngineUnavailableError
from mynah_shared.motion.arkit import ARKIT_CHANNELS
from mynah_shared.motion.clip import MotionClip
from tests.inference_daemon.films import (
    SAMPLES,
    frames_of,
    needs_mediapipe,
    turn_clockwise,
    write_film,
)

BLINKS = {"lgwm8p": 4, "bwbg8n": 4}  # as counted by eye


@pytest.fixture(scope="module")
def videos(shared_data: Path) -> Path:
    return shared_data / "data" / "video_samples"


@pytest.fixture(scope="module")
def landmarker(shared_data: Path) -> Path:
    return shared_data / "models" / "face_landmarker.task"


@pytest.fixture(scope="module")
def head_file(shared_data: Path) -> Path:
    return shared_data / "data" / "ict_facekit"


@pytest.fixture(scope="module")
def head(head_file: Path) -> HeadModel:
    return load_head(head_file)


@pytest.fixture(scope="module")
def frames(videos: Path) -> list[np.ndarray]:
    return frames_of(videos / "bwbg8n.mpg")


def observed(videos: Path, sample: str) -> Observation:
    with np.load(videos / f"{sample}.npz") as data:
        width, height = data["wh"]
        points = data["lm"].astype(np.float64) * [width, -height, -width]
        return observe(points, reference_face(), float(data["fps"]))


def no_report(stage: str, fraction: float) -> None:
    assert stage
    assert 0 <= fraction <= 1


# --- from the samples' landmarks ------------------------------------------------------------------


@pytest.mark.parametrize("sample", SAMPLES)
def test_the_lips_do_what_the_landmarks_do(videos: Path, head: HeadModel, sample: str) -> None:
    seen = observed(videos, sample)
    for solution in (Solver(head).solve(seen), CaptureNetwork().solve(seen)):
        gap = lip_gap(head.pose(solution.coefficients))
        assert np.corrcoef(gap, seen.lip_gap_mm)[0, 1] > 0.99
        assert np.sqrt(np.mean((gap - seen.lip_gap_mm) ** 2)) < 1.0
        shut = seen.lip_gap_mm < seen.resting_gap_mm + 0.2
        assert gap[shut].max() < lip_gap(head.neutral[None])[0] + 0.6


@pytest.mark.parametrize("sample", SAMPLES)
def test_the_network_does_what_the_solver_does(videos: Path, head: HeadModel, sample: str) -> None:
    seen = observed(videos, sample)
    slow, quick = Solver(head).solve(seen), CaptureNetwork().solve(seen)
    gaps = [lip_gap(head.pose(solution.coefficients)) for solution in (slow, quick)]
    assert np.abs(gaps[0] - gaps[1]).max() < 0.3
    assert np.sqrt(np.mean((slow.coefficients - quick.coefficients) ** 2)) < 0.02
    assert np.degrees(np.abs(slow.turns - quick.turns).max()) < 0.3


@pytest.mark.parametrize("sample", SAMPLES)
def test_most_channels_live(videos: Path, sample: str) -> None:
    seen = observed(videos, sample)
    live = CaptureNetwork().solve(seen).coefficients.std(axis=0) > 0.01
    with np.load(videos / f"{sample}.npz") as data:
        scores = data["bs"].astype(np.float32)[:, 1:].std(axis=0) > 0.01
    assert live.sum() > 35
    assert live.sum() > scores.sum() + 10


@pytest.mark.parametrize(("sample", "count"), BLINKS.items())
def test_blinks_are_shut_and_short(videos: Path, sample: str, count: int) -> None:
    seen = observed(videos, sample)
    clip = to_clip(seen, CaptureNetwork().solve(seen), 25.0)
    assert count_blinks(clip.values, clip.fps) == count
    lids = clip.column("eyeBlinkLeft")
    assert np.abs(np.diff(lids)).max() > 0.4


def test_the_smiling_take_smiles(videos: Path) -> None:
    smiles = {}
    for sample in SAMPLES:
        coefficients = CaptureNetwork().solve(observed(videos, sample)).coefficients
        clip = MotionClip(25.0, ARKIT_CHANNELS[:52], coefficients.astype(np.float32))
        smiles[sample] = float(np.median(clip.column("mouthSmileLeft")))
    assert max(smiles, key=lambda sample: smiles[sample]) == "bbaf3s"


def test_the_network_is_small_and_knows_its_checksum(tmp_path: Path, repository: Path) -> None:
    weights = repository / "inference_daemon" / "mynah_daemon" / "weights"
    assert (weights / "capture.onnx").stat().st_size <= 3_000_000
    note = json.loads((weights / "capture.json").read_text("utf-8"))
    (tmp_path / "capture.json").write_text(json.dumps(note))
    (tmp_path / "capture.onnx").write_bytes((weights / "capture.onnx").read_bytes()[:-1])
    with pytest.raises(EngineUnavailableError, match="doesn't match its checksum"):
        CaptureNetwork(tmp_path)
    with pytest.raises(EngineUnavailableError, match="missing or damaged"):
        CaptureNetwork(tmp_path / "gone")


# --- from the videos ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def captured(videos: Path, landmarker: Path) -> Capture:
    return capture_video(videos / "bwbg8n.mpg", no_report, landmarker=landmarker)


def opening(clip: MotionClip, head: HeadModel) -> np.ndarray:
    return lip_gap(head.pose(clip.values[:, :52].astype(np.float64)))


@needs_mediapipe
def test_a_video_becomes_a_style_clip(captured: Capture, videos: Path, head: HeadModel) -> None:
    clip, report = captured.clip, captured.report
    assert clip.channels == ARKIT_CHANNELS
    assert (clip.fps, clip.n_frames) == (25.0, 75)
    assert report.bridged == 0
    assert report.heard is not None
    assert 0.2 < report.heard < 0.8  # a sentence of 1.5 s in 3 s
    assert report.quality.live_channels > 38
    assert not [text for text in report.warnings if "face" in text]
    known = observed(videos, "bwbg8n")
    assert np.corrcoef(opening(clip, head), known.lip_gap_mm)[0, 1] > 0.99
    assert np.abs(clip.select(("headPitch", "headYaw", "headRoll")).values).max() < np.radians(8)


@needs_mediapipe
def test_ten_frames_per_second_on_two_cores(videos: Path, landmarker: Path) -> None:
    started_s = time.process_time()
    capture_video(videos / "lgwm8p.mpg", no_report, landmarker=landmarker)
    assert 75 / (time.process_time() - started_s) > 10  # even on one


@needs_mediapipe
def test_the_solver_on_a_given_head(
    captured: Capture, videos: Path, landmarker: Path, head_file: Path, head: HeadModel
) -> None:
    slow = capture_video(
        videos / "bwbg8n.mpg", no_report, landmarker=landmarker, head=head_file
    ).clip
    assert np.abs(opening(slow, head) - opening(captured.clip, head)).max() < 0.3


@needs_mediapipe
def test_an_upright_phone_video_is_captured_upright(
    captured: Capture, frames: list[np.ndarray], tmp_path: Path, landmarker: Path, head: HeadModel
) -> None:
    lying = [np.rot90(image, 1) for image in frames]
    film = turn_clockwise(write_film(tmp_path / "phone.mp4", lying))
    clip = capture_video(film, no_report, landmarker=landmarker).clip
    wanted = opening(captured.clip, head)
    assert np.corrcoef(opening(clip, head), wanted)[0, 1] > 0.98
    assert np.abs(clip.column("headRoll")).max() < np.radians(8)


@needs_mediapipe
def test_a_varying_frame_rate_becomes_an_even_one(
    captured: Capture, frames: list[np.ndarray], tmp_path: Path, landmarker: Path, head: HeadModel
) -> None:
    kept = [i for i in range(75) if i % 3 != 1 or i > 40]
    film = write_film(tmp_path / "phone.mkv", [frames[i] for i in kept], [i / 25 for i in kept])
    clip = capture_video(film, no_report, Part(fps=25.0), landmarker=landmarker).clip
    assert clip.n_frames == 75
    assert np.corrcoef(opening(clip, head), opening(captured.clip, head))[0, 1] > 0.97


@needs_mediapipe
def test_frames_without_a_face_are_bridged_and_told(
    frames: list[np.ndarray], tmp_path: Path, landmarker: Path
) -> None:
    shown = [np.full_like(f, 90) if 50 <= i < 60 else f for i, f in enumerate(frames)]
    made = capture_video(write_film(tmp_path / "gap.mp4", shown), no_report, landmarker=landmarker)
    assert made.clip.n_frames == 75
    assert made.report.bridged == pytest.approx(10 / 75)
    told = [text for text in made.report.warnings if "No face was seen in 10 of 75" in text]
    assert "2-2.4 s" in told[0]
    inside = made.clip.values[50:60]
    assert np.abs(np.diff(inside, axis=0)).max() < 0.1


@needs_mediapipe
def test_of_several_faces_the_largest_is_captured(
    captured: Capture, frames: list[np.ndarray], tmp_path: Path, landmarker: Path, head: HeadModel
) -> None:
    shown = []
    for image in frames:
        small = np.full_like(image, 120)
        rows, columns = (np.arange(3 * n // 4) * 4 // 3 for n in image.shape[:2])
        small[36:252, 45:315] = image[rows][:, columns[::-1]]  # somebody else, farther away
        shown.append(np.concatenate([small, image], axis=1))
    made = capture_video(write_film(tmp_path / "two.mp4", shown), no_report, landmarker=landmarker)
    assert any(text.startswith("Several faces are in") for text in made.report.warnings)
    assert np.corrcoef(opening(made.clip, head), opening(captured.clip, head))[0, 1] > 0.98


@needs_mediapipe
@pytest.mark.slow
def test_a_large_quick_video_is_no_problem(
    captured: Capture, frames: list[np.ndarray], tmp_path: Path, landmarker: Path, head: HeadModel
) -> None:
    large = [np.repeat(np.repeat(f, 8, axis=0), 11, axis=1)[:2160, 60:3900] for f in frames[24:54]]
    film = write_film(tmp_path / "4k.mp4", large, 60.0)
    clip = capture_video(film, no_report, landmarker=landmarker).clip
    assert (clip.fps, clip.n_frames) == (60.0, 30)
    wanted = opening(captured.clip, head)[24:54]
    assert np.corrcoef(opening(clip, head), wanted)[0, 1] > 0.95


@needs_mediapipe
def test_a_part_at_another_rate(
    captured: Capture, videos: Path, landmarker: Path, head: HeadModel
) -> None:
    part = Part(1.0, 2.0, 50.0)
    made = capture_video(videos / "bwbg8n.mpg", no_report, part, landmarker=landmarker)
    assert (made.clip.fps, made.clip.n_frames) == (50.0, 51)
    told = made.report.style_warnings
    assert any("a style clip needs at least 3 s (150 frames)" in sentence for sentence in told)
    wanted = opening(captured.clip, head)[25:51]
    assert np.corrcoef(opening(made.clip, head)[::2], wanted)[0, 1] > 0.98


# --- bad input ------------------------------------------------------------------------------------


@needs_mediapipe
def test_bad_videos_are_refused_in_a_sentence(
    frames: list[np.ndarray], tmp_path: Path, landmarker: Path
) -> None:
    for name, shown, sentence in (
        (
            "wall",
            [np.full((96, 128, 3), 90, np.uint8)] * 30,
            "'wall.mp4' shows no face in any of 30",
        ),
        ("short", frames[:2], "'short.mp4' has 2 frames to capture; 10 are the least"),
        ("rare", frames[:5] + [np.full_like(frames[0], 90)] * 30, "shows a face in 5 frames of 35"),
    ):
        film = write_film(tmp_path / f"{name}.mp4", shown)
        with pytest.raises(BadInputError, match=sentence):
            capture_video(film, no_report, landmarker=landmarker)


@needs_mediapipe
def test_a_damaged_video_gives_what_is_there_and_says_so(
    frames: list[np.ndarray], tmp_path: Path, landmarker: Path
) -> None:
    film = write_film(tmp_path / "film.avi", frames)
    data = bytearray(film.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 30_000] = bytes(30_000)
    film.write_bytes(data)
    made = capture_video(film, no_report, landmarker=landmarker)
    assert made.clip.n_frames >= 60
    assert any(text.startswith("The video is damaged") for text in made.report.warnings)


@pytest.mark.parametrize("part", [(-1.0, 0.0), (2.0, 1.0), (2.0, 2.0)])
def test_an_empty_part_is_refused(part: tuple[float, float]) -> None:
    with pytest.raises(BadInputError, match="choose an end behind the start"):
        Part(*part)


def test_a_start_behind_the_end_is_refused(videos: Path, landmarker: Path) -> None:
    pytest.importorskip("mediapipe")
    with pytest.raises(BadInputError, match="The start at 9 s lies behind the end"):
        capture_video(videos / "bwbg8n.mpg", no_report, Part(9.0), landmarker=landmarker)


def test_another_file_than_the_landmarker_is_refused(videos: Path) -> None:
    pytest.importorskip("mediapipe")
    for wrong in (videos / "bwbg8n.mpg", videos / "gone.task"):
        with pytest.raises(BadInputError, match="is not MediaPipe's Face Landmarker"):
            capture_video(videos / "bwbg8n.mpg", no_report, landmarker=wrong)


def test_without_mediapipe_the_sentence_says_how_to_install_it(
    videos: Path, landmarker: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "mediapipe", None)
    with pytest.raises(EngineUnavailableError, match=r"pip install 'mynah_daemon\[capture\]'"):
        capture_video(videos / "bwbg8n.mpg", no_report, landmarker=landmarker)


# --- the command ----------------------------------------------------------------------------------


def mynah(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mynah_daemon", *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=120, check=False, env=dict(os.environ)
    )


@needs_mediapipe
def test_the_command_writes_the_clip_and_says_what_it_is(
    captured: Capture, videos: Path, landmarker: Path, tmp_path: Path
) -> None:
    video, out = videos / "bwbg8n.mpg", tmp_path / "clip.npz"
    done = mynah("capture", video, "-o", out, "--landmarker", landmarker)
    assert done.returncode == 0, done.stderr
    clip = read_clip(out)
    np.testing.assert_array_equal(clip.values, captured.clip.values)
    assert "75 frames at 25 fps" in done.stdout
    assert "of the sound" in done.stdout
    stages = [line for line in done.stderr.splitlines() if not line.startswith("warning: ")]
    assert stages == ["landmarks", "solve"]


@needs_mediapipe
def test_a_failed_command_leaves_nothing(tmp_path: Path, landmarker: Path) -> None:
    out = tmp_path / "clip.csv"
    (tmp_path / "no.mp4").write_bytes(b"no video")
    done = mynah("capture", tmp_path / "no.mp4", "-o", out, "--landmarker", landmarker)
    assert done.returncode == 2
    assert done.stderr.startswith("'no.mp4' is not a video that can be read")
    assert len(done.stderr.splitlines()) == 1
    assert not out.exists()
    done = mynah("capture", tmp_path / "no.mp4", "-o", tmp_path / "a" / "b.csv")
    assert "doesn't exist; create it first" in done.stderr
