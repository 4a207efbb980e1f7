"""Curves between samples: change of rate, smoothing, and sparse keys with an error bound.

One interpolant serves all of it: the shape-preserving cubic (PCHIP, Fritsch and Carlson 1980).
Between two samples it never leaves their range, so a shape within 0..1 at the samples stays there.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import BadInputError
from .clip import MotionClip

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.intp]

_TAIL: Final = 4.0
"""Half width of the Gaussian kernel in standard deviations; what is cut off is below 1e-4."""


def resample(clip: MotionClip, fps: float, n_frames: int | None = None) -> MotionClip:
    """The same motion at `fps`: row i is the face at i / fps seconds.

    `n_frames` defaults to round(duration × fps); rows past the last sample hold it.
    Raises `BadInputError` if `fps` is not positive or frames are wanted from an empty clip.
    """
    if not (np.isfinite(fps) and fps > 0):
        raise BadInputError(
            f"The wanted rate is {fps} frames per second; it must be a positive number."
        )
    wanted = round(clip.duration_s * fps) if n_frames is None else n_frames
    if wanted < 0 or (wanted > 0 and clip.n_frames == 0):
        raise BadInputError(
            f"A clip of {clip.n_frames} frames can't be resampled to {wanted} frames."
        )
    positions = np.arange(wanted) * (clip.fps / fps)
    values = (
        clip.values
        if fps == clip.fps and wanted == clip.n_frames
        else sample(clip.values, positions)
    )
    return MotionClip(fps, clip.channels, np.asarray(values, np.float32))


def sample(values: ArrayLike, positions: ArrayLike) -> FloatArray:
    """Values [P, C] at fractional row numbers [P] of the curves through `values` [T, C].

    Positions past either end hold the end row.
    """
    rows = np.asarray(values, np.float64)
    if len(rows) < 2:
        return np.repeat(rows, np.size(positions), axis=0)
    at = np.clip(np.asarray(positions, np.float64), 0, len(rows) - 1)
    left = np.minimum(at.astype(np.intp), len(rows) - 2)
    tangents = slopes(rows)
    u = (at - left)[:, None]
    return hermite(u, rows[left], rows[left + 1], tangents[left], tangents[left + 1])


def slopes(values: ArrayLike) -> FloatArray:
    """Shape-preserving slopes [T, C], per row, at the rows of `values` [T, C]: 0 at extrema."""
    rows = np.asarray(values, np.float64)
    if len(rows) < 3:
        return (
            np.repeat(np.diff(rows, axis=0), 2, axis=0) if len(rows) == 2 else np.zeros_like(rows)
        )
    steps = np.diff(rows, axis=0)
    before, after = steps[:-1], steps[1:]
    same_way = before * after > 0
    harmonic = np.divide(
        2 * before * after, before + after, out=np.zeros_like(before), where=same_way
    )
    return np.concatenate(
        [_end_slope(steps[0], steps[1]), harmonic, _end_slope(steps[-1], steps[-2])]
    )


def _end_slope(nearest: FloatArray, second: FloatArray) -> FloatArray:
    """One-sided three-point slope [1, C], limited so that the end segment stays monotone."""
    slope = 1.5 * nearest - 0.5 * second
    slope = np.where(slope * nearest <= 0, 0.0, slope)
    overshoots = (nearest * second < 0) & (np.abs(slope) > 3 * np.abs(nearest))
    return np.where(overshoots, 3 * nearest, slope)[None]


def hermite(
    u: FloatArray,
    start: FloatArray,
    end: FloatArray,
    start_slope: FloatArray,
    end_slope: FloatArray,
) -> FloatArray:
    """The cubic with the given ends at `u` in 0..1; a slope is the rise over the whole segment."""
    rise = end - start
    bend = start_slope + end_slope - 2 * rise
    return start + u * (start_slope + u * (rise - start_slope - bend + u * bend))


def smooth(clip: MotionClip, cutoff_hz: float) -> MotionClip:
    """Low-pass without delay: a symmetric Gaussian whose gain at `cutoff_hz` is -3 dB.

    Its weights are positive and the motion is continued by mirroring it through its end points, so
    no value leaves the channel's range and the first and last frame keep theirs. Raises `BadInputError` if `cutoff_hz` is not positive.
    """
    if not (np.isfinite(cutoff_hz) and cutoff_hz > 0):
        raise BadInputError(
            f"The filter's cut-off is {cutoff_hz} Hz; it must be a positive number."
        )
    if clip.n_frames < 2:
        return clip
    sigma = np.sqrt(np.log(2)) / (2 * np.pi * cutoff_hz) * clip.fps
    reach = min(int(np.ceil(_TAIL * sigma)), clip.n_frames - 1)
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    weights /= weights.sum()
    rows = clip.values.astype(np.float64)
    head = 2 * rows[0] - rows[reach:0:-1]
    tail = 2 * rows[-1] - rows[-2 : -reach - 2 : -1]
    padded = np.concatenate([head, rows, tail])
    out = np.zeros_like(rows)
    for k, weight in enumerate(weights):
        out += weight * padded[k : k + clip.n_frames]
    return MotionClip(clip.fps, clip.channels, out.astype(np.float32))
