"""How a face moves, whatever it says: jerk, joins between windows, timing of the mouth."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.optimize import linear_sum_assignment
from scipy.signal import find_peaks

FloatArray = NDArray[np.float32]

_FARTHEST_EXTREMUM_MS = 200.0
_LEAST_SWING_MM = 1.0


def jerk(landmarks: FloatArray, fps: float) -> float:
    """Mean size of the third derivative of landmarks [T, L, 3] in m/s³: tremble shows here."""
    if len(landmarks) < 4:
        return 0.0
    third = np.diff(landmarks, n=3, axis=0) * fps**3
    return float(np.linalg.norm(third, axis=-1).mean()) / 1000.0


def join_ratio(values: FloatArray, joins: Sequence[int]) -> float:
    """Mean |second difference| within a frame of the joins over that elsewhere; 1 is seamless."""
    bend = np.abs(np.diff(values, n=2, axis=0)).sum(axis=1)
    near = np.zeros(len(bend), bool)
    for join in joins:
        near[max(join - 2, 0) : join + 1] = True
    if not near.any() or near.all() or bend[~near].mean() < 1e-9:
        return float("nan")
    return float(bend[near].mean() / bend[~near].mean())


def mouth_timing_ms(gap: FloatArray, wanted: FloatArray, fps: float) -> float:
    """How far openings and closings of the mouth are from the reference's in time, in ms, of gaps
    [T] in mm; NaN if neither side has any.

    After "mouth timing" (MTM): extrema of the smoothed gap are paired, each with at most one of its
    kind and within 200 ms, so that the sum is least. The mean of their distances in time is taken
    over pairs and extrema without a partner, each of which, missing or too many, counts as 200 ms.
    The original pairs them by derivative dynamic time warping.
    """
    ours, theirs = (gaussian_filter1d(g, 0.04 * fps) for g in (gap, wanted))
    distances = [
        distance
        for sign in (1, -1)
        for distance in _pair_times(*(_peak_times_ms(sign * g, fps) for g in (ours, theirs)))
    ]
    return float(np.mean(distances)) if distances else float("nan")


def _peak_times_ms(gap: NDArray[np.floating], fps: float) -> NDArray[np.floating]:
    peaks, _ = find_peaks(gap, prominence=_LEAST_SWING_MM)
    return 1000.0 * peaks / fps


def _pair_times(ours: NDArray[np.floating], theirs: NDArray[np.floating]) -> list[float]:
    """The distance of each pair, and the largest one for each time without a partner."""
    apart = np.abs(ours[:, None] - theirs)
    # To pair two that are too far apart is as bad as to leave both alone.
    costs = np.where(apart < _FARTHEST_EXTREMUM_MS, apart, 2 * _FARTHEST_EXTREMUM_MS)
    paired = apart[linear_sum_assignment(costs)]
    near = paired[paired < _FARTHEST_EXTREMUM_MS].tolist()
    n_alone = len(ours) + len(theirs) - 2 * len(near)
    return near + n_alone * [_FARTHEST_EXTREMUM_MS]
