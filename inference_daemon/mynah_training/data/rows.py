"""Rows of a track between its frames."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def interpolate_rows(
    values: NDArray[np.floating], times: NDArray[np.floating]
) -> NDArray[np.float32]:
    """Rows of `values` [N, …] at fractional `times` [T]; the first and last row hold beyond the
    ends."""
    clipped = times.clip(0, len(values) - 1)
    below = np.minimum(np.floor(clipped).astype(np.int64), max(len(values) - 2, 0))
    part = (clipped - below).astype(np.float32).reshape(-1, *[1] * (values.ndim - 1))
    low, high = values[below], values[np.minimum(below + 1, len(values) - 1)]
    return np.asarray(low * (1 - part) + high * part, np.float32)
