"""Lips that meet on bilabials and rest in silence, whatever the model did."""

from __future__ import annotations

import numpy as np
import pytest

from mynah_daemon.engine.lip_closure import (
    MOUTH_OPENING,
    close_lips,
    opening_mm,
    rest_in_silence,
)
from mynah_shared.motion.arkit import ARKIT_CHANNELS
from mynah_shared.motion.regions import LIPS

PHONES = ("sil", "AA", "B", "M", "P")
JAW = ARKIT_CHANNELS.index("jawOpen")
CLOSE = ARKIT_CHANNELS.index("mouthClose")
BROW = ARKIT_CHANNELS.index("browInnerUp")


def open_mouth(n_frames: int) -> np.ndarray:
    values = np.zeros((n_frames, len(ARKIT_CHANNELS)), np.float32)
    values[:, JAW] = 0.2
    values[:, BROW] = 0.3
    return values


def speech(n_frames: int, **phones_at: tuple[int, int]) -> np.ndarray:
    """Posteriors at 50/s: AA throughout, other phones in the motion frames given."""
    posteriors = np.zeros((2 * n_frames, len(PHONES)), np.float32)
    posteriors[:, 1] = 1.0
    for name, (first, last) in phones_at.items():
        posteriors[2 * first : 2 * last + 2] = 0.0
        posteriors[2 * first : 2 * last + 2, PHONES.index(name)] = 1.0
    return posteriors


@pytest.mark.parametrize("phone", ["B", "M", "P"])
def test_an_open_bilabial_is_sealed_once(phone: str) -> None:
    values = close_lips(open_mouth(20), 25.0, speech(20, **{phone: (8, 10)}), PHONES)

    sealed = np.isclose(values[:, CLOSE], values[:, JAW])
    assert sealed.sum() == 1
    assert 8 <= int(np.flatnonzero(sealed)[0]) <= 10


def test_the_seal_comes_where_the_lips_are_nearest() -> None:
    values = open_mouth(20)
    values[9, JAW] = 0.1

    closed = close_lips(values, 25.0, speech(20, P=(8, 11)), PHONES)

    assert closed[9, CLOSE] == pytest.approx(closed[9, JAW])
    assert closed[11, JAW] == pytest.approx(0.2)


def test_a_bilabial_that_the_model_closed_stays_as_it_is() -> None:
    values = open_mouth(20)
    values[8:10, JAW] = 0.0

    np.testing.assert_array_equal(close_lips(values, 25.0, speech(20, M=(8, 9)), PHONES), values)


@pytest.mark.parametrize("fps", [12, 23.976, 24, 25, 29.97, 30, 48, 50, 59.94, 60])
def test_lips_meet_on_a_frame_at_any_rate(fps: float) -> None:
    posteriors = speech(50, P=(20, 21))
    wide = np.repeat(open_mouth(1), round(2 * fps), axis=0)

    closed = close_lips(wide, fps, posteriors, PHONES)

    opening = opening_mm(closed)
    (nearest,) = np.flatnonzero(opening < 0.3)
    assert 0.8 - 1 / fps <= nearest / fps <= 0.88
    far = np.abs(np.arange(len(wide)) - nearest) / fps >= 0.08 - 1e-6
    np.testing.assert_array_equal(closed[far], wide[far])
    assert (np.diff(opening[: nearest + 1]) <= 1e-5).all(), "it closes once, and without a jerk"
    assert (np.diff(opening[nearest:]) >= -1e-5).all()


def test_a_smile_lets_go_where_the_jaw_alone_would_not_close() -> None:
    smile = open_mouth(20)
    for name in ("mouthUpperUpLeft", "mouthUpperUpRight", "mouthLowerDownLeft"):
        smile[:, ARKIT_CHANNELS.index(name)] = 0.4
    smile[:, ARKIT_CHANNELS.index("mouthSmileLeft")] = 0.7

    closed = close_lips(smile, 25.0, speech(20, M=(8, 10)), PHONES)

    nearest = int(opening_mm(closed).argmin())
    assert 8 <= nearest <= 10
    assert abs(opening_mm(closed)[nearest]) < 0.3
    assert closed[nearest, ARKIT_CHANNELS.index("mouthSmileLeft")] == pytest.approx(0.7)
    np.testing.assert_array_equal(closed[nearest + 4 :], smile[nearest + 4 :])


def test_speech_without_bilabials_stays_as_it_is() -> None:
    values = open_mouth(20)

    np.testing.assert_array_equal(close_lips(values, 25.0, speech(20), PHONES), values)


def test_long_silence_closes_the_mouth_and_leaves_the_brows() -> None:
    values = rest_in_silence(open_mouth(50), speech(50, sil=(0, 39)), 0, LIPS)

    np.testing.assert_array_equal(values[:17, JAW], 0)
    np.testing.assert_allclose(values[42:, JAW], 0.2)
    np.testing.assert_allclose(values[:, BROW], 0.3)


def test_the_mouth_fades_without_a_jump() -> None:
    values = rest_in_silence(open_mouth(50), speech(50, sil=(0, 39)), 0, LIPS)

    assert np.abs(np.diff(values[:, JAW])).max() < 0.1


def test_a_short_pause_keeps_the_mouth_moving() -> None:
    values = rest_in_silence(open_mouth(50), speech(50, sil=(20, 23)), 0, LIPS)

    np.testing.assert_allclose(values[:, JAW], 0.2, atol=1e-6)


def test_a_mouth_can_close_in_silence_and_smile_on() -> None:
    smile = ARKIT_CHANNELS.index("mouthSmileLeft")
    smiling = open_mouth(50)
    smiling[:, smile] = 0.4

    values = rest_in_silence(smiling, speech(50, sil=(0, 49)), 0, MOUTH_OPENING)

    np.testing.assert_array_equal(values[:, JAW], 0)
    np.testing.assert_array_equal(values[:, smile], smiling[:, smile])


def test_the_channels_that_open_a_mouth() -> None:
    assert set(MOUTH_OPENING) == {
        "jawOpen", "mouthClose", "mouthFunnel", "mouthPucker",
        "mouthLowerDownLeft", "mouthLowerDownRight", "mouthUpperUpLeft", "mouthUpperUpRight",
        "mouthShrugLower", "mouthShrugUpper", "mouthRollLower", "mouthRollUpper",
    }  # fmt: skip
