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
_HEARD: Final = 0.35
"""Posterior from which a bilabial counts as heard."""
_OPENING_MM: Final = {
    "jawOpen": 32.8, "mouthClose": -38.9, "mouthFunnel": 13.7,
    "mouthShrugLower": -6.9, "mouthShrugUpper": 5.3, "mouthRollLower": -3.8, "mouthRollUpper": 1.8,
    "mouthPressLeft": -1.3, "mouthPressRight": -1.3,
    "mouthLowerDownLeft": 3.4, "mouthLowerDownRight": 3.4,
    "mouthUpperUpLeft": 3.6, "mouthUpperUpRight": 3.6,
}  # fmt: skip
"""Vertical opening of the inner lips per unit of a shape, measured on the ICT-FaceKit head."""
MOUTH_OPENING: Final = tuple(
    name
    for name in LIPS
    if name in ("jawOpen", "mouthClose", "mouthFunnel", "mouthPucker")
    or name.startswith(("mouthLowerDown", "mouthUpperUp", "mouthShrug", "mouthRoll"))
)
"""What speech does to a mouth; the other channels of the lips also carry an expression at rest."""
_PARTING: Final = (
    *("mouthFunnel", "mouthShrugUpper", "mouthRollUpper"),
    *("mouthLowerDownLeft", "mouthLowerDownRight", "mouthUpperUpLeft", "mouthUpperUpRight"),
)
"""What parts the lips beside the jaw, as in a smile or a sneer."""
_CLOSED_MM: Final = 0.3
_FOLLOWING_S: Final = (0.0, 0.04, 0.08)
_FOLLOWING: Final = (1.0, 0.2, 0.0)
"""How far the frames at these times from a closure follow it."""
_SPEECH_REACH_S: Final = 0.4
"""Lips may prepare (filmed people draw a breath) and relax this long before and after speech."""
_FADE_S: Final = 0.2
_PHONE_RATE: Final = 50.0


def close_lips(
    values: FloatArray, fps: float, posteriors: FloatArray, phones: Sequence[str]
) -> FloatArray:
    """Brings the lips together once in every bilabial that the model left open.

    Only the moment at which the lips come nearest is touched, with some of the change beside it: a
    p goes on after its closure has burst. `values` [T, 55] at the rate that will be seen, or a
    closure might fall between two frames; `posteriors` [N, P] at 50/s. Returns a new array.
    """
    heard = _in_frames(posteriors[:, [phones.index(p) for p in BILABIALS]].sum(axis=1), values, fps)
    opening = opening_mm(values)
    strength = np.zeros(len(values), np.float32)
    reach = int(np.ceil(_FOLLOWING_S[-1] * fps))
    for first, last in _runs(heard > _HEARD):
        nearest = first + int(opening[first : last + 1].argmin())
        if opening[nearest] > _CLOSED_MM:
            around = np.arange(max(nearest - reach, 0), min(nearest + reach + 1, len(values)))
            following = np.interp(np.abs(around - nearest) / fps, _FOLLOWING_S, _FOLLOWING)
            strength[around] = np.maximum(strength[around], following)
    return (values + strength[:, None] * (_sealed(values) - values)).astype(np.float32)


def _in_frames(likely: FloatArray, values: FloatArray, fps: float) -> FloatArray:
    """The most of `likely` [N] at 50/s within each of the frames [T]."""
    rows = np.arange(len(values) + 1) * _PHONE_RATE / fps
    begins = np.minimum(rows[:-1].astype(np.intp), len(likely) - 1)
    ends = np.minimum(np.maximum(np.ceil(rows[1:]).astype(np.intp), begins + 1), len(likely))
    pairs = np.stack([begins, ends], axis=1).ravel()
    return np.maximum.reduceat(np.append(likely, np.float32(0)), pairs)[::2]


def _runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First and last index of each stretch of True."""
    edges = np.flatnonzero(np.diff(np.pad(flags.astype(np.int8), 1)))
    return [(int(a), int(b) - 1) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def opening_mm(values: FloatArray) -> FloatArray:
    """Vertical opening of the lips [T] beyond their rest."""
    millimetres = np.array(tuple(_OPENING_MM.values()), np.float32)
    return values[:, channel_indices(tuple(_OPENING_MM))] @ millimetres


def _sealed(values: FloatArray) -> FloatArray:
    """The same pose [T, 55] with the lips together: mouthClose cancels what is open.

    A unit of mouthClose counts as a unit of jawOpen, as on rigs made for ARKit; the jaw keeps its
    height, which is what a quick closure looks like. What parts the lips still, in a smile for
    one, lets them go as far as it must.
    """
    jaw, close = channel_indices(("jawOpen", "mouthClose"))
    parting = channel_indices(_PARTING)
    sealed = values.copy()
    raised = values[:, close] + np.maximum(opening_mm(values), 0.0) / _OPENING_MM["jawOpen"]
    sealed[:, close] = np.minimum(raised, np.maximum(values[:, jaw], values[:, close]))
    left_mm = np.maximum(opening_mm(sealed), 0.0)
    parted_mm = values[:, parting] @ np.array([_OPENING_MM[name] for name in _PARTING], np.float32)
    kept = 1.0 - np.minimum(left_mm / np.maximum(parted_mm, 1e-6), 1.0)
    sealed[:, parting] *= kept[:, None]
    return sealed


def rest_in_silence(
    values: FloatArray, posteriors: FloatArray, silence: int, channels: Sequence[str]
) -> FloatArray:
    """Fades `channels` to rest where the encoder hears no speech for a while.

    `silence` is the column of the silence phone. `values` [T, 55] at 25/s, `posteriors` [2T, P] at
    50/s.
    """
    speech = 1.0 - posteriors[:, silence]
    reach = round(_SPEECH_REACH_S * _PHONE_RATE)
    padded = np.pad(speech, (reach, reach + 1), mode="edge")
    near = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1).max(axis=1)
    fade = round(_FADE_S * _PHONE_RATE)
    kernel = np.hanning(2 * fade + 3)[1:-1]
    smooth = np.convolve(np.pad(near, fade, mode="edge"), kernel / kernel.sum(), mode="valid")
    amount = np.clip((smooth[::2][: len(values)] - 0.05) / 0.45, 0.0, 1.0)[:, None]
    rested = values.copy()
    rested[:, channel_indices(channels)] *= amount.astype(np.float32)
    return rested
