"""What is to be keyed: plugs with their values, and where a performance lies in the scene."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..library import (
    Interpolation,
    KeyedCurve,
    KeyStyle,
    MotionClip,
    hermite,
    hold_poses,
    reduce_clip,
    step_clip,
)

FloatArray = NDArray[np.float64]

_LEAST_RISE = 1e-9


@dataclass(frozen=True)
class Span:
    """Where the rows of a clip lie: row 0 at the scene frame `start`."""

    start: float
    frames_per_row: float
    rows: int

    @property
    def end(self) -> float:
        """The frame of the last row."""
        return self.start + (self.rows - 1) * self.frames_per_row

    def frames(self, rows: FloatArray) -> FloatArray:
        """The frames of rows [K]; whole ones are exactly whole."""
        frames = self.start + rows * self.frames_per_row
        whole = np.round(frames)
        return np.where(np.abs(frames - whole) < 1e-6, whole, frames)


@dataclass(frozen=True, eq=False)
class Track:
    """One plug and its values [T] in the interface's unit (degrees, not radians).

    `extent` is what an error bound is a share of; `pins` are rows that get a key in any case;
    `is_mouth` tells whether stepped keys show it as the lips close.
    """

    plug: str
    values: FloatArray
    extent: float = 1.0
    pins: tuple[int, ...] = ()
    is_mouth: bool = False


@dataclass(frozen=True, eq=False)
class Keys:
    """Keys of one plug: frames [K], values [K] in the interface's unit, and slopes [K] per
    frame."""

    plug: str
    frames: FloatArray
    values: FloatArray
    slopes: FloatArray
    interpolation: Interpolation


def key_tracks(
    tracks: Sequence[Track], clip: MotionClip, style: KeyStyle, span: Span
) -> list[Keys]:
    """Keys for all tracks in the wished style. `clip` is the performance that they come from.

    Raises `BadInputError` if it is empty.
    """
    values = MotionClip(
        clip.fps,
        tuple(track.plug for track in tracks),
        np.stack([track.values for track in tracks], axis=1).astype(np.float32),
    )
    if style.interpolation is Interpolation.stepped:
        holds = hold_poses(clip, style.hold_frames, span.start, span.frames_per_row)
        curves = step_clip(values, holds, [track.plug for track in tracks if track.is_mouth])
    else:
        curves = reduce_clip(
            values,
            style.bound,
            {track.plug: np.array(track.pins, np.intp) for track in tracks if track.pins},
            {track.plug: track.extent for track in tracks},
            is_linear=style.interpolation is Interpolation.linear,
        )
    return [_keys_of(curve, span) for curve in curves]


def _keys_of(curve: KeyedCurve, span: Span) -> Keys:
    rows, values, slopes = _without_level_pairs(curve)
    return Keys(
        curve.channel,
        span.frames(rows),
        values,
        slopes / span.frames_per_row,
        curve.interpolation,
    )


def _without_level_pairs(curve: KeyedCurve) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Maya holds a curve level between two keys of the same value, whatever their tangents say, so
    an arc between such keys gets one more key at its middle."""
    rows = curve.rows.astype(np.float64)
    values, slopes = curve.values.astype(np.float64), curve.slopes.astype(np.float64)
    if curve.interpolation is not Interpolation.smooth or len(rows) < 2:
        return rows, values, slopes
    span = np.diff(rows)
    bends = np.maximum(np.abs(slopes[:-1]), np.abs(slopes[1:])) * span > _LEAST_RISE
    at = np.flatnonzero((values[:-1] == values[1:]) & bends)
    if not len(at):
        return rows, values, slopes
    half = np.full(len(at), 0.5)
    start, end = slopes[at] * span[at], slopes[at + 1] * span[at]
    middle = hermite(half, values[at], values[at + 1], start, end)
    # of an S the middle is as high as both ends: what nobody sees keeps them apart
    middle = np.where(middle == values[at], middle + 1e-7, middle)
    slope = -(start + end) / 4 / span[at]
    return (
        np.insert(rows, at + 1, rows[at] + span[at] / 2),
        np.insert(values, at + 1, middle),
        np.insert(slopes, at + 1, slope),
    )
