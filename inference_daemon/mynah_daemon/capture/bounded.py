"""Least squares with some unknowns between 0 and 1, for many right-hand sides of one matrix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

_MOST_ROUNDS: Final = 300
_SWEEPS: Final = 3
_ROWS: Final = 512
"""Rows solved together: their matrices fit into the processor's cache."""
_TOLERANCE: Final = 1e-5


@dataclass(frozen=True, eq=False)
class SharesFit:
    """Explains measurements [T, N] by shares [T, S] in 0..1 of known effects, and free effects.

    The free ones are eliminated: the shares alone minimise x·Hx/2 − x·target with `hessian` H
    [S, S] and target = measured @ `to_targets` [N, S] − threshold. The free amounts [T, F] follow
    as measured @ `to_free` [N, F] − shares @ `shares_to_free` [S, F].
    """

    hessian: FloatArray
    to_targets: FloatArray
    threshold: float
    to_free: FloatArray
    shares_to_free: FloatArray

    def shares(self, measured: FloatArray) -> FloatArray:
        """The best shares [T, S]."""
        return solve_box(self.hessian, measured @ self.to_targets - self.threshold)

    def free(self, measured: FloatArray, shares: FloatArray) -> FloatArray:
        """The best free amounts [T, F] beside these shares."""
        return measured @ self.to_free - shares @ self.shares_to_free


def build_fit(
    effects: FloatArray,
    prior: FloatArray,
    threshold: float,
    free_effects: FloatArray,
    free_prior: FloatArray,
) -> SharesFit:
    """The fit of sum of squared errors + prior · shares² + 2 · threshold · shares + free_prior ·
    free²; `effects` [S, N], `prior` [S], `free_effects` [F, N], `free_prior` [F]."""
    stiffness = free_effects @ free_effects.T + np.diag(free_prior)
    to_free: FloatArray = np.linalg.solve(stiffness, free_effects).T.astype(np.float64)
    shares_to_free = effects @ to_free
    unexplained = effects - shares_to_free @ free_effects
    return SharesFit(
        unexplained @ effects.T + np.diag(prior),
        unexplained.T,
        threshold,
        to_free,
        shares_to_free,
    )


def solve_box(hessian: FloatArray, targets: FloatArray) -> FloatArray:
    """The x [T, C] in 0..1 that minimise x·Hx/2 − x·target row by row.

    `hessian` [C, C] is positive definite, `targets` [T, C]. Rounds of coordinate descent, which
    find out what touches a bound, and a step to the minimum of what does not, until no coordinate
    can better its row by moving more than 1e-5. (`scipy.optimize.lsq_linear` finds the same, but
    row by row and ten times slower.)
    """
    blocks = [_solve_rows(hessian, targets[i : i + _ROWS]) for i in range(0, len(targets), _ROWS)]
    return np.concatenate(blocks) if blocks else np.zeros_like(targets)


def _solve_rows(hessian: FloatArray, targets: FloatArray) -> FloatArray:
    # [C, T]: a coordinate is contiguous
    x: FloatArray = np.clip(np.linalg.solve(hessian, targets.T).astype(np.float64), 0, 1)
    slopes: FloatArray = hessian @ x - targets.T
    moving = np.arange(len(targets))
    for _ in range(_MOST_ROUNDS):
        part, slope = x[:, moving], slopes[:, moving]
        farthest = np.zeros(len(moving))
        for _ in range(_SWEEPS):
            farthest = _sweep(hessian, part, slope)
        x[:, moving], slopes[:, moving] = part, slope
        moving = moving[farthest > _TOLERANCE]
        if len(moving) == 0:
            break
        inside = _leap(hessian, x[:, moving], slopes[:, moving])
        x[:, moving] = inside
        slopes[:, moving] = hessian @ inside - targets[moving].T
    return x.T


def _sweep(hessian: FloatArray, x: FloatArray, slopes: FloatArray) -> FloatArray:
    """Moves each coordinate of x [C, T] to its own minimum in turn, in place; the farthest move of
    each row [T]."""
    farthest = np.zeros(x.shape[1])
    for c, stiffness in enumerate(np.diag(hessian)):
        step = np.clip(x[c] - slopes[c] / stiffness, 0, 1) - x[c]
        x[c] += step
        slopes += hessian[c][:, None] * step
        np.maximum(farthest, np.abs(step), out=farthest)
    return farthest


def _leap(hessian: FloatArray, x: FloatArray, slopes: FloatArray) -> FloatArray:
    """From x [C, T] towards the minimum over the coordinates that touch no bound, as far as none
    of them leaves its bounds: the row's sum of squares can only fall."""
    within = ((x > 0) & (x < 1)).T
    matrices = np.where(within[:, :, None] & within[:, None], hessian, np.eye(len(hessian)))
    step = -np.linalg.solve(matrices, np.where(within, slopes.T, 0.0)[:, :, None])[:, :, 0].T
    with np.errstate(divide="ignore", invalid="ignore"):
        room = np.where(step > 0, (1 - x) / step, np.where(step < 0, -x / step, np.inf))
    return np.clip(x + step * np.minimum(room.min(axis=0), 1.0), 0, 1)
