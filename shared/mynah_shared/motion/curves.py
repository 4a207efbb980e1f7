"""Curves between samples: change of rate, smoothing, keys and the curves through them.

One interpolant serves all of it: the shape-preserving cubic (PCHIP, Fritsch and Carlson 1980).
Between two samples it never leaves their range, so a shape within 0..1 at the samples stays there.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import BadInputError
from .clip import MotionClip

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.intp]

_TAIL: Final = 4.0
"""Half width of the Gaussian kernel in standard deviations; what is cut off is below 1e-4."""

SAME_ROW: Final = 1e-6
"""Row numbers nearer than this are the same one."""

_CLOSURE_DEPTH: Final = 0.02
"""How far the lips must close and open again for the moment between to count as a closure."""

CLOSING_CHANNELS: Final = (
    *("jawOpen", "mouthClose", "mouthPressLeft", "mouthPressRight"),
    *("mouthRollLower", "mouthRollUpper"),
)
"""The channels that together shut the mouth; the first two make the opening."""


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
    at = np.minimum(np.maximum(np.asarray(positions, np.float64), 0), len(rows) - 1)
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
    no value leaves the channel's range and the first and last frame keep theirs.
    Raises `BadInputError` if `cutoff_hz` is not positive.
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


class Interpolation(Enum):
    """How a curve runs from key to key."""

    smooth = "smooth"
    linear = "linear"
    stepped = "stepped"


@dataclass(frozen=True)
class KeyStyle:
    """How a performance is keyed.

    Smooth and linear curves have the fewest keys found that keep them within `bound`, a share of a
    channel's range. Stepped curves hold each pose for `hold_frames` frames of the scene.
    Raises `BadInputError` if a pose is held for less than a frame or the bound is negative.
    """

    interpolation: Interpolation = Interpolation.smooth
    hold_frames: int = 1
    bound: float = 0.01

    def __post_init__(self) -> None:
        if self.hold_frames < 1:
            raise BadInputError(
                f"Stepped keys can't hold a pose for {self.hold_frames} frames; it takes 1 or more."
            )
        if not self.bound >= 0:
            raise BadInputError(
                f"The error bound of keys is {self.bound}; it must be 0 or a positive number."
            )


@dataclass(frozen=True, eq=False)
class KeyedCurve:
    """One channel as sparse keys, its first and last among them.

    `rows` [K] are row numbers of the clip, ascending, whole ones but for stepped curves; `values`
    are [K]. From key to key runs the cubic with the `slopes` [K] (per row), a straight line, or the
    left key's value. A host draws exactly the cubic with Bezier handles a third of the way to the
    neighbouring keys (Blender), or with fixed tangents of these slopes (Maya).
    """

    channel: str
    rows: IndexArray | FloatArray
    values: FloatArray
    slopes: FloatArray
    interpolation: Interpolation = Interpolation.smooth

    def at(self, positions: ArrayLike) -> FloatArray:
        """Values [P] at fractional row numbers [P] between the first and the last key."""
        wanted = np.asarray(positions, np.float64)
        if self.interpolation is Interpolation.stepped:
            held = np.searchsorted(self.rows, wanted + SAME_ROW, side="right") - 1
            return self.values[np.maximum(held, 0)]
        left = np.searchsorted(self.rows, wanted, side="right") - 1
        left = np.minimum(np.maximum(left, 0), max(len(self.rows) - 2, 0))
        right = np.minimum(left + 1, len(self.rows) - 1)
        span = np.maximum(self.rows[right] - self.rows[left], 1)
        u, start, end = (wanted - self.rows[left]) / span, self.values[left], self.values[right]
        if self.interpolation is Interpolation.linear:
            return start + u * (end - start)
        return hermite(u, start, end, self.slopes[left] * span, self.slopes[right] * span)


def closure_pins(clip: MotionClip) -> dict[str, IndexArray]:
    """Rows where the lips close or press most, for each of the clip's closing channels.

    These are the valleys of jawOpen - mouthClose and the peaks of mouthClose, press and roll: the
    frames that make a b, m or p read. All closing channels get a key there, so that neither an
    error bound nor a later edit between keys opens the mouth.
    """
    tracks = [-clip.column(name) for name in CLOSING_CHANNELS[1:] if name in clip.channels]
    if "jawOpen" in clip.channels:
        opening = clip.select(CLOSING_CHANNELS[:2]).values
        tracks.append(opening[:, 0] - opening[:, 1])
    rows = sorted({row for track in tracks for row in _valleys(track.tolist())})
    return {name: np.array(rows, np.intp) for name in CLOSING_CHANNELS if name in clip.channels}


def _valleys(track: list[float]) -> list[int]:
    """Rows of minima that the track falls to and rises from by at least `_CLOSURE_DEPTH`."""
    rows: list[int] = []
    top = bottom = 0
    is_falling = False
    for row, value in enumerate(track):
        if is_falling and value < track[bottom]:
            bottom = row
        elif not is_falling and value > track[top]:
            top = row
        if is_falling and value >= track[bottom] + _CLOSURE_DEPTH:
            rows.append(bottom)
            is_falling, top = False, row
        elif not is_falling and value <= track[top] - _CLOSURE_DEPTH:
            is_falling, bottom = True, row
    return rows
