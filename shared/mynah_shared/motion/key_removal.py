"""Fewer keys for the same curve: keys go where their neighbours, with other slopes, can do without.

The dense curve's slope at a key is rarely the best one for a sparse curve. So a key is taken out by
fitting the slopes of the two keys beside it to all rows between the keys beyond, by least squares,
and it stays out if the new curve runs within its corridor on all these rows and halfway between.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.intp]
BoolArray = NDArray[np.bool_]
Corridor = tuple[FloatArray, FloatArray]
T = TypeVar("T", bound=np.generic)

_APART: Final = 4
"""So far apart among the keys are those that are tried at once: their fits share no segment."""
_NEAR: Final = np.array([-3, -2, -1, 1, 2, 3])
"""The keys whose fit another one's going changes."""
_PULL: Final = 0.1
"""How much a slope is held where it was, in rows: where there is hardly a row to fit, it must not
run wild."""
_FEW: Final = 20
"""If not one in so many of a curve's first `_PROBE` keys can go, it is noise and not worth the
time."""
_PROBE: Final = 1000


@dataclass(frozen=True)
class DenseCurves:
    """Curves of `length` rows each, end to end in arrays [N]: their `values`, the `corridor` of a
    sparse curve on the rows and that halfway from each to the next (the lowest and the highest it
    may be), and which keys are `pinned`, the first and the last of each curve among them."""

    length: int
    values: FloatArray
    corridor: Corridor
    corridor_halfway: Corridor
    pinned: BoolArray


def remove_keys(dense: DenseCurves, kept: BoolArray, slopes: FloatArray) -> Iterator[None]:
    """Takes keys out of `kept` [N] and changes the `slopes` [N], per row, of those that stay.

    Both fit together after each step, so one may stop at any.
    """
    untried = kept & ~dense.pinned
    is_first = True
    while untried.any():
        for phase in range(_APART):
            keys = np.flatnonzero(kept)
            curves = keys // dense.length
            order = np.arange(len(keys)) - np.searchsorted(keys, curves * dense.length)
            is_next = untried[keys] & (order % _APART == phase)
            places = np.flatnonzero(is_next & (order < _PROBE) if is_first else is_next)
            if not len(places):
                continue
            untried[keys[places]] = False
            gone = places[_remove(dense, keys, places, kept, slopes)]
            near = (gone[:, None] + _NEAR).ravel()
            near = keys[near[(near >= 0) & (near < len(keys))]]
            untried[near] = kept[near] & ~dense.pinned[near]
            if is_first:
                n_curves = len(kept) // dense.length
                n_tried = np.bincount(curves[places], minlength=n_curves)
                n_gone = np.bincount(curves[gone], minlength=n_curves)
                untried.reshape(n_curves, -1)[n_tried > _FEW * (n_gone + 1)] = False
            is_first = False
            yield


