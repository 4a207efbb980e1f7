"""Animation curves: keys, tangents, evaluation. Times are ticks, values are internal units.

Non-weighted curves are cubic Hermite splines of the tangents' slopes: Autodesk publishes that in
the devkit's example of the animation engine. The tangent types are described on the page of the
command keyTangent; the exact rule of "auto" is not public, so it is monotone here: level at
extremes and ends, else the spline's slope, never steeper than three times the flatter neighbour.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from maya._errors import NotInTheFake
from maya._units import TICKS

TANGENTS = {
    "global": 0,
    "fixed": 1,
    "linear": 2,
    "flat": 3,
    "spline": 4,
    "step": 5,
    "slow": 6,
    "fast": 7,
    "clamped": 8,
    "plateau": 9,
    "stepnext": 10,
    "auto": 11,
    "automix": 12,
    "autoease": 13,
    "autocustom": 14,
}
KNOWN = ("fixed", "linear", "flat", "spline", "step", "clamped", "plateau", "stepnext", "auto")
INFINITIES = {"constant": 0, "linear": 1, "cycle": 3, "cycleRelative": 4, "oscillate": 5}


@dataclass(frozen=True)
class Key:
    """One key. `in_slope` and `out_slope` (units a second) only matter to fixed tangents."""

    time: float  # ticks; the input's own unit where another attribute drives the curve
    value: float
    in_type: str = "auto"
    out_type: str = "auto"
    in_slope: float = 0.0
    out_slope: float = 0.0
    is_locked: bool = True
    is_breakdown: bool = False
    in_x: float = 0.0  # of weighted curves: three times the seconds that a fixed tangent reaches,
    out_x: float = 0.0  # or 0: the whole segment

    def __post_init__(self) -> None:
        for kind in (self.in_type, self.out_type):
            if kind not in KNOWN:
                raise NotInTheFake(f"the tangent type {kind}")


@dataclass(frozen=True, eq=False)
class Curve:
    """The keys of an animCurve node, in the order of time."""

    keys: tuple[Key, ...] = ()
    pre: str = "constant"
    post: str = "constant"
    is_weighted: bool = False  # whether tangents have lengths, or slopes only
    scale: float = TICKS  # of the input: ticks a second, or 1 for curves of another attribute

    @cached_property
    def times(self) -> list[float]:
        return [key.time for key in self.keys]

    @cached_property
    def slopes(self) -> list[tuple[float, float]]:
        """The slopes in and out of every key, in units a second."""
        return [
            (_slope(self.keys, i, True, self.scale), _slope(self.keys, i, False, self.scale))
            for i in range(len(self.keys))
        ]

    def find(self, ticks: float) -> int | None:
        i = bisect_left(self.times, ticks)
        return i if i < len(self.keys) and self.times[i] == ticks else None

    def with_key(self, key: Key) -> Curve:
        """The curve with one key more, or another one in its place."""
        return self.with_keys([*(old for old in self.keys if old.time != key.time), key])

    def with_keys(self, keys: Sequence[Key]) -> Curve:
        return replace(self, keys=tuple(sorted(keys, key=lambda key: key.time)))

    def evaluate(self, ticks: float) -> float:
        """The value at a time; a curve without keys gives 0."""
        if not self.keys:
            return 0.0
        first, last = self.times[0], self.times[-1]
        if ticks < first:
            return self._beyond(ticks, self.pre, first, last, before=True)
        if ticks > last:
            return self._beyond(ticks, self.post, first, last, before=False)
        return self._within(ticks)

    def _within(self, ticks: float) -> float:
        i = bisect_right(self.times, ticks) - 1
        left = self.keys[i]
        if ticks == left.time or i + 1 == len(self.keys):
            return left.value
        right = self.keys[i + 1]
        if left.out_type == "step":
            return left.value
        if left.out_type == "stepnext" or right.in_type == "stepnext":
            return right.value
        # Equal neighbours are held level whatever their tangents say: seen in Maya 2023 by the
        # authors of OpenUSD's spline tests (TsTest_MayapyDriver.py).
        if left.value == right.value:
            return left.value
        seconds = (right.time - left.time) / self.scale
        u = (ticks - left.time) / (right.time - left.time)
        if self.is_weighted:
            return self._weighted(left, right, self.slopes[i][1], self.slopes[i + 1][0], u)
        start, end = self.slopes[i][1] * seconds, self.slopes[i + 1][0] * seconds
        rise = right.value - left.value
        return left.value + u * (
            start + u * (3 * rise - 2 * start - end + u * (start + end - 2 * rise))
        )

    def _weighted(
        self, left: Key, right: Key, slope_out: float, slope_in: float, share: float
    ) -> float:
        """A Bezier curve whose inner points are a third of the tangents away from the keys."""
        length = (right.time - left.time) / self.scale
        out = left.out_x if left.out_type == "fixed" and left.out_x > 0 else length
        into = right.in_x if right.in_type == "fixed" and right.in_x > 0 else length
        out, into = min(out, 3 * length), min(into, 3 * length)  # time never runs backwards
        low, high = 0.0, 1.0
        for _ in range(60):
            u = (low + high) / 2
            x = _bezier(0.0, out / 3, length - into / 3, length, u)
            low, high = (u, high) if x < share * length else (low, u)
        ends = left.value + slope_out * out / 3, right.value - slope_in * into / 3
        return _bezier(left.value, *ends, right.value, low)

    def _beyond(self, ticks: float, kind: str, first: float, last: float, before: bool) -> float:
        edge = self.keys[0 if before else -1]
        if kind == "constant" or (kind != "linear" and first == last):
            return edge.value
        if kind == "linear":
            slope = self.slopes[0][0] if before else self.slopes[-1][1]
            return edge.value + slope * (ticks - edge.time) / self.scale
        cycle, rest = divmod(ticks - first, last - first)
        if kind == "oscillate" and int(cycle) % 2:
            rest = (last - first) - rest
        value = self._within(first + rest)
        if kind == "cycleRelative":
            value += cycle * (self.keys[-1].value - self.keys[0].value)
        return value


def _bezier(a: float, b: float, c: float, d: float, u: float) -> float:
    v = 1 - u
    return v**3 * a + 3 * u * v * v * b + 3 * u * u * v * c + u**3 * d


def _slope(keys: Sequence[Key], i: int, incoming: bool, scale: float) -> float:
    key = keys[i]
    kind = key.in_type if incoming else key.out_type
    if kind == "fixed":
        return key.in_slope if incoming else key.out_slope
    before = _secant(keys[i - 1], key, scale) if i > 0 else None
    after = _secant(key, keys[i + 1], scale) if i + 1 < len(keys) else None
    if kind in ("flat", "step", "stepnext") or (before is None and after is None):
        return 0.0
    if kind == "linear":
        near, far = (before, after) if incoming else (after, before)
        return (far if near is None else near) or 0.0
    if before is None or after is None:
        return (
            (after if before is None else before) or 0.0 if kind in ("spline", "clamped") else 0.0
        )
    smooth = _secant(keys[i - 1], keys[i + 1], scale)
    if kind == "spline":
        return smooth
    if kind == "clamped":
        return 0.0 if before == 0 or after == 0 else smooth
    if before * after <= 0:  # an extreme: plateau and auto are level there
        return 0.0
    limit = 3 * min(abs(before), abs(after))
    return math.copysign(min(abs(smooth), limit), smooth)


def _secant(left: Key, right: Key, scale: float) -> float:
    return (right.value - left.value) / ((right.time - left.time) / scale)
