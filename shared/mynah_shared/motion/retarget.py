"""From a clip's coefficients to the weights of a rig's own targets."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from .clip import MotionClip
from .curves import IndexArray

Weights = Mapping[str, Mapping[str, float]]
"""Target name → the channels that drive it, each with its weight."""

UNIT_RANGE = (0.0, 1.0)


def retarget(
    clip: MotionClip, weights: Weights, limits: Mapping[str, tuple[float, float]] | None = None
) -> MotionClip:
    """The clip as motion of the targets: each is the weighted sum of its channels, clamped.

    `limits` gives a target's (lowest, highest) value, 0..1 where it says nothing. Channels the clip
    lacks count as 0. Columns come in the order of `weights`.
    """
    columns = np.zeros((clip.n_frames, len(weights)), np.float32)
    for i, (target, row) in enumerate(weights.items()):
        for channel, weight in row.items():
            if channel in clip.channels:
                columns[:, i] += weight * clip.column(channel)
        low, high = (limits or {}).get(target, UNIT_RANGE)
        columns[:, i] = np.minimum(np.maximum(columns[:, i], low), high)
    return MotionClip(clip.fps, tuple(weights), columns)


def carry_pins(pins: Mapping[str, IndexArray], weights: Weights) -> dict[str, IndexArray]:
    """`pins` of the clip's channels, as pins of the targets that those channels drive."""
    return {
        target: np.unique(np.concatenate([pins[channel] for channel in row if channel in pins]))
        for target, row in weights.items()
        if not pins.keys().isdisjoint(row)
    }