def _remove(
    dense: DenseCurves, keys: IndexArray, places: IndexArray, kept: BoolArray, slopes: FloatArray
) -> BoolArray:
    """Tries to do without the keys at `places` [P] among `keys`; tells which are gone [P].

    Between the keys left and right of one lies its new segment; the segments before and after it
    change their slope at one end.
    """
    left, right = keys[places - 1], keys[places + 1]
    # beyond the ends of a curve there is nothing
    has_before = np.flatnonzero(left % dense.length)
    has_after = np.flatnonzero((right + 1) % dense.length)
    new = _Segments(dense, left, right)
    before = _Segments(dense, keys[places - 2][has_before], left[has_before])
    after = _Segments(dense, right[has_after], keys[(places + 2) % len(keys)][has_after])

    new_rest = new.rest
    rest_before = before.rest - before.start * before.each(slopes[before.starts])
    rest_after = after.rest - after.end * after.each(slopes[after.ends])
    a, b = new.sum(new.start**2) + _PULL, new.sum(new.start * new.end)
    c = new.sum(new.end**2) + _PULL
    left_rest = new.sum(new.start * new_rest) + _PULL * slopes[left]
    right_rest = new.sum(new.end * new_rest) + _PULL * slopes[right]
    a[has_before] += before.sum(before.end**2)
    left_rest[has_before] += before.sum(before.end * rest_before)
    c[has_after] += after.sum(after.start**2)
    right_rest[has_after] += after.sum(after.start * rest_after)
    left_slopes = (c * left_rest - b * right_rest) / (a * c - b * b)
    right_slopes = (a * right_rest - b * left_rest) / (a * c - b * b)

    is_good = np.ones(len(places), bool)
    for is_halfway in (False, True):
        for segments, among, start, end in (
            (new, np.arange(len(places)), left_slopes, right_slopes),
            (before, has_before, slopes[before.starts], left_slopes[has_before]),
            (after, has_after, right_slopes[has_after], slopes[after.ends]),
        ):
            some = np.flatnonzero(is_good[among])
            if len(some) < len(among) or is_halfway:
                segments = segments.some(some, is_halfway=is_halfway)
            is_good[among[some]] = segments.are_within(start[some], end[some])
    kept[keys[places[is_good]]] = False
    slopes[left[is_good]] = left_slopes[is_good]
    slopes[right[is_good]] = right_slopes[is_good]
    return is_good


class _Segments:
    """Segments from key to key [S], and all their rows, end to end [R]; each row is moved halfway
    to the next if `is_halfway`."""

    def __init__(
        self, dense: DenseCurves, starts: IndexArray, ends: IndexArray, *, is_halfway: bool = False
    ) -> None:
        self.starts, self.ends = starts, ends
        self._dense = dense
        self._corridor = dense.corridor_halfway if is_halfway else dense.corridor
        self._span = ends - starts
        self._first = np.cumsum(self._span) - self._span
        within = np.arange(self._span.sum(), dtype=np.intp) - self.each(self._first)
        self._rows = within + self.each(starts)
        self._x = within + 0.5 * is_halfway
        self._u = self._x / self.each(self._span)

    def some(self, chosen: IndexArray, *, is_halfway: bool) -> _Segments:
        return _Segments(self._dense, self.starts[chosen], self.ends[chosen], is_halfway=is_halfway)

    @cached_property
    def start(self) -> FloatArray:
        """What a slope of 1 at its start adds to a segment [R]."""
        return self._x * (1 - self._u) ** 2

    @cached_property
    def end(self) -> FloatArray:
        """What a slope of 1 at its end adds to a segment [R]."""
        return self._x * self._u * (self._u - 1)

    @cached_property
    def level(self) -> FloatArray:
        """The cubics that are level at both ends [R]."""
        values, u = self._dense.values, self._u
        rise = self.each(values[self.ends] - values[self.starts]) * (u * u * (3 - 2 * u))
        return self.each(values[self.starts]) + rise

    @property
    def rest(self) -> FloatArray:
        """What the dense curve is above them [R]."""
        return self._dense.values[self._rows] - self.level

    def each(self, values: NDArray[T]) -> NDArray[T]:
        """The value of each row's segment: [S] to [R]."""
        return np.repeat(values, self._span)

    def sum(self, values: FloatArray) -> FloatArray:
        """The sum over each segment's rows: [R] to [S]."""
        return np.add.reduceat(values, self._first) if len(self._first) else np.zeros(0)

    def are_within(self, start_slopes: FloatArray, end_slopes: FloatArray) -> BoolArray:
        """Whether the cubics with these slopes [S] run within the corridor [S]."""
        if not len(self._first):
            return np.ones(0, bool)
        bend = self.start * self.each(start_slopes) + self.end * self.each(end_slopes)
        drawn, (low, high) = self.level + bend, self._corridor
        is_inside = (drawn >= low[self._rows]) & (drawn <= high[self._rows])
        return np.logical_and.reduceat(is_inside, self._first)
