"""Sparse keys with an error bound: from a curve with a value on every row to one that an animator
can edit.

Two steps. From coarse to fine, keys are set where a curve misses the dense one by too much, with
the dense curve's slopes. Then `key_removal` takes those out that other slopes make needless.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import BadInputError
from .arkit import HEAD_CHANNELS
from .clip import MotionClip
from .curves import Interpolation, KeyedCurve, slopes
from .key_removal import DenseCurves, remove_keys

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.intp]

LEAST_TURN_RAD: Final = 0.1
"""A head that turns less than this is keyed as if it turned so far: a hundredth of it, 0.06
degrees, is no visible error."""
_ROUNDING: Final = 1e-9
"""Errors below this come from arithmetic and don't deserve a key."""
_VALUES: Final = 8000
"""So many values are looked at together, at least one channel."""
_LONG: Final = 1024  # rows: longer than nearly every line of dialogue
_ABOUT: Final = 0.95


def reduce_clip(
    clip: MotionClip,
    bound: float = 0.01,
    pins: Mapping[str, ArrayLike] | None = None,
    ranges: Mapping[str, float] | None = None,
    *,
    is_linear: bool = False,
) -> tuple[KeyedCurve, ...]:
    """The fewest keys found that keep every channel within `bound` of its range at every row, with
    cubics or straight lines between them.

    A channel's range is the one in `ranges`, else 1 for a shape and for a head channel its own
    reach in this clip, at least `LEAST_TURN_RAD`. `pins` are rows by channel that get a key in any
    case (see `closure_pins`). A key has the dense curve's value, and the slope that fits the
    rows around it best without leaving the values that the channel has in the clip.
    Raises `BadInputError` if the clip is empty or `bound` is negative.
    """
    steps = reduce_in_steps(clip, bound, pins, ranges, is_linear=is_linear)
    while True:
        try:
            next(steps)
        except StopIteration as done:
            return done.value


