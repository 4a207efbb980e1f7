"""Bounded least squares for many frames at once: the one solver of rigs."""

from __future__ import annotations

from typing import Final, cast

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

_RIDGE: Final = 1e-9
"""Times the strongest diagonal: the preference for small values, far below what a curve can
show."""
_TOLERANCE: Final = 1e-9
_PATIENCE: Final = 3
_MOST_ROUNDS: Final = 400
_ROWS: Final = 2048
"""Rows solved together: enough to be quick, few enough for any memory."""


def nearest(matrix: FloatArray, shown: FloatArray, low: FloatArray, high: FloatArray) -> FloatArray:
    """The x [T, C] within `low` and `high` for which x · `matrix`.T, of `matrix` [N, C], is nearest
    to `shown` [T, N]."""
    return least(matrix.T @ matrix, shown @ matrix, low, high)


def least(hessian: FloatArray, wanted: FloatArray, low: FloatArray, high: FloatArray) -> FloatArray:
    """The x [T, C] within `low` and `high` that minimise x·Hx/2 − x·`wanted` [T, C], row by row.

    `hessian` [C, C] is positive semidefinite; of several minima the smallest x is taken.
    """
    if len(hessian) == 1:
        return np.clip(wanted / hessian[0, 0], low, high)
    hessian = hessian + _RIDGE * hessian.diagonal().max() * np.eye(len(hessian))
    solved = _solve(hessian, wanted.T).T.copy()
    outside = np.flatnonzero(((solved < low) | (solved > high)).any(axis=1))
    for start in range(0, len(outside), _ROWS):
        some = outside[start : start + _ROWS]
        solved[some] = _solve_box(hessian, wanted[some], low, high, solved[some])
    return solved


def _solve_box(
    hessian: FloatArray, wanted: FloatArray, low: FloatArray, high: FloatArray, free: FloatArray
) -> FloatArray:
    """The x [T, C] within bounds that minimise x·Hx/2 − x·wanted, row by row, from the minima
    `free` [T, C] without bounds.

    Block principal pivoting (Júdice and Pires 1994): guess which coordinates touch a bound, solve
    for the others, and exchange all that contradict the guess; one at a time where that does not
    get ahead, which ends for every positive definite `hessian` [C, C] (Murty 1974).
    """
    x = np.empty_like(wanted)
    # -1 at its lower bound, 1 at the upper one, 0 free
    side = (free > high).astype(np.int8) - (free < low).astype(np.int8)
    moving = np.arange(len(wanted))
    fewest = np.full(len(wanted), wanted.shape[1] + 1)
    patience = np.full(len(wanted), _PATIENCE)
    for _ in range(_MOST_ROUNDS):
        at, target = side[moving], wanted[moving]
        part = _solve_free(hessian, target, at, low, high)
        x[moving] = part
        better = _exchanges(part, part @ hessian - target, at, low, high)
        wrong = better != at
        n_wrong = wrong.sum(axis=1)
        ahead = n_wrong < fewest[moving]
        fewest[moving] = np.minimum(n_wrong, fewest[moving])
        patience[moving] = np.where(ahead, _PATIENCE, patience[moving] - 1)
        one_by_one = patience[moving] < 0
        wrong[one_by_one] &= _last_only(wrong[one_by_one])
        side[moving] = np.where(wrong, better, at)
        moving = moving[n_wrong > 0]
        if len(moving) == 0:
            break
    return np.clip(x, low, high)


def _solve_free(
    hessian: FloatArray,
    wanted: FloatArray,
    side: NDArray[np.int8],
    low: FloatArray,
    high: FloatArray,
) -> FloatArray:
    """x [T, C] with the coordinates on a `side` at that bound and the others at their minimum."""
    free = side == 0
    x = np.where(free, 0.0, np.where(side < 0, low, high))
    right = wanted - x @ hessian
    counts = free.sum(axis=1)
    order = np.argsort(~free, axis=1, kind="stable")  # the free coordinates first
    for count in np.unique(counts[counts > 0]):
        rows = np.flatnonzero(counts == count)
        at = order[rows, :count]
        parts = hessian[at[:, :, None], at[:, None, :]]
        solved = _solve(parts, np.take_along_axis(right[rows], at, axis=1)[:, :, None])
        x[rows[:, None], at] = solved[:, :, 0]
    return x


def _solve(matrices: FloatArray, right: FloatArray) -> FloatArray:
    return cast("FloatArray", np.linalg.solve(matrices, right))  # the stubs don't tell the type


def _exchanges(
    x: FloatArray, slope: FloatArray, side: NDArray[np.int8], low: FloatArray, high: FloatArray
) -> NDArray[np.int8]:
    """Where each coordinate belongs: a free one beyond a bound to it, and one at a bound that would
    rather leave it to the free ones."""
    free = side == 0
    better = np.where(free & (x < low - _TOLERANCE), -1, side)
    better = np.where(free & (x > high + _TOLERANCE), 1, better)
    leaves = ((side < 0) & (slope < -_TOLERANCE)) | ((side > 0) & (slope > _TOLERANCE))
    return np.where(leaves, 0, better).astype(np.int8)


def _last_only(marks: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Of each row [T, C] its last mark."""
    from_here_on = np.cumsum(marks[:, ::-1], axis=1)[:, ::-1]
    return marks & (from_here_on == 1)
