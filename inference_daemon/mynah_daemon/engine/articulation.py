"""What filmed lips do and filmed data hardly shows: the lower lip meets the upper teeth on f and v,
and lips round on vowels like oo and on sh.

Tracks that were fitted to a camera's pictures know little of depth, so a model that learns from
them purses and tucks too little. Here every such sound gets the least that makes it readable; where
the model does more, nothing changes. Read from the speech encoder's phone posteriors, like the
closures of `lip_closure`, so it holds for any motion model and any language.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mynah_shared.motion.arkit import ARKIT_CHANNELS
from mynah_shared.motion.regions import channel_indices

FloatArray = NDArray[np.float32]

_ROUND: Final = (
    (("UW", "W"), {"mouthPucker": 0.4, "mouthFunnel": 0.1}),
    (("SH", "ZH", "CH", "JH"), {"mouthPucker": 0.12, "mouthFunnel": 0.28}),
    (("OW", "OY", "AO"), {"mouthPucker": 0.18, "mouthFunnel": 0.18}),
    (("UH", "R", "ER"), {"mouthPucker": 0.1, "mouthFunnel": 0.06}),
)
"""The least of each shape, looked at on the ICT-FaceKit head and the demo's."""
_ROUNDING: Final = ("mouthPucker", "mouthFunnel")
_ROUNDING_S: Final = 0.14
"""How long lips take to round and to let go: they begin before the sound."""

_LABIODENTAL: Final = ("F", "V")
_TUCK: Final = {"mouthRollLower": 0.25, "mouthUpperUpLeft": 0.08, "mouthUpperUpRight": 0.08}
_TUCKED_JAW: Final = 0.1
"""The lower lip reaches the teeth's edge with the jaw no lower than this."""
_LETS_GO: Final = ("mouthLowerDownLeft", "mouthLowerDownRight", "mouthShrugLower", "mouthClose")
"""What would keep the lip from the teeth, or hide them."""
_TUCKING_S: Final = 0.08

_PHONE_RATE: Final = 50.0


def articulate(
    values: FloatArray, fps: float, posteriors: FloatArray, phones: Sequence[str]
) -> FloatArray:
    """Raises what rounds the lips, and tucks the lower one on f and v, to the least that shows.

    `values` [T, 55] at `fps`; `posteriors` [N, P] at 50/s. Returns a new array.
    """
    shaped = values.copy()
    for channel in _ROUNDING:
        column = ARKIT_CHANNELS.index(channel)
        wanted = posteriors @ _least(channel, phones)
        least = _at_frames(wanted, _ROUNDING_S, len(values), fps)
        shaped[:, column] = np.maximum(shaped[:, column], least)
    likely = posteriors @ np.isin(phones, _LABIODENTAL).astype(np.float32)
    _tuck(shaped, _at_frames(likely, _TUCKING_S, len(values), fps))
    return shaped


def _least(channel: str, phones: Sequence[str]) -> FloatArray:
    """How much of `channel` each of the phones asks for [P]."""
    asked = {phone: shapes[channel] for group, shapes in _ROUND for phone in group}
    return np.array([asked.get(phone, 0.0) for phone in phones], np.float32)


def _tuck(values: FloatArray, share: FloatArray) -> None:
    """Takes each frame by `share` [T] of the way to a lower lip on the teeth."""
    columns = channel_indices(tuple(_TUCK))
    least = share[:, None] * np.array(tuple(_TUCK.values()), np.float32)
    values[:, columns] = np.maximum(values[:, columns], least)
    jaw = ARKIT_CHANNELS.index("jawOpen")
    values[:, jaw] -= share * np.maximum(values[:, jaw] - _TUCKED_JAW, 0.0)
    values[:, channel_indices(_LETS_GO)] *= 1.0 - share[:, None]


def _at_frames(wanted: FloatArray, width_s: float, n_frames: int, fps: float) -> FloatArray:
    """`wanted` [N] at 50/s at the frames' times [T], smoothed over `width_s`."""
    half = round(width_s * _PHONE_RATE / 2)
    window = np.hanning(2 * half + 3)[1:-1]
    padded = np.pad(wanted, half, mode="edge").astype(np.float64)
    smooth = np.convolve(padded, window / window.sum(), mode="valid")
    times = np.arange(n_frames) * _PHONE_RATE / fps
    return np.interp(times, np.arange(len(smooth)), smooth).astype(np.float32)
