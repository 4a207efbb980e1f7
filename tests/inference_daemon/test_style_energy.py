"""A warning where style and voice are far apart, with a strength that brings them together."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

from mynah_daemon.styles.energy import energy_warning, mouth_energy
from mynah_shared.motion.clip import MotionClip


def talk(amount: float, pause_s: float = 0.0) -> MotionClip:
    times = np.arange(250) / 25
    jaw = amount * (0.5 + 0.5 * np.sin(2 * math.pi * 4 * times)) * (times > pause_s)
    return MotionClip(25.0, ("jawOpen",), jaw[:, None])


@pytest.mark.parametrize("amount", [0.06, 0.2, 0.7])
def test_styles_near_the_voice_are_not_warned_of(amount: float) -> None:
    assert energy_warning("x", talk(amount), talk(0.2)) == ""


@pytest.mark.parametrize(("amount", "words"), [(1.0, "10.0 times as much as"), (0.01, "only 0.1")])
def test_far_apart_they_are_with_a_strength_that_helps(amount: float, words: str) -> None:
    warning = energy_warning("shouting", talk(amount), talk(0.1))
    assert "'shouting'" in warning
    assert words in warning
    strength = float(re.findall(r"strength of (\d+\.\d+)", warning)[0])
    assert 1 / 4.6 < (amount / 0.1) ** strength < 4.6


def test_pauses_are_no_sign_of_calm() -> None:
    assert mouth_energy(talk(0.3, pause_s=2.5)) == pytest.approx(mouth_energy(talk(0.3)), rel=0.05)


def test_a_clip_without_lips_has_no_energy() -> None:
    assert mouth_energy(MotionClip(25.0, ("headYaw",), np.ones((50, 1)))) == 0
