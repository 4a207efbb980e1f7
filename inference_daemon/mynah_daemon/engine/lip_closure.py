"""Two promises kept after the model: lips meet on b, m and p, and the mouth rests in silence.

Both are read from the speech encoder's phone posteriors, so they hold for any motion model and any
language.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mynah_shared.motion.regions import LIPS, channel_indices

FloatArray = NDArray[np.float32]

BILABIALS: Final = ("B", "M", "P")
_SURE: Final = 0.35
"""Posterior at which a closure counts as certain; below half of it nothing is done."""
_OPENERS: Final = (
    "mouthFunnel mouthShrugUpper mouthLowerDownLeft mouthLowerDownRight mouthUpperUpLeft "
    "mouthUpperUpRight"
).split()
_LEFT_OPEN: Final = 0.2
_LOW_JAW: Final = 0.12
"""A jaw lower than this shows in profile even behind closed lips, so it gives way by half."""
_SPEECH_REACH_S: Final = 0.2
"""Lips may prepare and relax this long before and after speech."""
_PHONE_RATE: Final = 50.0


def close_lips(values: FloatArray, posteriors: FloatArray, phones: Sequence[str]) -> FloatArray:
    """Brings the lips together where the speech has a bilabial.

    `values` [T, 55] at 25/s, `posteriors` [2T, P] at 50/s. Returns a new array; other frames are
    unchanged.
    """
    likely = posteriors[:, [phones.index(p) for p in BILABIALS]].sum(axis=1)
    # A motion frame sees the posterior at its own time and half a frame to each side: a closure may
    # be that short.
    padded = np.pad(likely, (1, 1))[: 2 * len(values) + 1]
    around = np.lib.stride_tricks.sliding_window_view(padded, 3)[::2]
    certainty = np.maximum(around[:, 1], 0.7 * around.max(axis=1))
    strength = np.clip((certainty - _SURE / 2) / (_SURE / 2), 0.0, 1.0)[:, None].astype(np.float32)
    return values + strength * (_sealed(values) - values)


def _sealed(values: FloatArray) -> FloatArray:
    """The pose [T, 55] with the lips together: openers relax, a low jaw lifts, mouthClose cancels
    the jaw."""
    jaw, close = channel_indices(("jawOpen", "mouthClose"))
    sealed = values.copy()
    sealed[:, channel_indices(_OPENERS)] *= _LEFT_OPEN
    sealed[:, jaw] -= 0.5 * np.maximum(sealed[:, jaw] - _LOW_JAW, 0.0)
    sealed[:, close] = np.maximum(sealed[:, close], sealed[:, jaw])
    return sealed


def rest_in_silence(values: FloatArray, posteriors: FloatArray, silence: int) -> FloatArray:
    """Fades the lip region to rest where the encoder hears no speech for a while.

    `silence` is the column of the silence phone. Values and posteriors as in `close_lips`.
    """
    speech = 1.0 - posteriors[:, silence]
    reach = round(_SPEECH_REACH_S * _PHONE_RATE)
    padded = np.pad(speech, (reach, reach + 1), mode="edge")
    near = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1).max(axis=1)
    kernel = np.hanning(2 * reach + 3)[1:-1]
    smooth = np.convolve(np.pad(near, reach, mode="edge"), kernel / kernel.sum(), mode="valid")
    amount = np.clip((smooth[::2][: len(values)] - 0.05) / 0.45, 0.0, 1.0)[:, None]
    lips = channel_indices(LIPS)
    rested = values.copy()
    rested[:, lips] *= amount.astype(np.float32)
    return rested
