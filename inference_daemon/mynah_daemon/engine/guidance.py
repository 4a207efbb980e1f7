"""Guidance by voice, and by style on top of it (nested as in Brooks et al. 2023, Eq. 3): what a
denoiser is asked, and how its answers become one."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]

_BOTH: Final = ((1, 1),)
_STYLE: Final = ((1, 0), (1, 1))
_ALL: Final = ((0, 0), (1, 0), (1, 1))


def branches(audio_guidance: float, style_guidance: float) -> FloatArray:
    """(has_speech, has_style) of each question [B, 2]; where guidance is 1 fewer are enough."""
    if audio_guidance != 1:
        return np.array(_ALL, np.float32)
    return np.array(_BOTH if style_guidance == 1 else _STYLE, np.float32)


def combine(clean: FloatArray, audio_guidance: float, style_guidance: float) -> FloatArray:
    """One clean motion [T, C] from the answers [B, T, C] to the questions of `branches`."""
    if len(clean) == len(_BOTH):
        return clean[0]
    *null, speech_only, both = clean
    guided = null[0] + audio_guidance * (speech_only - null[0]) if null else speech_only
    return guided + style_guidance * (both - speech_only)