def reduce_in_steps(
    clip: MotionClip,
    bound: float = 0.01,
    pins: Mapping[str, ArrayLike] | None = None,
    ranges: Mapping[str, float] | None = None,
    *,
    is_linear: bool = False,
) -> Generator[float, None, tuple[KeyedCurve, ...]]:
    """As `reduce_clip`, for hosts that must draw meanwhile: it yields how far it is, 0 to 1, every
    few milliseconds."""
    if clip.n_frames == 0 or not bound >= 0:
        raise BadInputError(
            f"Keys can't be made from {clip.n_frames} frames with an error bound of {bound}; "
            "at least one frame and a bound of 0 or more are needed."
        )
    kind = Interpolation.linear if is_linear else Interpolation.smooth
    n_channels = len(clip.channels)
    at_once = max(1, _VALUES // clip.n_frames)
    curves: list[KeyedCurve] = []
    for first in range(0, n_channels, at_once):
        names = clip.channels[first : first + at_once]
        rows = clip.values[:, first : first + at_once].astype(np.float64)
        pinned = _pinned(names, clip.n_frames, pins or {})
        tolerance = bound * _ranges(names, rows, ranges or {})
        tangents = slopes(rows)
        kept = _kept_rows(rows, None if is_linear else tangents, tolerance, pinned)
        yield first / n_channels
        if not is_linear:
            dense = _dense(rows, tangents, tolerance, pinned)
            tangents = tangents.ravel(order="F")
            for _ in remove_keys(dense, kept, tangents):
                yield first / n_channels
            tangents = tangents.reshape(rows.shape, order="F")
        for i, (name, is_key) in enumerate(zip(names, np.split(kept, len(names)), strict=True)):
            at = np.flatnonzero(is_key)
            curves.append(KeyedCurve(name, at, rows[at, i], tangents[at, i], kind))
    return tuple(curves)


def _pinned(
    names: tuple[str, ...], n_frames: int, pins: Mapping[str, ArrayLike]
) -> NDArray[np.bool_]:
    pinned = np.zeros((n_frames, len(names)), bool)
    pinned[[0, -1]] = True
    for i, name in enumerate(names):
        pinned[np.asarray(pins.get(name, ()), np.intp), i] = True
    return pinned


def _ranges(names: tuple[str, ...], rows: FloatArray, ranges: Mapping[str, float]) -> FloatArray:
    reach = np.maximum(np.ptp(rows, axis=0), LEAST_TURN_RAD)
    default = np.where(np.isin(names, HEAD_CHANNELS), reach, 1.0)
    return np.array([ranges.get(name, own) for name, own in zip(names, default, strict=True)])


def _dense(
    rows: FloatArray, tangents: FloatArray, tolerance: FloatArray, pinned: NDArray[np.bool_]
) -> DenseCurves:
    halfway = rows.copy()
    halfway[:-1] = (rows[:-1] + rows[1:]) / 2 + (tangents[:-1] - tangents[1:]) / 8
    allowed, lowest, highest = tolerance + _ROUNDING, rows.min(axis=0), rows.max(axis=0)

    def corridor(truth: FloatArray) -> tuple[FloatArray, FloatArray]:
        low = np.maximum(truth - allowed, lowest - _ROUNDING)
        high = np.minimum(truth + allowed, highest + _ROUNDING)
        return low.ravel(order="F"), high.ravel(order="F")

    flat = rows.ravel(order="F"), corridor(rows), corridor(halfway), pinned.ravel(order="F")
    return DenseCurves(len(rows), *flat)


def _kept_rows(
    rows: FloatArray, tangents: FloatArray | None, tolerance: FloatArray, pinned: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Which rows to keep, channel after channel [C * T]: segments, straight without `tangents`, are
    cut at their worst row until all are good.

    All channels lie end to end in one array, so that each round works on every open segment of
    every channel at once. Slopes belong to rows and don't change, so a good segment stays good.
    """
    values = rows.ravel(order="F")
    slope = None if tangents is None else tangents.ravel(order="F")
    allowed = np.repeat(tolerance + _ROUNDING, len(rows))
    kept = pinned.flatten(order="F")
    keys = np.flatnonzero(kept)
    starts, ends = keys[:-1], keys[1:]
    while True:
        open_ = ends - starts > 1
        # from one channel's last row to the next channel's first there is nothing between
        starts, ends = starts[open_], ends[open_]
        if not len(starts):
            return kept
        cuts, is_bad = _worst_rows(values, slope, allowed, starts, ends)
        kept[cuts[is_bad]] = True
        starts = np.concatenate([starts[is_bad], cuts[is_bad]])
        ends = np.concatenate([cuts[is_bad], ends[is_bad]])


def _worst_rows(
    values: FloatArray,
    slope: FloatArray | None,
    allowed: FloatArray,
    starts: IndexArray,
    ends: IndexArray,
) -> tuple[IndexArray, NDArray[np.bool_]]:
    """Per segment the row that its cubic or line misses most, and whether it misses by too much.

    In a long segment a row near its middle that is missed about as much, or a motion that repeats
    would be cut swing by swing from one end.
    """
    span = ends - starts
    rise = (values[ends] - values[starts]) / span
    inside = span - 1
    last = np.cumsum(inside)
    first = last - inside
    before = np.repeat(first - 1, inside)
    x = np.arange(len(before)) - before
    row = x + np.repeat(starts, inside)
    if slope is None:
        drawn = np.repeat(values[starts], inside) + x * np.repeat(rise, inside)
    else:
        square = (3 * rise - 2 * slope[starts] - slope[ends]) / span
        cube = (slope[starts] + slope[ends] - 2 * rise) / span**2
        drawn = x * (np.repeat(square, inside) + x * np.repeat(cube, inside))
        drawn = np.repeat(values[starts], inside) + x * (np.repeat(slope[starts], inside) + drawn)
    miss = np.abs(drawn - values[row])
    worst = np.maximum.reduceat(miss, first)
    near = worst * np.where(span > _LONG, _ABOUT, 1.0)
    hits = np.flatnonzero(miss >= np.repeat(near, inside))
    middle = (np.searchsorted(hits, first) + np.searchsorted(hits, last)) // 2
    return row[hits[middle]], worst > allowed[starts]
