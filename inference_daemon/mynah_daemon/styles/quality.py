"""What a performance shows of a manner, and what it lacks as a style to imitate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, cast

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, signal  # pyright: ignore[reportMissingTypeStubs]

from mynah_shared.motion.arkit import ARKIT_CHANNELS
from mynah_shared.motion.clip import MotionClip
from mynah_shared.motion.regions import EYES, HEAD, LIPS, REST, channel_indices

FloatArray = NDArray[np.float32]

_filters, _signal = cast(Any, ndimage), cast(Any, signal)  # scipy ships no types

BLINKS_SHOW_S: Final = 8.0
"""Who talks blinks every three to four seconds."""
_LIDS: Final = channel_indices(("eyeBlinkLeft", "eyeBlinkRight"))
_LIPS, _HEAD = channel_indices(LIPS), channel_indices(HEAD)
_UPPER_FACE: Final = channel_indices(EYES + REST)
_CLOSED_LID: Final = 0.5
_SHORTEST_PAUSE_S: Final = 0.12
_LIVE: Final = 0.02
"""A channel that moves by less (a head channel: in radians), but for the outermost 2 % of frames,
is still."""
_SYLLABLE_S: Final = (0.04, 0.3)
"""Movements of speech are slower than the first and quicker than the second: a syllable takes 0.2
s."""
_SPEAKING: Final = 0.04
"""Root of the summed squares of such movements of the lips: filmed speech has 0.06 to 0.3, a silent
mood 0.005 to 0.035 (medians of the clips of the corpus)."""
_LEAST_SPEAKING: Final = 0.4
_FEW_CHANNELS: Final = 12
_STILL_HEAD_DEG: Final = 0.3


@dataclass(frozen=True)
class StyleQuality:
    """`speaking`: share of the time in which the mouth moves as in speech; `live_channels`: how
    many of the 55 move at all; `head_deg`: deviation of the head from its mean pose. `warnings` are
    sentences on what the model can't learn from the performance."""

    duration_s: float
    speaking: float
    live_channels: int
    blinks_per_s: float
    head_deg: float
    warnings: tuple[str, ...]


def judge_clip(clip: MotionClip) -> StyleQuality:
    """Of a performance of at least two frames; what it doesn't know counts as still."""
    values = clip.select(ARKIT_CHANNELS).values
    span = np.percentile(values, 98, axis=0) - np.percentile(values, 2, axis=0)
    live = span > _LIVE
    live[_LIDS] |= np.ptp(values[:, _LIDS], axis=0) > _LIVE  # blinks are rare
    speaking = float((speech_movement(values[:, _LIPS], clip.fps) > _SPEAKING).mean())
    blinks_per_s = count_blinks(values, clip.fps) / clip.duration_s
    head_deg = float(np.degrees(np.sqrt(values[:, _HEAD].var(axis=0).sum())))
    warnings: list[str] = []
    if clip.duration_s < BLINKS_SHOW_S:
        warnings.append(
            f"It lasts {clip.duration_s:.1f} s, too short to show how often the eyes blink; "
            f"{BLINKS_SHOW_S:g} s or more show a manner best."
        )
    if speaking < _LEAST_SPEAKING:
        warnings.append(
            f"The mouth moves as in speech for {speaking:.0%} of the time only; a style needs "
            "somebody who speaks."
        )
    if not live[_UPPER_FACE].any():
        warnings.append("It shows no upper face: brows and eyes will keep as still as in it.")
    elif not blinks_per_s and clip.duration_s >= BLINKS_SHOW_S:
        warnings.append("The eyes never blink, and they hardly will in this style.")
    if head_deg < _STILL_HEAD_DEG:
        warnings.append("The head never moves, and it hardly will in this style.")
    if live.sum() < _FEW_CHANNELS:
        warnings.append(
            f"Only {live.sum()} of {len(live)} channels move; check that the take was exported "
            "with all its shapes."
        )
    return StyleQuality(
        clip.duration_s, speaking, int(live.sum()), blinks_per_s, head_deg, tuple(warnings)
    )


def count_blinks(values: FloatArray, fps: float) -> int:
    """Blinks in coefficients [T, 55]: both lids go beyond half shut and come back."""
    lids = values[:, _LIDS].mean(axis=1)
    peaks, _ = _signal.find_peaks(
        np.pad(lids, 1),
        height=_CLOSED_LID,
        prominence=0.3,
        distance=max(1, round(_SHORTEST_PAUSE_S * fps)),
    )
    return len(peaks)


def speech_movement(lips: FloatArray, fps: float) -> FloatArray:
    """How much lips [T, L] move at the pace of syllables around each frame [T]."""
    quick, slow = (
        _filters.gaussian_filter1d(lips, seconds * fps, axis=0, mode="nearest")
        for seconds in _SYLLABLE_S
    )
    power = np.square(quick - slow).sum(axis=1)
    return np.sqrt(_filters.gaussian_filter1d(power, 0.4 * fps, mode="nearest"))
