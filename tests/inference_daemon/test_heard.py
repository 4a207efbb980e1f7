"""What was heard, in short: phones without flicker, loudness in decibels, never too long."""

from __future__ import annotations

import base64
import itertools
import json
from pathlib import Path

import numpy as np
import pytest

from mynah_daemon.engine.engine import LipSyncEngine
from mynah_daemon.engine.heard import sum_up
from mynah_daemon.engine.model_store import ModelStore, open_store
from mynah_daemon.engine.models import PhonePosteriors
from mynah_shared.protocol.codec import MAX_HEADER_BYTES
from tests.inference_daemon.test_engine import ignore, request, speechlike
from tests.inference_daemon.tiny_models import PHONES, write_bundle

NAMES = ("sil", "AA", "M")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> ModelStore:
    return open_store(write_bundle(tmp_path_factory.mktemp("weights")))


def posteriors(*spoken: tuple[int, int, float]) -> PhonePosteriors:
    """Rows of a phone by number, with that probability; the others share the rest."""
    rows = [
        [sure if place == phone else (1 - sure) / 2 for place in range(3)]
        for phone, count, sure in spoken
        for _ in range(count)
    ]
    return PhonePosteriors(50.0, NAMES, np.array(rows, np.float32))


def test_phones_follow_one_another_and_end_with_the_sound() -> None:
    heard = sum_up(
        np.zeros(16000 * 49 // 50, np.float32), posteriors((0, 10, 0.9), (1, 30, 0.8), (0, 12, 1.0))
    )
    assert heard.phones == ((0.0, 0.2, "sil"), (0.2, 0.8, "AA"), (0.8, 0.98, "sil"))


def test_confidence_is_that_of_what_is_spoken() -> None:
    half_sure = sum_up(
        np.zeros(320 * 40, np.float32), posteriors((0, 20, 1.0), (1, 10, 0.9), (2, 10, 0.7))
    )
    assert half_sure.confidence == pytest.approx(0.8)
    assert sum_up(np.zeros(320 * 20, np.float32), posteriors((0, 20, 1.0))).confidence is None
    assert sum_up(np.zeros(320, np.float32), None).to_meta()["confidence"] is None


def test_flicker_is_no_phone_but_a_short_clear_one_is() -> None:
    flicker = [(1, 8, 0.7), (2, 1, 0.45), (1, 8, 0.7)]
    clear = [(1, 8, 0.7), (2, 1, 0.96), (1, 8, 0.7)]
    silence = np.zeros(17 * 320, np.float32)
    assert [p[2] for p in sum_up(silence, posteriors(*flicker)).phones] == ["AA"]
    assert [p[2] for p in sum_up(silence, posteriors(*clear)).phones] == ["AA", "M", "AA"]


def test_rows_behind_the_sound_are_no_phones() -> None:
    heard = sum_up(np.zeros(320 * 4, np.float32), posteriors((1, 4, 0.9), (2, 4, 0.9)))
    assert heard.phones == ((0.0, 0.08, "AA"),)


def test_loudness_is_decibels_of_full_scale() -> None:
    levels = (1.0, 0.1, 0.001, 0.0)
    heard = sum_up(np.repeat(np.array(levels, np.float32), 320), None)
    assert list(heard.loudness) == [255, 170, 0, 0]
    assert heard.phones == ()
    assert len(sum_up(np.ones(321, np.float32), None).loudness) == 2


@pytest.mark.parametrize("model", ["regression", "diffusion", "loudness"])
def test_a_performance_tells_what_was_heard(store: ModelStore, model: str) -> None:
    samples = speechlike(5)
    made = LipSyncEngine(store).perform(request(model=model), samples, ignore)
    meta = sum_up(samples, made.phones).to_meta()
    text = json.dumps(meta)
    assert len(text) < 4096
    assert len(base64.b64decode(json.loads(text)["loudness"])) == 250
    phones = json.loads(text)["phones"]
    if model == "loudness":
        assert phones == []
        return
    assert phones[0][0] == 0
    assert phones[-1][1] == 5
    assert all(a[1] == b[0] and a[2] != b[2] for a, b in itertools.pairwise(phones))
    assert {name for _, _, name in phones} <= set(PHONES)


def test_a_long_line_gives_up_its_phones_before_the_header_overflows() -> None:
    busy = PhonePosteriors(50.0, NAMES, np.tile(np.eye(3, dtype=np.float32), (10_000, 1)))
    samples = np.ones(600 * 16000, np.float32)
    long = sum_up(samples, busy).to_meta()
    assert long["phones"] == ()
    assert len(base64.b64decode(str(long["loudness"]))) == 30_000
    assert len(json.dumps(long)) < MAX_HEADER_BYTES - 8192
    short = PhonePosteriors(50.0, NAMES, busy.probabilities[:1500])
    assert len(sum_up(samples[: 30 * 16000], short).to_meta()["phones"]) == 1500  # type: ignore[arg-type]


def test_a_transfer_heard_nothing(store: ModelStore, tmp_path: Path) -> None:
    from mynah_daemon.audio.decode import Decoder
    from mynah_daemon.performing import RequestPerformer
    from mynah_shared.motion.arkit import ARKIT_CHANNELS
    from mynah_shared.motion.clip import MotionClip
    from mynah_shared.motion.npz import clip_to_npz

    clip = MotionClip(30.0, ARKIT_CHANNELS, np.zeros((90, len(ARKIT_CHANNELS)), np.float32))
    asked = request(is_transfer=True, audio_name="actor.npz")
    (tmp_path / asked.audio_sha256).write_bytes(clip_to_npz(clip))
    performer = RequestPerformer(LipSyncEngine(store), Decoder(), tmp_path)
    assert performer.perform(asked, ignore, lambda: None).heard is None
