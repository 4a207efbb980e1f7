"""What a line must keep: takes around a range, gestures at a moment, keys set by hand."""

from __future__ import annotations

import numpy as np
import pytest

from mynah_daemon.engine.engine import LipSyncEngine
from mynah_daemon.engine.holds import Gesture, Holds, Take
from mynah_daemon.engine.model_store import open_store
from mynah_daemon.engine.onnx_session import OnnxSession
from mynah_shared.motion.arkit import ARKIT_CHANNELS
from mynah_shared.motion.clip import MotionClip
from mynah_shared.protocol.messages import GestureUse, KeyUse, SynthesizeRequest
from tests.inference_daemon.tiny_diffusion import MEAN, SCALE
from tests.inference_daemon.tiny_models import write_bundle

SECOND = 16000
FPS = 30.0
BROW, JAW, YAW = (ARKIT_CHANNELS.index(c) for c in ("browInnerUp", "jawOpen", "headYaw"))


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> LipSyncEngine:
    return LipSyncEngine(open_store(write_bundle(tmp_path_factory.mktemp("weights"))))


def samples(seconds: float = 6.0) -> np.ndarray:
    return (0.1 * np.random.default_rng(1).standard_normal(round(seconds * SECOND))).astype("f4")


def perform(
    engine: LipSyncEngine, holds: Holds, model: str = "diffusion", seed: int = 0, fps: float = FPS
) -> MotionClip:
    request = SynthesizeRequest("ab" * 32, "a.wav", fps, model, seed=seed)
    return engine.synthesize(request, samples(), lambda *_: None, (), holds)


@pytest.mark.parametrize("model", ["diffusion", "regression"])
@pytest.mark.parametrize("fps", [23.976, 30.0, 60.0])
def test_a_take_stays_as_it_is_outside_the_range(
    engine: LipSyncEngine, model: str, fps: float
) -> None:
    take = perform(engine, Holds(), model, seed=1, fps=fps)
    redone = perform(engine, Holds(Take(take, 2.0, 4.0)), model, seed=2, fps=fps)
    times = np.arange(take.n_frames) / fps
    outside = (times <= 2.0) | (times >= 4.0)
    assert redone.values[outside].tobytes() == take.values[outside].tobytes()
    if model == "diffusion":
        middle = (times > 2.5) & (times < 3.5)
        assert np.abs(redone.values[middle] - take.values[middle]).max() > 1e-3


def test_what_is_made_anew_leads_into_what_is_held(engine: LipSyncEngine) -> None:
    take = perform(engine, Holds(), seed=1)
    redone = perform(engine, Holds(Take(take, 2.0, 4.0)), seed=2)
    steps = np.abs(np.diff(redone.values, axis=0)).max(axis=1)
    edges = steps[[59, 60, 119, 120]]
    assert edges.max() <= 2 * np.abs(np.diff(take.values, axis=0)).max()


def test_a_range_at_the_end_of_the_line_is_free_to_its_end() -> None:
    take = MotionClip(FPS, ("jawOpen",), np.ones((60, 1), np.float32))
    whole, rest, beginning = (
        Holds(Take(take, start_s, end_s)).at(FPS, 60, ("jawOpen",)).amounts[:, 0]
        for start_s, end_s in ((0.0, 2.0), (1.0, 9.0), (0.0, 1.0))
    )
    assert not whole.any()
    assert (rest[:31] == 1).all()
    assert not rest[40:].any()
    assert not beginning[:20].any()
    assert (beginning[30:] == 1).all()


def test_hand_edited_values_beyond_one_are_kept(engine: LipSyncEngine) -> None:
    take = MotionClip(FPS, ("browInnerUp",), np.full((180, 1), 1.4, np.float32))
    values = perform(engine, Holds(Take(take, 5.0, 6.0))).values
    assert (values[:150, BROW] == np.float32(1.4)).all()
    assert values[:, JAW].max() <= 1  # which the take doesn't know


def test_a_gesture_is_where_it_was_pinned_and_only_there(engine: LipSyncEngine) -> None:
    flash = MotionClip(25.0, ARKIT_CHANNELS, np.full((50, 55), 0.9, np.float32))
    use = GestureUse("flash.npz", "", 0.5, 1.5, at_s=3.0, region="brows")
    free = perform(engine, Holds())
    pinned = perform(engine, Holds(gestures=(Gesture(use, flash),)))
    times = np.arange(free.n_frames) / FPS
    np.testing.assert_allclose(pinned.values[(times > 3.2) & (times < 3.8), BROW], 0.9, atol=1e-6)
    jumps = np.abs(np.diff(pinned.values[:, BROW])).max()
    assert jumps < 0.9 / 2  # led in and out
    away = (times < 2.9) | (times > 4.1)
    np.testing.assert_allclose(pinned.values[away, BROW], free.values[away, BROW], atol=0.2)
    assert np.abs(pinned.values[:, YAW]).max() < 0.9


def test_a_key_is_met_exactly_and_bends_the_motion_around_it(engine: LipSyncEngine) -> None:
    keys = (KeyUse("browInnerUp", 2.0, 0.8), KeyUse("browInnerUp", 4.0, 0.1))
    free, keyed = perform(engine, Holds()), perform(engine, Holds(keys=keys))
    assert keyed.values[60, BROW] == np.float32(0.8)
    assert keyed.values[120, BROW] == np.float32(0.1)
    around = keyed.values[54:67, BROW] - free.values[54:67, BROW]
    assert (np.abs(np.diff(around)) < 0.4).all()
    assert np.abs(around[[0, -1]]).max() < 0.15


def test_two_keys_close_to_each_other_are_both_met() -> None:
    keys = (KeyUse("jawOpen", 1.0, 0.2), KeyUse("jawOpen", 1.1, 0.9))
    held = Holds(keys=keys).at(30.0, 60, ARKIT_CHANNELS)
    assert held.amounts[30, JAW] == held.amounts[33, JAW] == 1
    np.testing.assert_allclose(held.values[[30, 33], JAW], [0.2, 0.9], atol=1e-6)


def test_the_model_is_told_of_what_is_held(
    engine: LipSyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[np.ndarray] = []
    run = OnnxSession.run

    def spy(session: OnnxSession, **inputs: np.ndarray) -> list[np.ndarray]:
        if "previous" in inputs:
            told.append(inputs["previous"][0] * SCALE + MEAN)
        return run(session, **inputs)

    monkeypatch.setattr(OnnxSession, "run", spy)
    take = MotionClip(FPS, ARKIT_CHANNELS, np.full((180, 55), 0.35, np.float32))
    perform(engine, Holds(Take(take, 5.0, 6.0)))
    np.testing.assert_allclose(told[-1], 0.35, atol=1e-5)  # the last window's


def test_keys_win_over_gestures_and_these_over_the_take() -> None:
    take = Take(MotionClip(25.0, ("jawOpen",), np.full((100, 1), 0.1, np.float32)), 3.9, 4.0)
    clip = MotionClip(25.0, ("jawOpen",), np.full((100, 1), 0.5, np.float32))
    gesture = Gesture(GestureUse("g.npz", "", 0.0, 2.0, at_s=1.0), clip)
    held = Holds(take, (gesture,), (KeyUse("jawOpen", 2.0, 0.9),)).at(25.0, 100, ("jawOpen",))
    np.testing.assert_allclose(held.values[[10, 35, 50], 0], [0.1, 0.5, 0.9], atol=1e-6)
    assert (held.amounts[:97] == 1).all()
