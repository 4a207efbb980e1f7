"""Keys of one curve replaced within a range, without moving what is outside of it.

The curve is cut at both ends of the range (de Casteljau), so that it runs outside as it did; of the
keys there only the handle that points into the range gets shorter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import bpy
import numpy as np

from ..library import Interpolation, KeyedCurve
from .actions import ALIGNED, AUTO_CLAMPED, BEZIER, CONSTANT, FREE, Span, points_of

# Numbers of the enumerations as `foreach_get` gives them; the same in 4.5 to 5.2.
_AUTO_TYPES = (1, 4)
_VECTOR = 2

_CLOSE = 1e-3
_HALVINGS = 50

_FIELDS = {
    "co": (2, np.float32),
    "handle_left": (2, np.float32),
    "handle_right": (2, np.float32),
    "interpolation": (1, np.int32),
    "handle_left_type": (1, np.int32),
    "handle_right_type": (1, np.int32),
    "easing": (1, np.int32),
    "type": (1, np.int32),
    "back": (1, np.float32),
    "amplitude": (1, np.float32),
    "period": (1, np.float32),
    "select_control_point": (1, bool),
    "select_left_handle": (1, bool),
    "select_right_handle": (1, bool),
}
_DEFAULTS = {"back": 1.70158, "amplitude": 0.8, "period": 4.1}
_NEW = {
    "interpolation": BEZIER,
    "handle_left_type": AUTO_CLAMPED,
    "handle_right_type": AUTO_CLAMPED,
    "select_control_point": True,
    "select_left_handle": True,
    "select_right_handle": True,
}
"""What Blender gives a new key, if not 0."""

_Keys = dict[str, np.ndarray]
"""Every property [K, width] of keyframes [K]."""


@dataclass(frozen=True, eq=False)
class _End:
    """The old curve at one end of the range: its point, the handle that led there from outside, and
    what the key next to it outside gets for its inner handle (None: what it has). `is_smooth`: a
    Bezier led there."""

    point: np.ndarray
    outer_handle: np.ndarray
    neighbour_handle: np.ndarray | None
    is_smooth: bool

    @property
    def slope(self) -> float:
        run, rise = self.point - self.outer_handle
        return float(rise / run) if abs(run) > 1e-6 else 0.0


@dataclass(frozen=True, eq=False)
class Replacement:
    """What the keys of a curve are to be, worked out from those it had."""

    n_new: int
    keys: np.ndarray
    """All of them, as a record holds them: frame, value, and the values of both handles."""
    _properties: dict[str, np.ndarray]
    _is_exact: bool

    def write(self, f_curve: bpy.types.FCurve) -> None:
        points = f_curve.keyframe_points
        points.clear()
        points.add(len(self.keys))
        for name, values in self._properties.items():
            points.foreach_set(name, values)
        f_curve.update()
        if self._is_exact:
            for side in ("handle_left", "handle_right"):  # which `update` turned by their rounding
                points.foreach_set(side, self._properties[side])


def replace_keys(
    f_curve: bpy.types.FCurve,
    curve: KeyedCurve,
    span: Span,
    first_row: int,
    last_row: int,
    kept_frames: Sequence[float] = (),
) -> Replacement:
    """How to draw `curve` from `first_row` to `last_row` in place of the old keys there but for
    those at `kept_frames`. Smooth and linear curves have keys at both rows; stepped ones are cut at
    the first and the last whole frame between them."""
    first, last = span.frame_of(first_row), span.frame_of(last_row)
    if curve.interpolation is Interpolation.stepped:
        first, last = float(np.ceil(first - _CLOSE)), float(np.floor(last + _CLOSE))
    old = _read(f_curve)
    frames = old["co"][:, 0]
    before, after = frames < first - _CLOSE, frames > last + _CLOSE
    kept = ~before & ~after & _is_near(frames, kept_frames, _CLOSE)

    left = _cut(f_curve, old, first, outside=-1) if before.any() else None
    right = _cut(f_curve, old, last, outside=1) if after.any() else None
    if curve.interpolation is Interpolation.stepped:
        if left is not None and _interpolation_at(old, first - 2 * _CLOSE) == CONSTANT:
            left = None  # the old pose is held until the next
        new = _new_poses(curve, span, first, last, left, right)
    else:
        new = _new_keys(curve, span, first_row, last_row, left, right)
    if right is not None:  # the old segment's way on
        new["interpolation"][-1] = _interpolation_at(old, last)
    around = [_part(old, before), _part(old, after)]
    if left is not None and left.neighbour_handle is not None:
        _shorten(around[0], -1, "handle_right", left.neighbour_handle)
    if right is not None and right.neighbour_handle is not None:
        _shorten(around[1], 0, "handle_left", right.neighbour_handle)

    close = _is_near(new["co"][:, 0], frames[kept], span.frames_per_row / 2)
    close[[0, -1]] = _is_near(new["co"][[0, -1], 0], frames[kept], _CLOSE)
    new = _part(new, ~close)
    return _replacement(len(new["co"]), [around[0], new, _part(old, kept), around[1]])


def _new_keys(
    curve: KeyedCurve,
    span: Span,
    first_row: int,
    last_row: int,
    left: _End | None,
    right: _End | None,
) -> _Keys:
    within = (curve.rows >= first_row) & (curve.rows <= last_row)
    values, slopes = curve.values[within].copy(), curve.slopes[within].copy()
    for end, i in ((left, 0), (right, -1)):
        if end is not None:
            values[i] = end.point[1]
            slopes[i] = end.slope * span.frames_per_row if end.is_smooth else slopes[i]
    curve = replace(curve, rows=curve.rows[within], values=values, slopes=slopes)
    return _as_keys(curve, span, left, right)


def _new_poses(
    curve: KeyedCurve,
    span: Span,
    first: float,
    last: float,
    left: _End | None,
    right: _End | None,
) -> _Keys:
    """The poses from frame `first` to `last`; at the ends given the old curve is met."""
    frames = span.start + curve.rows * span.frames_per_row
    within = (frames > first - _CLOSE) & (frames < last + _CLOSE)
    rows, values = curve.rows[within], curve.values[within]
    for end, frame in ((left, first), (right, last)):
        if end is not None:
            others = np.abs(span.frame_of(rows) - frame) > _CLOSE
            rows, values = rows[others], values[others]
            place = np.searchsorted(rows, span.row_at(frame))
            rows = np.insert(rows, place, span.row_at(frame))
            values = np.insert(values, place, end.point[1])
    curve = replace(curve, rows=rows, values=values, slopes=np.zeros(len(rows)))
    return _as_keys(curve, span, left, right)


def _as_keys(curve: KeyedCurve, span: Span, left: _End | None, right: _End | None) -> _Keys:
    """The keys of a new curve; the first and the last get the handles that lead outside."""
    points = points_of(curve, span)
    keys = {
        name: np.full((len(points.co), width), _DEFAULTS.get(name, 0), dtype)
        for name, (width, dtype) in _FIELDS.items()
    }
    keys["co"][:], keys["interpolation"][:] = points.co, points.kind
    for side, handles in (("handle_left", points.left), ("handle_right", points.right)):
        keys[side][:], keys[f"{side}_type"][:] = handles, points.handle
    is_smooth = curve.interpolation is Interpolation.smooth
    for end, i, side in ((left, 0, "handle_left"), (right, -1, "handle_right")):
        if end is not None and (is_smooth or end.is_smooth):
            keys[side][i] = end.outer_handle
            if not (is_smooth and end.is_smooth):
                keys["handle_left_type"][i] = keys["handle_right_type"][i] = FREE
    return keys


def _cut(f_curve: bpy.types.FCurve, old: _Keys, frame: float, outside: int) -> _End:
    """The old curve at `frame`, seen from the left (`outside` -1) or from the right (1)."""
    frames = old["co"][:, 0]
    point = np.array([frame, f_curve.evaluate(frame)])
    here = np.flatnonzero(np.abs(frames - frame) < _CLOSE)
    side = "handle_left" if outside < 0 else "handle_right"
    i = np.flatnonzero(frames < frame - _CLOSE)[-1:]
    j = np.flatnonzero(frames > frame + _CLOSE)[:1]
    neighbour = (i if outside < 0 else j)[0]
    if len(here):  # a key is there already, so the segment outside stays as it is
        k = here[0]
        is_smooth = old["interpolation"][k if outside > 0 else neighbour, 0] == BEZIER
        return _End(old["co"][k], old[side][k], None, bool(is_smooth))
    if not (len(i) and len(j)):  # beyond the last key the curve goes on level
        reach = (point - old["co"][neighbour]) / 3 * (1, 0)
        return _End(point, point - reach, old["co"][neighbour] + reach, is_smooth=True)
    start, end = i[0], j[0]
    if old["interpolation"][start, 0] != BEZIER:
        outer = point + (old["co"][neighbour] - point) / 3
        return _End(point, outer, None, is_smooth=False)
    bezier = _corrected(
        old["co"][start], old["handle_right"][start], old["handle_left"][end], old["co"][end]
    )
    first_half, second_half = _split(bezier, frame)
    half = first_half if outside < 0 else second_half[::-1]
    return _End(half[3], half[2], half[1], is_smooth=True)


def _corrected(
    start: np.ndarray, handle_start: np.ndarray, handle_end: np.ndarray, end: np.ndarray
) -> np.ndarray:
    """The four points [4, 2] as Blender draws them: no handle reaches beyond the other key."""
    points = np.array([start, handle_start, handle_end, end], np.float64)
    length = points[3, 0] - points[0, 0]
    for handle, key in ((1, 0), (2, 3)):
        reach = abs(points[handle, 0] - points[key, 0])
        if reach > length:
            points[handle] = points[key] + (points[handle] - points[key]) * length / reach
    return points


def _split(points: np.ndarray, frame: float) -> tuple[np.ndarray, np.ndarray]:
    """Both parts [4, 2] of a Bezier cut at `frame`."""
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):  # frames only grow along the curve
        u = (low + high) / 2
        weights = ((1 - u) ** 3, 3 * u * (1 - u) ** 2, 3 * u * u * (1 - u), u**3)
        low, high = (u, high) if points[:, 0] @ weights < frame else (low, u)
    levels = [points]
    for _ in range(3):
        levels.append((1 - low) * levels[-1][:-1] + low * levels[-1][1:])
    return np.array([level[0] for level in levels]), np.array([level[-1] for level in levels[::-1]])


def _shorten(keys: _Keys, i: int, side: str, handle: np.ndarray) -> None:
    """Give a key next to the range its inner handle, and keep Blender from working out others."""
    for name in ("handle_left", "handle_right"):
        kind = keys[f"{name}_type"]
        if kind[i, 0] in _AUTO_TYPES:
            kind[i] = ALIGNED
        elif kind[i, 0] == _VECTOR and name == side:
            kind[i] = FREE
    keys[side][i] = handle
    left, right = (keys[name][i] - keys["co"][i] for name in ("handle_left", "handle_right"))
    if abs(left[0] * right[1] - left[1] * right[0]) > _CLOSE * abs(left[0] * right[0]):
        keys[f"{side}_type"][i] = FREE  # the two don't lie in one line


def _interpolation_at(old: _Keys, frame: float) -> int:
    """How the old curve goes on from `frame`."""
    earlier = np.flatnonzero(old["co"][:, 0] <= frame + _CLOSE)
    return int(old["interpolation"][earlier[-1], 0]) if len(earlier) else BEZIER


def _is_near(frames: np.ndarray, others: Sequence[float] | np.ndarray, reach: float) -> np.ndarray:
    """Which of `frames` [K] have one of `others` nearer than `reach`."""
    distances = np.abs(np.asarray(frames)[:, None] - np.asarray(others, np.float64)[None])
    return np.any(distances < reach, axis=1)


def _part(keys: _Keys, mask: np.ndarray) -> _Keys:
    return {name: values[mask] for name, values in keys.items()}


def _read(f_curve: bpy.types.FCurve) -> _Keys:
    points = f_curve.keyframe_points
    keys = {}
    for name, (width, dtype) in _FIELDS.items():
        values = np.empty(len(points) * width, dtype)
        points.foreach_get(name, values)
        keys[name] = values.reshape(-1, width)
    return keys


def _replacement(n_new: int, parts: Sequence[_Keys]) -> Replacement:
    keys = {name: np.concatenate([part[name] for part in parts]) for name in _FIELDS}
    order = np.argsort(keys["co"][:, 0], kind="stable")
    keys = {name: np.ascontiguousarray(values[order]) for name, values in keys.items()}
    shown = [keys["co"], keys["handle_left"][:, 1:], keys["handle_right"][:, 1:]]
    return Replacement(
        n_new,
        np.concatenate(shown, axis=1),
        {
            name: values.ravel()
            for name, values in keys.items()
            if values.shape[1] == 2 or (values != _NEW.get(name, 0)).any()
        },
        not np.isin(keys["handle_left_type"], _AUTO_TYPES).any(),
    )
