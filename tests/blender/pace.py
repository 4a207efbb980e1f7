"""How long Blender's main thread may be held in one go."""

from __future__ import annotations

import statistics
import time

import numpy as np

FRAME_S = 0.016
"""A frame of 60 a second."""
_USUAL_S = 0.004
"""What `_work` takes on the two idle cores on which the limit is kept."""


def limit_s() -> float:
    """A frame, in processor time as the processor is now."""
    return FRAME_S * slowness()


def slowness() -> float:
    """How many times as long as usual the processor takes now, at least 1. What runs beside shares
    caches and power with a thread that has a core for itself, and some machines are slower by
    nature: a piece of work of known length tells how much."""
    return max(1.0, statistics.median(_work() for _ in range(5)) / _USUAL_S)


def _work() -> float:
    """Seconds of the processor for something like a piece of the add-on's work."""
    began = time.thread_time()
    names = {f"channel {i}": float(i) for i in range(8000)}
    table = np.sort(np.array([names[name] * 0.7 % 1 for name in names]))
    for start in range(0, len(table), 8):
        np.interp(table[start : start + 8], table, table)
    return time.thread_time() - began
