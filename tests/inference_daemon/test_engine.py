"""The engine: windows that don't show, equal requests with equal curves, sane ranges."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mynah_daemon.audio.features import log_mel
from mynah_daemon.engine import windows
from mynah_daemon.engine.engine import LipSyncEngine, count_frames
from mynah_daemon.engine.eyes import BLINKS_PER_S, add_eyes
from mynah_daemon.engine.loudness import Loudness
from mynah_daemon.engine.model_store import ModelStore, open_store
from mynah_daemon.engine.models import Direction
from mynah_daemon.engine.onnx_session import OnnxSession
from mynah_daemon.engine.postprocess import apply_amounts, constrain
from mynah_daemon.engine.windows import plan_windows
from mynah_shared.errors import BadInputError, EngineUnavailableError
from mynah_shared.motion.arkit import ARKIT_BLENDSHAPES, ARKIT_CHANNELS
from mynah_shared.motion.clip import MotionClip
from mynah_shared.protocol.messages import Amounts, Quality, SynthesizeRequest
from tests.inference_daemon.tiny_models import write_bundle

SHA = "ab" * 32
DIRECTION = Direction(seed=0, quality=Quality.normal, audio_guidance=1.15, style_guidance=1.5)


def speechlike(seconds: float, seed: int = 1) -> np.ndarray:
    """Noise in syllables of 4 Hz with two pauses: not speech, but loud and quiet like it."""
    rng = np.random.default_rng(seed)
    n = round(seconds * 16000)
    t = np.arange(n) / 16000
    syllables = np.maximum(0, np.sin(2 * np.pi * 4 * t)) * (np.sin(2 * np.pi * 0.3 * t) > -0.5)
    return (0.3 * syllables * rng.normal(0, 1, n)).astype(np.float32)


def request(**changes: object) -> SynthesizeRequest:
    values = {"audio_sha256": SHA, "audio_name": "a.wav", "fps": 30.0, **changes}
    return SynthesizeRequest(**values)  # type: ignore[arg-type]


def ignore(stage: str, done: int, total: int) -> None:
    """A caller that wants no progress."""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> ModelStore:
    return open_store(write_bundle(tmp_path_factory.mktemp("weights")))


# --- windows and the ONNX pair ------------------------------------------------------------------


@pytest.mark.parametrize("n_frames", [4, 796, 800, 804, 2400, 2436])
def test_windows_cover_everything_once_and_see_their_context(n_frames: int) -> None:
    planned = plan_windows(n_frames, context=13, multiple=4)
    covered = [i for w in planned for i in range(w.start, w.stop)]
    assert covered == list(range(n_frames))
    assert len(planned) == windows.count_windows(n_frames // 4)
    for w in planned:
        assert w.first % 4 == w.last % 4 == 0
        assert w.first == 0 or w.start - w.first >= 13
        assert w.last == n_frames or w.last - w.stop >= 13


@pytest.mark.parametrize("seconds", [0.05, 7.9, 8.0, 30.3])
def test_windowed_equals_whole(
    store: ModelStore, monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    model = LipSyncEngine(store).model("regression")
    samples = speechlike(seconds)
    windowed = model.perform(samples, DIRECTION, lambda _: None)
    monkeypatch.setattr(windows, "WINDOW_MOTION_FRAMES", 10**6)
    whole = model.perform(samples, DIRECTION, lambda _: None)
    assert windowed.clip.n_frames == len(log_mel(samples)) // 4
    np.testing.assert_allclose(windowed.clip.values, whole.clip.values, atol=1e-5)
    assert windowed.phones is not None
    assert whole.phones is not None
    np.testing.assert_allclose(windowed.phones.probabilities, whole.phones.probabilities, atol=1e-5)
    np.testing.assert_allclose(windowed.phones.probabilities.sum(axis=1), 1, atol=1e-5)


def test_too_little_context_would_show(store: ModelStore) -> None:
    """The test above can fail: without context the seams differ."""
    from dataclasses import replace

    assert store.encoder is not None
    blind = replace(store, encoder=replace(store.encoder, context_frames=0))
    samples = speechlike(30)
    narrow, right = (
        LipSyncEngine(used).model("regression").perform(samples, DIRECTION, lambda _: None)
        for used in (blind, store)
    )
    assert np.abs(narrow.clip.values - right.clip.values).max() > 1e-3


def test_an_altered_weight_file_is_refused(tmp_path: Path) -> None:
    folder = write_bundle(tmp_path / "weights")
    data = bytearray((folder / "regression.onnx").read_bytes())
    data[-3] ^= 1
    (folder / "regression.onnx").write_bytes(data)
    with pytest.raises(EngineUnavailableError, match=r"'regression\.onnx' doesn't match its check"):
        LipSyncEngine(open_store(folder)).model("regression")
    (folder / "regression.onnx").unlink()
    with pytest.raises(EngineUnavailableError, match=r"'regression\.onnx' is missing"):
        LipSyncEngine(open_store(folder)).model("regression")


@pytest.mark.parametrize(
    "manifest", ["{", "[]", '{"schema": 1}', '{"schema": 2}', '{"schema": 2, "encoder": {}}']
)
def test_a_manifest_that_makes_no_sense_is_refused(tmp_path: Path, manifest: str) -> None:
    (tmp_path / "manifest.json").write_text(manifest)
    with pytest.raises(EngineUnavailableError, match="manifest can't be understood"):
        open_store(tmp_path)


def test_a_graph_with_another_signature_is_refused(tmp_path: Path) -> None:
    path = write_bundle(tmp_path) / "regression.onnx"
    with pytest.raises(EngineUnavailableError, match="needs an input 'mel' of shape"):
        OnnxSession(path, {"mel": (1, -1, 80)}, {"coefficients": (1, -1, 55)})
    for shape in ((1, -1, 52), (1, 55)):
        with pytest.raises(EngineUnavailableError, match="needs an output 'coefficients' of shape"):
            OnnxSession(path, {"phone_logits": (1, -1, 6)}, {"coefficients": shape})
    path.write_bytes(b"not a graph")
    with pytest.raises(EngineUnavailableError, match=r"'regression\.onnx' can't be loaded"):
        OnnxSession(path, {}, {})


def test_without_weights_loudness_is_the_default(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    assert store.default_model == "loudness"
    assert [model.name for model in store.models] == ["loudness"]


# --- the whole ----------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["regression", "diffusion", "loudness"])
@pytest.mark.parametrize("fps", [24000 / 1001, 25.0, 30.0, 60000 / 1001, 120.0])
@pytest.mark.parametrize("seconds", [0.04, 1.0, 12.345])
def test_frame_count_range_and_channels(
    store: ModelStore, model: str, fps: float, seconds: float
) -> None:
    samples = speechlike(seconds)
    clip = LipSyncEngine(store).synthesize(request(model=model, fps=fps), samples, ignore)
    assert clip.n_frames == max(1, round(len(samples) / 16000 * fps))
    assert clip.fps == fps
    assert clip.channels == ARKIT_CHANNELS
    shapes = clip.select(ARKIT_BLENDSHAPES).values
    assert shapes.min() >= 0
    assert shapes.max() <= 1
    assert (clip.column("mouthClose") <= clip.column("jawOpen")).all()


def test_frame_count_is_never_zero() -> None:
    assert count_frames(640, 1.0) == 1
    assert count_frames(16000 * 600, 60000 / 1001) == 35964


@pytest.mark.parametrize("model", ["regression", "loudness"])
def test_the_same_request_gives_the_same_curves(store: ModelStore, model: str) -> None:
    samples = speechlike(20)
    first = LipSyncEngine(store).synthesize(request(model=model, seed=4), samples, ignore)
    second = LipSyncEngine(store).synthesize(request(model=model, seed=4), samples, ignore)
    other = LipSyncEngine(store).synthesize(request(model=model, seed=5), samples, ignore)
    assert first.values.tobytes() == second.values.tobytes()
    assert np.abs(first.column("eyeBlinkLeft") - other.column("eyeBlinkLeft")).max() > 0.5
    np.testing.assert_array_equal(first.column("jawOpen"), other.column("jawOpen"))


@pytest.mark.parametrize("model", ["regression", "diffusion"])
@pytest.mark.parametrize("quality", Quality)
def test_progress_counts_up_to_the_end_and_can_stop_the_job(
    store: ModelStore, model: str, quality: Quality
) -> None:
    seen: list[tuple[str, int, int]] = []
    engine = LipSyncEngine(store)
    asked = request(model=model, quality=quality)
    engine.synthesize(asked, speechlike(30), lambda *step: seen.append(step))
    totals = {total for _, _, total in seen}
    assert totals == {seen[-1][1]}
    assert [done for _, done, _ in seen] == list(range(1, len(seen) + 1))
    assert [s for i, (s, _, _) in enumerate(seen) if i == 0 or seen[i - 1][0] != s] == [
        "decode",
        "features",
        "motion",
        "finish",
    ]
    assert len(seen) >= 10

    class Cancelled(Exception):
        pass

    def stop(_stage: str, done: int, _total: int) -> None:
        if done == len(seen) - 3:  # among the steps of the motion
            raise Cancelled

    with pytest.raises(Cancelled):
        engine.synthesize(asked, speechlike(30), stop)


def test_an_unknown_model_is_refused(store: ModelStore) -> None:
    sentence = r"^There is no model 'gpt'; available: regression, diffusion, loudness\.$"
    with pytest.raises(BadInputError, match=sentence):
        LipSyncEngine(store).synthesize(request(model="gpt"), speechlike(1), ignore)


# --- loudness -----------------------------------------------------------------------------------


def test_loudness_is_exactly_still_in_silence() -> None:
    for samples in (np.zeros(32000, "f4"), speechlike(2) * np.float32(1e-4)):
        clip = Loudness().perform(samples, DIRECTION, lambda _: None).clip
        assert not clip.values.any()


def test_loudness_opens_when_it_is_loud_and_ignores_gain() -> None:
    samples = np.zeros(48000, "f4")
    samples[16000:32000] = speechlike(1, seed=2)
    clip = Loudness().perform(samples, DIRECTION, lambda _: None).clip
    jaw = clip.column("jawOpen")
    seconds = np.arange(len(jaw)) / clip.fps
    assert not jaw[(seconds < 0.9) | (seconds > 2.15)].any()
    assert 0.15 < jaw.max() <= 0.3
    quieter = Loudness().perform(samples * np.float32(0.2), DIRECTION, lambda _: None).clip
    np.testing.assert_allclose(quieter.values, clip.values, atol=1e-4)


# --- eyes and finish ----------------------------------------------------------------------------


def eyes(seconds: float, fps: float, seed: int = 0) -> MotionClip:
    still = np.zeros((round(seconds * fps), len(ARKIT_CHANNELS)), np.float32)
    return add_eyes(MotionClip(fps, ARKIT_CHANNELS, still), seed, SHA)


def blink_starts(clip: MotionClip) -> np.ndarray:
    shut = clip.column("eyeBlinkLeft") > 0.9
    return np.flatnonzero(shut[1:] & ~shut[:-1]) / clip.fps


def test_blinks_have_a_human_rate_and_shape() -> None:
    rates = [len(blink_starts(eyes(600, 60, seed))) / 600 for seed in range(5)]
    assert np.mean(rates) == pytest.approx(BLINKS_PER_S, rel=0.12)
    starts = blink_starts(eyes(600, 60))
    pauses = np.diff(starts)
    assert pauses.min() > 0.3
    assert 0.35 < np.std(pauses) / np.mean(pauses) < 0.9  # neither a clock nor a dice
    clip = eyes(60, 200)
    lids = clip.column("eyeBlinkLeft")
    at = int(blink_starts(clip)[0] * 200)
    closing = np.count_nonzero((lids[at - 40 : at] > 0.1) & (lids[at - 40 : at] < 0.9))
    opening = np.count_nonzero((lids[at : at + 100] > 0.1) & (lids[at : at + 100] < 0.9))
    assert opening > 1.5 * closing > 0


def test_both_lids_move_together_and_reach_shut_at_any_rate() -> None:
    for fps in (24000 / 1001, 25.0, 60.0):
        clip = eyes(60, fps)
        np.testing.assert_array_equal(clip.column("eyeBlinkLeft"), clip.column("eyeBlinkRight"))
        assert clip.column("eyeBlinkLeft").max() > 0.97
        assert len(blink_starts(clip)) == len(blink_starts(eyes(60, 30.0)))


def test_gaze_is_small_fixates_and_is_the_same_for_both_eyes() -> None:
    clip = eyes(120, 60)
    yaw = clip.column("eyeLookOutLeft") - clip.column("eyeLookInLeft")
    np.testing.assert_array_equal(
        yaw, clip.column("eyeLookInRight") - clip.column("eyeLookOutRight")
    )
    still = np.abs(np.diff(yaw)) < 1e-6
    assert still.mean() > 0.9
    assert 0.03 < np.abs(yaw).max() <= 0.28
    assert not (clip.column("eyeLookOutLeft") * clip.column("eyeLookInLeft")).any()
    assert clip.values[0].max() < 0.05


def full_clip() -> MotionClip:
    return MotionClip(30, ARKIT_CHANNELS, np.full((3, len(ARKIT_CHANNELS)), 0.4, np.float32))


@pytest.mark.parametrize(
    ("amounts", "channel", "others"),
    [
        (Amounts(lips=0), "jawOpen", ("browInnerUp", "eyeBlinkLeft", "headYaw")),
        (Amounts(brows=0), "browInnerUp", ("jawOpen", "eyeLookUpLeft")),
        (Amounts(blinks=0), "eyeBlinkRight", ("eyeLookUpLeft", "mouthClose")),
        (Amounts(gaze=0), "eyeLookDownLeft", ("eyeBlinkLeft", "headPitch")),
        (Amounts(head=0), "headRoll", ("jawOpen", "eyeBlinkLeft")),
    ],
)
def test_each_amount_moves_its_own_part(
    amounts: Amounts, channel: str, others: tuple[str, ...]
) -> None:
    clip = apply_amounts(full_clip(), amounts)
    assert not clip.column(channel).any()
    for other in others:
        np.testing.assert_allclose(clip.column(other), 0.4)


def test_all_amounts_at_zero_give_a_still_face() -> None:
    assert not apply_amounts(full_clip(), Amounts(0, 0, 0, 0, 0)).values.any()


def test_ranges_are_kept_and_the_head_is_free() -> None:
    values = np.zeros((2, len(ARKIT_CHANNELS)), np.float32)
    column: Callable[[str], int] = ARKIT_CHANNELS.index
    values[0, [column("jawOpen"), column("mouthClose")]] = (0.2, 0.7)
    values[1, [column("jawOpen"), column("mouthFunnel")]] = (1.4, -0.3)
    values[1, column("headPitch")] = -0.3
    clip = constrain(MotionClip(25, ARKIT_CHANNELS, values))
    assert clip.column("mouthClose")[0] == pytest.approx(0.2)
    assert clip.column("jawOpen")[1] == 1
    assert clip.column("mouthFunnel")[1] == 0
    assert clip.column("headPitch")[1] == pytest.approx(-0.3)
