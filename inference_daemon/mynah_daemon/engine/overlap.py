"""A line in windows that overlap and are cross-faded, for models that generate a fixed length."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]


def plan_starts(n_frames: int, size: int, overlap: int) -> range:
    """First frames of windows of `size` frames that cover `n_frames`; the last one may reach
    behind the end."""
    hop = size - overlap
    n_windows = 1 + max(0, -(-(n_frames - size) // hop))
    return range(0, n_windows * hop, hop)


def lay_window(line: FloatArray, window: FloatArray, start: int, overlap: int) -> None:
    """Writes `window` [T, C] into `line` [N, C] at `start`; its first `overlap` frames replace
    those of the window before little by little, unless it is the first."""
    faded = overlap if start else 0
    x = np.arange(1, faded + 1, dtype=np.float32)[:, None] / (faded + 1)
    amount = x * x * (3 - 2 * x)
    shared = line[start : start + faded]
    shared += amount * (window[:faded] - shared)
    line[start + faded : start + len(window)] = window[faded:]
