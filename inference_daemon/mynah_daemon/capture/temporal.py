"""The prior on time: tracks are smooth except where they jump.

Landmarks tremble by fractions of a millimetre in every frame; a blink or a closing mouth moves by
many times that. So the change from frame to frame costs its square while it is small and only its
size when it is large (Huber 1964): trembling is smoothed away, a blink keeps its edges.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

_ROUNDS: Final = 10


def steady(tracks: FloatArray, strength: FloatArray | float, jump: float) -> FloatArray:
    """The tracks [T, C] that lie nearest to the given ones and change least.

    `strength` ([C] or one for all) weighs a squared change against a squared distance from what
    was seen; changes beyond `jump` per frame count as meant. Minimised by reweighted least squares;
    nothing is delayed, and no value leaves the range of its track.
    """
    result = tracks
    for _ in range(_ROUNDS if len(tracks) > 1 else 0):
        # the weight of a squared change that has the slope of the rounded absolute value
        weights = strength / np.sqrt(1 + np.square(np.diff(result, axis=0) / jump))
        result = _solve_chain(weights, tracks)
    return result


def _solve_chain(weights: FloatArray, seen: FloatArray) -> FloatArray:
    """The x [T, C] that minimise |x − seen|² + sum of weights · (change of x)², by elimination
    along the chain (Thomas's algorithm) for all columns at once."""
    n = len(seen)
    diagonal = np.ones_like(seen)
    diagonal[1:] += weights
    diagonal[:-1] += weights
    x = seen.copy()
    for t in range(1, n):
        share = weights[t - 1] / diagonal[t - 1]
        diagonal[t] -= share * weights[t - 1]
        x[t] += share * x[t - 1]
    x[-1] /= diagonal[-1]
    for t in range(n - 2, -1, -1):
        x[t] = (x[t] + weights[t] * x[t + 1]) / diagonal[t]
    return x
