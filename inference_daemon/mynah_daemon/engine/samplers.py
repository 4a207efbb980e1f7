"""DDIM: from noise to clean motion in few steps (Song et al. 2021, Eq. 12 with η = 0).

Time runs from 0 (clean) to 1 (noise). With a = `signal(t)`: x_t = sqrt(a) x_0 + sqrt(1 - a) ε.
Schedule and constants are those of the training (`mynah_training/modules/diffusion.py`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]

Denoise = Callable[[FloatArray, float], FloatArray]
"""Called as denoise(noisy [T, C], time); returns the clean motion [T, C] it sees in it."""

_OFFSET: Final = 0.008
_LEAST_SIGNAL: Final = 1e-4


def signal(time: float) -> float:
    """Share of the signal's power ᾱ at `time`: the cosine schedule of Nichol and Dhariwal 2021,
    Eq. 17."""
    angle = (time + _OFFSET) / (1 + _OFFSET) * math.pi / 2
    start = math.cos(_OFFSET / (1 + _OFFSET) * math.pi / 2)
    return min(max((math.cos(angle) / start) ** 2, _LEAST_SIGNAL), 1.0)


def sample_ddim(noise: FloatArray, n_steps: int, denoise: Denoise) -> FloatArray:
    """Clean motion [T, C] from noise [T, C]; calls `denoise` `n_steps` times, at evenly spaced
    times from 1 down."""
    noisy = noise
    for i in range(n_steps):
        time, next_time = 1 - i / n_steps, 1 - (i + 1) / n_steps
        noisy = _step(noisy, denoise(noisy, time), signal(time), signal(next_time))
    return noisy


def _step(noisy: FloatArray, clean: FloatArray, a: float, next_a: float) -> FloatArray:
    """The same noise in a cleaner mix; the last step, with a signal of 1, gives `clean` itself."""
    noise = (noisy - math.sqrt(a) * clean) / math.sqrt(1 - a)
    return (math.sqrt(next_a) * clean + math.sqrt(1 - next_a) * noise).astype(np.float32)
