"""How far two performances are apart, whether something grows, and whether a moment jumps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mynah_shared.motion.regions import HEAD, channel_indices

from ..metrics.head import LandmarkHead
from .filmed import Scores
from .lines import N_SHAPES

FloatArray = NDArray[np.float32]


def face_deviation_mm(a: FloatArray, b: FloatArray, head: LandmarkHead) -> float:
    """Mean over frames and the 68 landmarks of the distance between two performances [T, 55] of a
    line, head pose apart."""
    points = [head.landmarks(motion[:, :N_SHAPES]) for motion in (a, b)]
    return float(np.linalg.norm(points[0] - points[1], axis=-1).mean())


def head_deviation_deg(a: FloatArray, b: FloatArray) -> float:
    """Mean over frames of how far the heads of two performances [T, 55] are turned apart."""
    apart = (a - b)[:, channel_indices(HEAD)]
    return float(np.degrees(np.linalg.norm(apart, axis=1).mean()))


def channel_deviation(a: FloatArray, b: FloatArray, names: Sequence[str]) -> float:
    """Root mean square difference of two performances [T, 55] over frames and the named
    channels: a shape counts from 0 to 1, the head in radians."""
    apart = (a - b)[:, channel_indices(names)]
    return float(np.sqrt(np.mean(np.square(apart, dtype=np.float64))))


def grows(values: Sequence[float]) -> bool:
    """Whether each is larger than the one before. What stays as it is doesn't grow."""
    return bool((np.diff(values) > 0).all())


def jump_ratio(values: FloatArray, first: int, last: int) -> float:
    """The largest step from one frame of values [T, C] to the next, summed over channels, in the
    frames `first:last + 1` and to their neighbours, over the largest one elsewhere; NaN where there
    is none."""
    steps = np.abs(np.diff(values, axis=0)).sum(axis=1)
    near = np.zeros(len(steps), bool)
    near[max(first - 1, 0) : last + 1] = True
    if not near.any() or near.all() or steps[~near].max() < 1e-9:
        return float("nan")
    return float(steps[near].max() / steps[~near].max())


def percent(flags: Sequence[bool]) -> float:
    """Of those that are true; NaN of none."""
    return 100.0 * float(np.mean(flags)) if flags else float("nan")


def mean_and_tail(key: str, values: Sequence[float]) -> Scores:
    """Mean and 95th percentile of the values that are numbers, as `key` and `key`_p95."""
    known = [value for value in values if not np.isnan(value)]
    if not known:
        return {key: float("nan"), f"{key}_p95": float("nan")}
    return {key: float(np.mean(known)), f"{key}_p95": float(np.percentile(known, 95))}
