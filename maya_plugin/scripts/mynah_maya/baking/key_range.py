"""Keys of curves replaced within a range, without moving what is outside of it.

A plain curve is a cubic between two keys, so a key that is inserted with the curve's own value and
slope cuts it without a change of shape. Tangents that Maya works out from the neighbours are fixed
as they are beside the range.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import maya.api.OpenMaya as om
import maya.api.OpenMayaAnim as oma
import numpy as np

from ..library import Interpolation
from .anim_curves import add_keys
from .curve_edit import plain_curve
from .tracks import FloatArray, Keys

_CLOSE = 1e-3
"""Frames nearer than this are the same."""


@dataclass(frozen=True, eq=False)
class Replacement:
    """What the keys of a curve from frame `first` to `last` become: `keys`, and those at the frames
    `kept`, which stay as they are."""

    curve: str
    keys: Keys
    first: float
    last: float
    kept: tuple[float, ...] = ()


def replace_keys(wanted: Replacement, change: oma.MAnimCurveChange) -> None:
    """Carry it out. Raises `BadInputError` for a curve whose tangents have lengths."""
    curve = plain_curve(wanted.curve)
    first, last = wanted.first, wanted.last
    frames = _frames(curve)
    is_cut_before = bool((frames < first - _CLOSE).any())
    is_cut_after = bool((frames > last + _CLOSE).any())
    way_on = _way_on(curve, last)
    _fix_beside(curve, first, last, change)
    if is_cut_before:
        _cut(curve, first, change)
    if is_cut_after:
        _cut(curve, last, change)
    low = first + _CLOSE if is_cut_before else first - _CLOSE
    high = last - _CLOSE if is_cut_after else last + _CLOSE
    frames = _frames(curve)
    kept = frames[_is_near(frames, wanted.kept, _CLOSE)]
    for i in reversed(range(len(frames))):
        if low < frames[i] < high and not _is_near(frames[i : i + 1], kept, _CLOSE).any():
            curve.remove(i, change)
    keys = wanted.keys
    stays = (keys.frames > low) & (keys.frames < high) & ~_is_near(keys.frames, kept, 0.5)
    if stays.any():
        add_keys(
            curve,
            Keys(
                keys.plug,
                keys.frames[stays],
                keys.values[stays],
                keys.slopes[stays],
                keys.interpolation,
            ),
            change,
        )
    _lead_in_and_out(curve, wanted, (is_cut_before, is_cut_after), way_on, change)


def _cut(curve: oma.MFnAnimCurve, frame: float, change: oma.MAnimCurveChange) -> None:
    """A key at a frame, and the curve as before."""
    frames, time = _frames(curve), om.MTime(frame, om.MTime.uiUnit())
    if _is_near(frames, (frame,), _CLOSE).any():
        return
    if frames[0] < frame < frames[-1]:
        curve.insertKey(time, change=change)
        return
    # beyond its ends the curve is level
    edge = curve.value(0 if frame < frames[0] else len(frames) - 1)
    flat = oma.MFnAnimCurve.kTangentFlat
    curve.addKey(time, edge, flat, flat, change=change)


def _fix_beside(
    curve: oma.MFnAnimCurve, first: float, last: float, change: oma.MAnimCurveChange
) -> None:
    """Keep tangents of the keys at the ends of the range, or next to it, from following what comes
    in between."""
    frames, fn = _frames(curve), oma.MFnAnimCurve
    free = (fn.kTangentFixed, fn.kTangentLinear, fn.kTangentFlat, fn.kTangentStep)
    free = (*free, fn.kTangentStepNext)
    outside = [*np.flatnonzero(frames < first + _CLOSE)[-1:]]
    outside += [*np.flatnonzero(frames > last - _CLOSE)[:1]]
    for i in map(int, outside):
        if curve.inTangentType(i) not in free:
            curve.setInTangentType(i, fn.kTangentFixed, change=change)
        if curve.outTangentType(i) not in free:
            curve.setOutTangentType(i, fn.kTangentFixed, change=change)


def _lead_in_and_out(
    curve: oma.MFnAnimCurve,
    wanted: Replacement,
    cut: tuple[bool, bool],
    way_on: int | None,
    change: oma.MAnimCurveChange,
) -> None:
    """The tangents of the keys at both ends that point into the range, in the style of the new
    keys; `way_on` is how the curve went on from the last frame."""
    fn, kind = oma.MFnAnimCurve, wanted.keys.interpolation
    steps = (fn.kTangentStep, fn.kTangentStepNext)
    start, end = _index(curve, wanted.first), _index(curve, wanted.last)
    if cut[0] and start is not None:
        inner = {Interpolation.stepped: fn.kTangentStep, Interpolation.linear: fn.kTangentLinear}
        is_held = curve.outTangentType(start) in steps
        if kind in inner or is_held:
            curve.setTangentsLocked(start, False, change=change)
            curve.setOutTangentType(start, inner.get(kind, fn.kTangentFlat), change=change)
        # else: with the slope of what is left
    if cut[1] and end is not None:
        if kind is Interpolation.linear or way_on in steps:
            curve.setTangentsLocked(end, False, change=change)
        if kind is Interpolation.linear:
            curve.setInTangentType(end, fn.kTangentLinear, change=change)
        if way_on in steps:
            curve.setOutTangentType(end, way_on, change=change)


def _way_on(curve: oma.MFnAnimCurve, frame: float) -> int | None:
    """The out tangent's type of the key that a frame follows; None before the first."""
    earlier = np.flatnonzero(_frames(curve) <= frame + _CLOSE)
    return curve.outTangentType(int(earlier[-1])) if len(earlier) else None


def _index(curve: oma.MFnAnimCurve, frame: float) -> int | None:
    at = np.flatnonzero(_is_near(_frames(curve), (frame,), _CLOSE))
    return int(at[0]) if len(at) else None


def _frames(curve: oma.MFnAnimCurve) -> FloatArray:
    unit = om.MTime.uiUnit()
    return np.array([curve.input(i).asUnits(unit) for i in range(curve.numKeys)], np.float64)


def _is_near(frames: FloatArray, others: Sequence[float] | FloatArray, reach: float) -> np.ndarray:
    """Which of `frames` [K] have one of `others` nearer than `reach`."""
    distances = np.abs(frames[:, None] - np.asarray(others, np.float64)[None])
    return np.any(distances < reach, axis=1)
