"""Diffusion models: windows that join, seeds, quality, guidance, and styles."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from mynah_daemon.audio.features import motion_frame_count
from mynah_daemon.engine.diffusion import STEPS, DiffusionModel
from mynah_daemon.engine.engine import LipSyncEngine
from mynah_daemon.engine.model_store import open_store
from mynah_daemon.engine.models import Direction
from mynah_daemon.engine.onnx_session import OnnxSession
from mynah_daemon.engine.overlap import lay_window, plan_starts
from mynah_shared.errors import EngineUnavailableError
from mynah_shared.motion.arkit import ARKIT_CHANNELS
from mynah_shared.motion.clip import MotionClip
from mynah_shared.motion.regions import BROWS, EYES, LIPS, channel_indices
from mynah_shared.protocol.messages import Quality, SynthesizeRequest
from tests.inference_daemon.tiny_diffusion import (
    MEAN,
    NEUTRAL_STYLE,
    SCALE,
    linear_denoiser,
)
from tests.inference_daemon.tiny_models import write_bundle

SIZE, OVERLAP = 70, 10
SECOND = 16000
ABOVE_ONE = float(np.nextafter(1.0, 2.0))


def noise(seconds: float, seed: int = 2) -> np.ndarray:
    n_samples = round(seconds * SECOND)
    return (0.1 * np.random.default_rng(seed).standard_normal(n_samples)).astype(np.float32)


def load(folder: Path, denoiser: onnx.ModelProto | None = None) -> DiffusionModel:
    model = LipSyncEngine(open_store(write_bundle(folder, denoiser=denoiser))).model("diffusion")
    assert isinstance(model, DiffusionModel)
    return model


def perform(
    model: DiffusionModel,
    seconds: float = 6,
    seed: int = 0,
    quality: Quality = Quality.draft,
    guidance: tuple[float, float] = (1.15, 1.5),
) -> np.ndarray:
    direction = Direction(seed, quality, *guidance)
    return model.perform(noise(seconds), direction, lambda _: None).clip.values


def normalised(values: np.ndarray) -> np.ndarray:
    return (values - np.array(MEAN, np.float32)) / np.array(SCALE, np.float32)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> DiffusionModel:
    return load(tmp_path_factory.mktemp("weights"))


# --- windows ------------------------------------------------------------------------------------


@pytest.mark.parametrize("n_frames", [1, 69, 70, 71, 130, 131, 1501])
def test_windows_cover_every_frame_and_add_up_to_one(n_frames: int) -> None:
    starts = plan_starts(n_frames, SIZE, OVERLAP)
    end = starts[-1] + SIZE
    assert starts[0] == 0
    assert end >= n_frames
    assert len(starts) == 1 or starts[-2] + SIZE < n_frames  # none too many
    shares = np.zeros((end, len(starts)), np.float32)
    for i, start in enumerate(starts):
        lay_window(shares, np.tile(np.eye(len(starts), dtype="f4")[i], (SIZE, 1)), start, OVERLAP)
    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-6)
    assert ((shares > 0).sum(axis=1) <= 2).all()


def test_a_constant_answer_gives_a_constant_line(tmp_path: Path) -> None:
    values = perform(load(tmp_path, linear_denoiser(0.5)), seconds=12)
    assert len(values) == motion_frame_count(12 * SECOND)
    np.testing.assert_allclose(normalised(values), 0.5, atol=1e-5)


def test_windows_that_differ_join_without_a_jump(tmp_path: Path) -> None:
    line = normalised(perform(load(tmp_path, linear_denoiser(0, previous=1)), seconds=12))
    np.testing.assert_allclose(line[:60], 0, atol=1e-5)  # nothing before it: the switch is off
    np.testing.assert_allclose(line[70:], 1, atol=1e-5)
    steps = np.diff(line, axis=0)
    assert steps.min() > -1e-5
    assert steps.max() < 0.15


def test_each_window_is_told_of_the_frames_before_it(
    model: DiffusionModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[dict[str, Any]] = []
    run = OnnxSession.run

    def spy(session: OnnxSession, **inputs: np.ndarray) -> list[np.ndarray]:
        if "noisy" in inputs:
            asked.append(inputs)
        return run(session, **inputs)

    monkeypatch.setattr(OnnxSession, "run", spy)
    line = normalised(perform(model, seconds=6))
    windows = asked[:: STEPS[Quality.draft]]
    assert len(windows) == 3
    assert not windows[0]["previous"].any()
    for i, inputs in enumerate(windows):
        np.testing.assert_array_equal(inputs["switches"][:, 0], float(i > 0))
        np.testing.assert_array_equal(inputs["style"][0], np.array(NEUTRAL_STYLE, "f4"))
        assert inputs["phone_logits"].shape[:2] == inputs["cepstrum"].shape[:2] == (3, 160)
        if i:
            before = line[60 * i - 10 : 60 * i]
            np.testing.assert_allclose(inputs["previous"][1], before, atol=1e-5)
            # frames that two windows share begin as the same noise, and hear the same
            np.testing.assert_array_equal(
                inputs["noisy"][0, :OVERLAP], windows[i - 1]["noisy"][0, -OVERLAP:]
            )
            np.testing.assert_array_equal(
                inputs["phone_logits"][0, :40], windows[i - 1]["phone_logits"][0, -40:]
            )
    first, last = windows[0]["phone_logits"][0], windows[-1]["phone_logits"][0]
    assert (first[:20] == first[20]).all()  # before the line: its first row
    heard = 2 * (motion_frame_count(6 * SECOND) - 120 + 10)
    assert (last[heard:] == last[heard - 1]).all()
    assert (last[heard - 1] != last[heard - 2]).any()


@pytest.mark.parametrize("seconds", [1 / SECOND, 0.04, 60])
def test_any_length(model: DiffusionModel, seconds: float) -> None:
    steps: list[str] = []
    direction = Direction(0, Quality.draft, 1.15, 1.5)
    samples = noise(seconds)
    clip = model.perform(samples, direction, steps.append).clip
    assert clip.n_frames == motion_frame_count(len(samples))
    assert np.isfinite(clip.values).all()
    assert len(steps) == model.count_steps(len(samples), direction)


# --- what a request asks for --------------------------------------------------------------------


def test_chance_moves_the_lips_less_than_the_rest_of_the_face(model: DiffusionModel) -> None:
    change = np.abs(perform(model, seed=3) - perform(model, seed=4)).mean(axis=0)
    lips = change[channel_indices(LIPS)].mean()
    rest = change[channel_indices(BROWS + EYES)].mean()
    assert 0 < lips < 0.5 * rest


def test_the_seed_decides(model: DiffusionModel) -> None:
    first = perform(model, seed=3)
    assert first.tobytes() == perform(model, seed=3).tobytes()
    assert np.abs(first - perform(model, seed=4)).max() > 1e-3


def test_a_longer_line_begins_with_the_same_noise(tmp_path: Path) -> None:
    """So the end of a line can be cut without another take of its beginning."""
    model = load(tmp_path)
    short, long = (
        model.perform(np.zeros(round(s * SECOND), "f4"), Direction(0, Quality.draft, 1, 1),
                      lambda _: None).clip.values
        for s in (6, 20)
    )  # fmt: skip
    np.testing.assert_allclose(short[:100], long[:100], atol=1e-5)


def test_quality_is_the_number_of_steps(model: DiffusionModel) -> None:
    counts = {}
    for quality in Quality:
        steps: list[str] = []
        direction = Direction(0, quality, 1.15, 1.5)
        model.perform(noise(6), direction, steps.append)
        assert len(steps) == model.count_steps(6 * SECOND, direction)
        counts[quality] = steps.count("motion")
    assert counts == {Quality.draft: 3 * 4, Quality.normal: 3 * 8, Quality.best: 3 * 25}


def test_a_job_can_be_cancelled_between_two_denoising_steps(model: DiffusionModel) -> None:
    class Cancelled(Exception):
        pass

    motion_steps = 0

    def stop(stage: str) -> None:
        nonlocal motion_steps
        motion_steps += stage == "motion"
        if motion_steps == 6:  # the second of the second window
            raise Cancelled

    with pytest.raises(Cancelled):
        model.perform(noise(6), Direction(0, Quality.draft, 1.15, 1.5), stop)
    assert motion_steps == 6


@pytest.mark.parametrize(
    ("guidance", "answer"),
    [
        ((1.0, 1.0), 0.7),
        ((1.0, 2.0), 0.1 + 0.2 + 2 * 0.4),
        ((1.5, 2.0), 0.1 + 1.5 * 0.2 + 2 * 0.4),
        ((0.0, 0.0), 0.1),
    ],
)
def test_guidance_on_a_denoiser_known_in_full(
    tmp_path: Path, guidance: tuple[float, float], answer: float
) -> None:
    model = load(tmp_path, linear_denoiser(0.1, speech=0.2, style=0.4))
    values = perform(model, seconds=1, guidance=guidance)
    np.testing.assert_allclose(normalised(values), answer, atol=1e-5)


def test_without_guidance_one_question_gives_what_three_give(
    model: DiffusionModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    run = OnnxSession.run

    def spy(session: OnnxSession, **inputs: np.ndarray) -> list[np.ndarray]:
        sizes.append(len(next(iter(inputs.values()))))
        return run(session, **inputs)

    monkeypatch.setattr(OnnxSession, "run", spy)
    one = perform(model, guidance=(1.0, 1.0))
    assert set(sizes) == {1}
    three = perform(model, guidance=(ABOVE_ONE, ABOVE_ONE))
    assert set(sizes) == {1, 3}
    np.testing.assert_allclose(one, three, atol=1e-5)


# --- in the engine ------------------------------------------------------------------------------


def test_the_engine_leaves_eyes_and_expression_to_the_model(tmp_path: Path) -> None:
    folder = write_bundle(tmp_path, denoiser=linear_denoiser(2.0))
    request = SynthesizeRequest("ab" * 32, "a.wav", 25.0, "diffusion")
    engine = LipSyncEngine(open_store(folder))
    clip = engine.synthesize(request, noise(3), lambda *_: None)
    for name in ("eyeBlinkLeft", "eyeLookUpRight", "mouthSmileLeft", "browInnerUp"):
        np.testing.assert_allclose(clip.column(name), 0.4, atol=1e-4)
    assert engine.model("diffusion") is engine.model("diffusion")


# --- files --------------------------------------------------------------------------------------


def test_a_style_is_a_code_of_a_performance(model: DiffusionModel) -> None:
    motion = np.random.default_rng(0).random((33, len(ARKIT_CHANNELS)), np.float32)
    clip = MotionClip(25.0, ARKIT_CHANNELS, motion)
    np.testing.assert_allclose(model.encode_style(clip), motion[:, :5].mean(axis=0), atol=1e-5)


def test_a_style_clip_may_have_another_rate_and_fewer_channels(model: DiffusionModel) -> None:
    ramp = np.linspace(0, 1, 121, dtype=np.float32)[:, None]
    slow = model.encode_style(MotionClip(30.0, (ARKIT_CHANNELS[1],), ramp))
    np.testing.assert_allclose(slow, [0, 0.5, 0, 0, 0], atol=0.01)


def test_a_damaged_style_encoder_is_noticed_when_it_is_needed(tmp_path: Path) -> None:
    model = load(tmp_path)
    path = tmp_path / "diffusion_style.onnx"
    path.write_bytes(path.read_bytes() + b"!")
    perform(model, seconds=1)
    with pytest.raises(EngineUnavailableError, match=r"'diffusion_style\.onnx' doesn't match"):
        model.encode_style(MotionClip(25.0, ARKIT_CHANNELS, np.zeros((5, 55))))


def test_a_damaged_denoiser_is_refused_at_once(tmp_path: Path) -> None:
    folder = write_bundle(tmp_path)
    (folder / "diffusion.onnx").write_bytes(b"")
    with pytest.raises(EngineUnavailableError, match=r"'diffusion\.onnx' doesn't match"):
        LipSyncEngine(open_store(folder)).model("diffusion")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"kind": "gan"}, "'diffusion' is a model of the unknown kind 'gan'"),
        ({"scale": [1.0] * 54}, "mean and scale of 'diffusion' need 55 numbers each"),
        ({"neutral_style": ["soft"]}, "could not convert"),
        ({"previous_frames": 40}, "less than twice their previous frames"),
        ({"style_file": "../style.onnx"}, r"'\.\./style\.onnx' is not a file name"),
    ],
)
def test_a_manifest_with_a_mistake_is_refused(
    tmp_path: Path, change: dict[str, object], reason: str
) -> None:
    path = write_bundle(tmp_path) / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["models"][1] |= change
    path.write_text(json.dumps(manifest))
    with pytest.raises(EngineUnavailableError, match=reason):
        open_store(tmp_path)


def test_the_checksum_of_a_model_covers_its_neutral_style(tmp_path: Path) -> None:
    path = write_bundle(tmp_path) / "manifest.json"
    before = open_store(tmp_path).find("diffusion")
    manifest = json.loads(path.read_text())
    manifest["models"][1]["neutral_style"][0] = 0.31
    path.write_text(json.dumps(manifest))
    after = open_store(tmp_path).find("diffusion")
    assert before is not None
    assert after is not None
    assert before.sha256 != after.sha256
