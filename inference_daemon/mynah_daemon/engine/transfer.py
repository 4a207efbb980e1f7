"""Performance transfer: what an actor does, in the manner of another performer.

Each channel keeps its course and gets the rest and the reach that it has in the other's clip, which
is what tells faces apart that were made by one solver or rig; gaze stays the actor's, lids go as
far down as his, and lips that met meet. On re-styled data, where the right answer is known, this is
nearer to it than the motion codes of AniTalker and FixTalk (docs/RESULTS.md, Transfer), which
`model_transfer` goes through.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mynah_shared.motion.clip import MotionClip
from mynah_shared.motion.regions import EYES, channel_indices

from .style_plan import StylePlan

FloatArray = NDArray[np.float32]

_STILL: Final = 1e-3
"""A channel that deviates less has no course that could be given more reach."""
_LARGEST_GAIN: Final = 4.0
_LIDS: Final = ("eyeBlinkLeft", "eyeBlinkRight")
_GAZE: Final = tuple(name for name in EYES if name.startswith("eyeLook"))
_SHUT_GAP: Final = 0.08
"""Jaw opening less closure at which lips no longer meet."""


def transfer_performance(driving: MotionClip, plan: StylePlan) -> MotionClip:
    """`driving` with the rest and reach of the plan's styles; the neutral manner leaves it as it
    is. A channel that a style doesn't show stays the actor's."""
    channels = driving.channels
    times_s = np.arange(driving.n_frames) / driving.fps
    shares = plan.shares(times_s, channels)
    own = _moments(driving, channels)
    rest, gain = shares[0] * own[0], shares[0]
    for share, key in zip(shares[1:], plan.keys, strict=True):
        if not share.any() or key.clip is None:
            continue
        shown = _moments(key.clip, channels)
        known = np.isin(channels, key.clip.channels)
        there = np.where(known, own[0] + plan.strength * (shown[0] - own[0]), own[0])
        wider = np.where(known & (own[1] > _STILL), shown[1] / np.maximum(own[1], _STILL), 1.0)
        wider = wider.clip(1 / _LARGEST_GAIN, _LARGEST_GAIN) ** plan.strength
        rest, gain = rest + share * there, gain + share * wider
    values = rest + gain * (driving.values - own[0])
    values = _eyes_of_the_actor(values, driving, own[0], rest)
    return MotionClip(driving.fps, channels, _shut_lips(values, driving))


def _moments(clip: MotionClip, channels: Sequence[str]) -> tuple[FloatArray, FloatArray]:
    """Mean and deviation [C]; of lids the least instead, as blinks say nothing of their rest."""
    values = clip.select(channels).values
    mean = values.mean(axis=0)
    for lid in _LIDS:
        if lid in channels:
            mean[channels.index(lid)] = np.percentile(clip.select((lid,)).values, 10)
    return mean, values.std(axis=0)


def _eyes_of_the_actor(
    values: FloatArray, driving: MotionClip, own_rest: FloatArray, rest: FloatArray
) -> FloatArray:
    """Gaze as it was; lids from their new rest as far shut as they went."""
    channels, values = driving.channels, values.copy()
    gaze = channel_indices([name for name in _GAZE if name in channels], channels)
    values[:, gaze] = driving.values[:, gaze]
    lids = channel_indices([name for name in _LIDS if name in channels], channels)
    open_share = (1 - rest[:, lids]) / np.maximum(1 - own_rest[lids], _STILL)
    values[:, lids] = 1 - (1 - driving.values[:, lids]) * open_share
    return values


def _shut_lips(values: FloatArray, driving: MotionClip) -> FloatArray:
    """Lips meet where the actor's met."""
    channels = driving.channels
    if not {"jawOpen", "mouthClose"} <= set(channels):
        return values.astype(np.float32)
    jaw, close = channels.index("jawOpen"), channels.index("mouthClose")
    gap = np.maximum(driving.values[:, jaw] - driving.values[:, close], 0)
    shut = np.exp(-((gap / _SHUT_GAP) ** 4))
    values = values.copy()
    values[:, close] += shut * np.maximum(values[:, jaw] - values[:, close] - gap, 0)
    return values.astype(np.float32)
