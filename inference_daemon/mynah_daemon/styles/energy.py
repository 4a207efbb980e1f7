"""Whether a style moves about as much as a voice asks for."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from mynah_shared.motion.clip import MotionClip
from mynah_shared.motion.regions import LIPS

from .quality import speech_movement

_LIVELY_SHARE: Final = 70
"""Percentile of the movement that stands for a performance: pauses are no sign of calm."""
_FAR_APART: Final = 4.0
"""Ordinary people in neutral mood are up to 2.7 apart from what the plain model makes of a calm
voice, people in great fear or fury 4 to 5."""
_ORDINARY: Final = 2.0


def energy_warning(name: str, style: MotionClip, neutral: MotionClip) -> str:
    """A sentence if the lips of a style move far more or less than this voice's do in the neutral
    manner, with the strength that brings them as near as those of ordinary people; else nothing."""
    ratio = max(mouth_energy(style), 1e-6) / max(mouth_energy(neutral), 1e-6)
    if 1 / _FAR_APART <= ratio <= _FAR_APART:
        return ""
    strength = math.log(_ORDINARY) / abs(math.log(ratio))
    how = f"{ratio:.1f} times as much as" if ratio > 1 else f"only {ratio:.1f} of what"
    return (
        f"The mouth of the style '{name}' moves {how} this voice asks for; try a style strength of "
        f"{strength:.1f}."
    )


def mouth_energy(clip: MotionClip) -> float:
    """How much the lips move at the pace of speech where they do."""
    movement = speech_movement(clip.select(LIPS).values, clip.fps)
    return float(np.percentile(movement, _LIVELY_SHARE)) if len(movement) else 0.0
