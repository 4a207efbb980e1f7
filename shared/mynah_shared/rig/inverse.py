"""From the values of a rig's own targets back to a performance: `retarget` the other way round.

A target is a weighted sum of channels. Where each answers to one channel alone this is a division;
where shapes were split or merged, the channels are those within their range that come nearest to
all targets (bounded least squares), and of several that come equally near the smallest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, cast

import numpy as np
from numpy.typing import NDArray

from ..errors import BadInputError
from ..motion.arkit import ARKIT_CHANNELS, HEAD_CHANNELS
from ..motion.clip import MotionClip
from .mapping import RigMapping

FloatArray = NDArray[np.float64]

_RIDGE: Final = 1e-9
"""Times a mapping's strongest weight squared: the preference for small values, far below what a
curve can show."""
_TOLERANCE: Final = 1e-9
_PATIENCE: Final = 3
_MOST_ROUNDS: Final = 400
_ROWS: Final = 512
"""Rows solved together: their matrices fit into the processor's cache."""


def invert(clip: MotionClip, mapping: RigMapping) -> MotionClip:
    """The performance that the targets in `clip` show, at its rate.

    The mapping's targets that the clip lacks say nothing; a channel that no target drives is absent
    from the result. Shapes come out within 0..1, head angles unlimited. Raises `BadInputError` if
    none of the mapping's targets is in the clip.
    """
    present = mapping.restricted_to(clip.channels).weights
    rows = {
        target: {channel: weight for channel, weight in row.items() if weight}
        for target, row in present.items()
    }
    groups = list(_independent_parts({target: row for target, row in rows.items() if row}))
    if not groups:
        raise BadInputError(
            "None of the curves moves a target of the mapping; choose the rig that the mapping "
            "belongs to."
        )
    columns: dict[str, FloatArray] = {}
    for targets, channels in groups:
        matrix = np.array([[rows[t].get(c, 0.0) for c in channels] for t in targets])
        shown = np.stack([clip.column(target) for target in targets], axis=1).astype(np.float64)
        low = np.array([-np.inf if c in HEAD_CHANNELS else 0.0 for c in channels])
        high = np.array([np.inf if c in HEAD_CHANNELS else 1.0 for c in channels])
        solved = _nearest(matrix, shown, low, high)
        columns |= dict(zip(channels, solved.T, strict=True))
    names = [name for name in ARKIT_CHANNELS if name in columns]
    names += [name for name in columns if name not in ARKIT_CHANNELS]
    values = np.stack([columns[name] for name in names], axis=1)
    return MotionClip(clip.fps, tuple(names), values.astype(np.float32))


def _independent_parts(
    rows: Mapping[str, Mapping[str, float]],
) -> Iterator[tuple[list[str], list[str]]]:
    """Targets and the channels that drive them, in the smallest groups that share no channel."""
    waiting = dict(rows)
    while waiting:
        first = next(iter(waiting))
        targets, channels = [first], list(waiting.pop(first))
        for channel in channels:  # grows while it is read
            for target in [t for t, row in waiting.items() if channel in row]:
                targets.append(target)
                channels += [c for c in waiting.pop(target) if c not in channels]
        yield targets, channels


def _nearest(
    matrix: FloatArray, shown: FloatArray, low: FloatArray, high: FloatArray
) -> FloatArray:
    """Channels [T, C] within `low` and `high` whose targets, by `matrix` [N, C], are nearest to
    `shown` [T, N]."""
    hessian = matrix.T @ matrix
    wanted = shown @ matrix
    if len(hessian) == 1:
        return np.clip(wanted / hessian[0, 0], low, high)
    hessian += _RIDGE * hessian.diagonal().max() * np.eye(len(hessian))
    solved = _solve(hessian, wanted.T).T.copy()
    outside = np.flatnonzero(((solved < low) | (solved > high)).any(axis=1))
    for start in range(0, len(outside), _ROWS):
        some = outside[start : start + _ROWS]
        solved[some] = _solve_box(hessian, wanted[some], low, high)
    return solved


def _solve_box(
    hessian: FloatArray, wanted: FloatArray, low: FloatArray, high: FloatArray
) -> FloatArray:
    """The x [T, C] within bounds that minimise x·Hx/2 − x·wanted, row by row.

    Block principal pivoting (Júdice and Pires 1994): guess which coordinates touch a bound, solve
    for the others, and exchange all that contradict the guess; one at a time where that does not
    get ahead, which ends for every positive definite `hessian` [C, C] (Murty 1974).
    """
    x = np.empty_like(wanted)
    side = np.zeros(wanted.shape, np.int8)  # -1 at its lower bound, 1 at the upper one, 0 free
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
    bound = np.where(side < 0, low, high)
    pinned = np.where(free, 0.0, bound)
    matrices = np.where(free[:, :, None] & free[:, None], hessian, np.eye(len(hessian)))
    right = np.where(free, wanted - pinned @ hessian, pinned)
    return _solve(matrices, right[:, :, None])[:, :, 0]


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
