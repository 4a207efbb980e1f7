"""The weights that ship: intact, independent of windows, still in silence, the same every time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mynah_daemon.audio.decode import decode_file
from mynah_daemon.engine import windows
from mynah_daemon.engine.engine import LipSyncEngine
from mynah_daemon.engine.lip_closure import MOUTH_OPENING, opening_mm
from mynah_daemon.engine.model_store import ModelStore, open_store
from mynah_daemon.engine.models import Direction
from mynah_shared.motion.arkit import ARKIT_CHANNELS
from mynah_shared.motion.regions import LIPS, channel_indices
from mynah_shared.protocol.messages import Quality, SynthesizeRequest


@pytest.fixture(scope="module")
def store() -> ModelStore:
    return open_store()


@pytest.fixture
def speech(repository: Path) -> np.ndarray:
    return np.resize(decode_file(repository / "demo_scene" / "line.flac", "line.flac"), 25 * 16000)


def perform(store: ModelStore, samples: np.ndarray, model: str = "") -> np.ndarray:
    request = SynthesizeRequest("0" * 64, "a.wav", fps=30.0, model=model)
    return LipSyncEngine(store).synthesize(request, samples, lambda *_: None).values


def test_the_default_is_a_trained_model_with_all_channels(store: ModelStore) -> None:
    info = store.find("")
    assert info is not None
    assert info.name == "regression"
    assert info.channels == ARKIT_CHANNELS
    for file in store.files:
        assert store.verified_path(file).stat().st_size < 40e6


def test_its_stated_context_is_enough(
    store: ModelStore, speech: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = LipSyncEngine(store).model("regression")
    direction = Direction(0, Quality.normal, 1.0, 1.0)
    windowed = model.perform(speech, direction, lambda _: None)
    monkeypatch.setattr(windows, "WINDOW_MOTION_FRAMES", 10**6)
    whole = model.perform(speech, direction, lambda _: None)
    np.testing.assert_allclose(windowed.clip.values, whole.clip.values, atol=1e-5)


@pytest.mark.parametrize("model", ["regression", "mynah"])
def test_the_same_line_gives_the_same_curves(
    store: ModelStore, speech: np.ndarray, model: str
) -> None:
    assert perform(store, speech, model).tobytes() == perform(store, speech, model).tobytes()


@pytest.mark.parametrize(("model", "trace"), [("regression", 0.02), ("mynah", 0.06)])
def test_speech_opens_the_mouth_and_silence_shuts_it(
    store: ModelStore, speech: np.ndarray, model: str, trace: float
) -> None:
    lips, opening = (channel_indices(names) for names in (LIPS, MOUTH_OPENING))
    jaw = ARKIT_CHANNELS.index("jawOpen")
    assert np.percentile(perform(store, speech, model)[:, jaw], 90) > 0.08
    for quiet in (np.zeros(48000, "f4"), np.random.default_rng(0).normal(0, 3e-4, 48000)):
        still = perform(store, quiet.astype("f4"), model)
        assert still[:, opening].max() < 0.01
        still = still[:, lips]  # which may rest in a trace of an expression
        assert still.max() < trace
        assert np.abs(np.diff(still, axis=0)).max() < 0.005


@pytest.mark.parametrize("fps", [12.0, 24.0, 30.0, 60.0])
def test_lips_meet_on_a_frame_of_each_bilabial_that_was_heard(
    store: ModelStore, speech: np.ndarray, fps: float
) -> None:
    request = SynthesizeRequest("0" * 64, "a.wav", fps=fps, model="regression")
    made = LipSyncEngine(store).perform(request, speech[: 10 * 16000], lambda *_: None)
    assert made.phones is not None
    columns = [made.phones.names.index(phone) for phone in ("B", "M", "P")]
    heard = made.phones.probabilities[:, columns].sum(axis=1) > 0.5
    opening = opening_mm(made.clip.values)
    edges = np.flatnonzero(np.diff(np.pad(heard.astype(int), 1)))
    assert len(edges) >= 12
    for first, end in zip(edges[::2] / 50, edges[1::2] / 50, strict=True):
        frames = slice(int(first * fps), int(np.ceil(end * fps)) + 1)
        assert opening[frames].min() < 0.3
