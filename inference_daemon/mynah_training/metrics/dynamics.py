"""How a face moves, whatever it says: blinks, jerk, joins between windows, timing of the mouth."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.signal import find_peaks

from mynah_shared.motion.arkit import ARKIT_CHANNELS
from mynah_shared.motion.regions import channel_indices

FloatArray = NDArray[np.float32]

_LIDS = channel_indices(("eyeBlinkLeft", "eyeBlinkRight"), ARKIT_CHANNELS)
_CLOSED_LID = 0.5
_SHORTEST_PAUSE_S = 0.12
_FARTHEST_EXTREMUM_S = 0.2
_LEAST_SWING_MM = 1.0


def count_blinks(values: FloatArray, fps: float) -> int:
    """Blinks in coefficients [T, C]: both lids go beyond half shut and come back."""
    lids = values[:, _LIDS].mean(axis=1)
    peaks, _ = find_peaks(
        np.pad(lids, 1),
        height=_CLOSED_LID,
        prominence=0.3,
        distance=max(1, round(_SHORTEST_PAUSE_S * fps)),
    )
    return len(peaks)


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
    """Mean time in ms between an opening or closing of the reference and the nearest one of its
    kind in the prediction, of gaps [T] in mm; none within 0.2 s counts as 0.2 s.

    After "mouth timing" (MTM): extrema of the smoothed gap are paired; the original pairs them by
    derivative dynamic time warping, here the nearest counts.
    """
    distances: list[float] = []
    ours, theirs = (gaussian_filter1d(g, 0.04 * fps) for g in (gap, wanted))
    for sign in (1, -1):
        found, _ = find_peaks(sign * ours, prominence=_LEAST_SWING_MM)
        expected, _ = find_peaks(sign * theirs, prominence=_LEAST_SWING_MM)
        for peak in expected:
            nearest = np.abs(found - peak).min() / fps if len(found) else _FARTHEST_EXTREMUM_S
            distances.append(1000 * min(float(nearest), _FARTHEST_EXTREMUM_S))
    return float(np.mean(distances)) if distances else float("nan")
