"""From a performance to the values of all targets of a rig, each in its own unit."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..motion.clip import MotionClip
from .expressions import weights_that_show
from .mapping import RigMapping
from .solver import FloatArray

Limits = Mapping[str, tuple[float, float]]
"""Target → its lowest and highest value on this rig, in its own unit."""


def drive(clip: MotionClip, mapping: RigMapping, limits: Limits | None = None) -> MotionClip:
    """The clip as motion of the mapping's targets, in the order of `mapping.names`.

    Targets with weights are the sums of their channels; those that show something are found
    together, so that they look most like the clip. `limits` are a host's own, such as a slider's
    range; they bound a value beside the limits that the mapping sets itself, and replace those it
    only assumes. Channels the clip lacks count as 0.
    """
    values = activations(clip, mapping)
    for i, name in enumerate(mapping.names):
        target = mapping.target(name)
        low, high = bounds(mapping, name, limits or {})
        column = target.rest + values[:, i] * (target.full - target.rest)
        values[:, i] = np.minimum(np.maximum(column, low), high)
    return MotionClip(clip.fps, mapping.names, values.astype(np.float32))


def activations(clip: MotionClip, mapping: RigMapping) -> FloatArray:
    """[T, N]: 0 where a target of `mapping.names` is at rest, 1 where it is at its full value,
    without limits."""
    columns = np.zeros((clip.n_frames, len(mapping.names)))
    for i, row in enumerate(mapping.weights.values()):
        for channel, weight in row.items():
            if channel in clip.channels:
                columns[:, i] += weight * clip.column(channel)
    if mapping.shows:
        driven = {channel for row in mapping.weights.values() for channel in row}
        columns[:, len(mapping.weights) :] = weights_that_show(clip, mapping.shows, driven)
    return columns


def bounds(mapping: RigMapping, name: str, limits: Limits) -> tuple[float, float]:
    """Within what a target's value stays, given a host's own limits."""
    low, high = mapping.limits(name)
    if name not in limits:
        return low, high
    if mapping.target(name).limits is None:
        return limits[name]
    return max(low, limits[name][0]), min(high, limits[name][1])
