"""Sounds that are read from the lips: f and v on the teeth, rounded oo and sh."""

from __future__ import annotations

import numpy as np
import pytest

from mynah_daemon.engine.articulation import articulate
from mynah_shared.motion.arkit import ARKIT_CHANNELS

PHONES = (
    "sil",
    "AA",
    "AO",
    "CH",
    "ER",
    "F",
    "JH",
    "OW",
    "OY",
    "R",
    "SH",
    "UH",
    "UW",
    "V",
    "W",
    "ZH",
)


def column(values: np.ndarray, channel: str) -> np.ndarray:
    return values[:, ARKIT_CHANNELS.index(channel)]


def open_mouth(n_frames: int, **shapes: float) -> np.ndarray:
    values = np.zeros((n_frames, len(ARKIT_CHANNELS)), np.float32)
    for name, amount in ({"jawOpen": 0.2} | shapes).items():
        values[:, ARKIT_CHANNELS.index(name)] = amount
    return values


def heard(n_rows: int, phone: str, first: int, last: int) -> np.ndarray:
    """Posteriors at 50/s: AA but for the rows given."""
    posteriors = np.zeros((n_rows, len(PHONES)), np.float32)
    posteriors[:, 1] = 1.0
    posteriors[first : last + 1] = 0.0
    posteriors[first : last + 1, PHONES.index(phone)] = 1.0
    return posteriors


@pytest.mark.parametrize("phone", ["F", "V"])
def test_the_lower_lip_meets_the_teeth(phone: str) -> None:
    said = heard(100, phone, 40, 48)
    values = articulate(open_mouth(50, mouthLowerDownLeft=0.2), 25.0, said, PHONES)

    assert column(values, "mouthRollLower").max() > 0.2
    tucked = int(column(values, "mouthRollLower").argmax())
    assert 20 <= tucked <= 24
    assert column(values, "jawOpen")[tucked] < 0.12
    assert column(values, "mouthLowerDownLeft")[tucked] < 0.05
    assert column(values, "mouthUpperUpRight")[tucked] > 0.05


@pytest.mark.parametrize(
    ("phone", "channel"), [("UW", "mouthPucker"), ("W", "mouthPucker"), ("SH", "mouthFunnel")]
)
def test_lips_round_and_begin_before_the_sound(phone: str, channel: str) -> None:
    values = articulate(open_mouth(50), 25.0, heard(100, phone, 40, 52), PHONES)

    rounding = column(values, channel)
    assert rounding[20:26].max() > 0.25
    assert rounding[19] > 0
    assert rounding[:17].max() == rounding[30:].max() == 0
    assert np.array_equal(column(values, "jawOpen"), column(open_mouth(50), "jawOpen"))


def test_what_the_model_rounds_more_stays() -> None:
    performed = open_mouth(50, mouthPucker=0.8, mouthFunnel=0.7)

    assert np.array_equal(articulate(performed, 25.0, heard(100, "UW", 40, 52), PHONES), performed)


def test_other_sounds_are_left_alone() -> None:
    performed = open_mouth(50, mouthSmileLeft=0.5)

    assert np.array_equal(articulate(performed, 25.0, heard(100, "AA", 0, 99), PHONES), performed)


@pytest.mark.parametrize("fps", [12.0, 23.976, 30.0, 60.0])
def test_an_f_shows_at_any_rate(fps: float) -> None:
    n_frames = round(2 * fps)
    values = articulate(open_mouth(n_frames), fps, heard(100, "F", 40, 46), PHONES)

    tucked = column(values, "mouthRollLower")
    assert tucked.max() > 0.2
    assert abs(tucked.argmax() / fps - 43.5 / 50) <= 0.02 + 0.5 / fps


def test_nothing_jumps() -> None:
    values = articulate(open_mouth(200), 100.0, heard(100, "F", 40, 46), PHONES)

    assert np.abs(np.diff(values, axis=0)).max() < 0.1
