"""Guidance by voice, and by style on top of it (nested as in Brooks et al. 2023, Eq. 3): what a
denoiser is asked, and how its answers become one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]


def questions(audio_guidance: float, style_guidance: float, n_styles: int) -> FloatArray:
    """(has_speech, has_style) of each question [B, 2]; the last `n_styles` are about a style each.
    Where guidance is 1 fewer are enough."""
    without = [(0, 0)] if audio_guidance != 1 else []
    if audio_guidance != 1 or style_guidance != 1:
        without.append((1, 0))
    return np.array([*without, *[(1, 1)] * n_styles], np.float32)


def combine(
    clean: FloatArray, shares: FloatArray, audio_guidance: float, style_guidance: float
) -> FloatArray:
    """One clean motion [T, C] from the answers [B, T, C] to `questions`, with `shares` [K, T, C] of
    those about styles."""
    *without, styled = np.split(clean, range(1, len(clean) - len(shares) + 1))
    both = styled[0] if len(shares) == 1 else (shares * styled).sum(axis=0)
    if not without:
        return both
    *null, speech_only = (answer[0] for answer in without)
    guided = null[0] + audio_guidance * (speech_only - null[0]) if null else speech_only
    return guided + style_guidance * (both - speech_only)
