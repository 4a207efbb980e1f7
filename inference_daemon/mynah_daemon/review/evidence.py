"""What is known of one line when it is judged, and the stretches of silence in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mynah_shared.motion.arkit import ARKIT_CHANNELS
from mynah_shared.motion.clip import MotionClip

from ..engine.heard import SILENCE

FloatArray = NDArray[np.float32]
Span = tuple[float, float]
"""Begin and end in seconds from the line's start."""

_BLOCK_S: Final = 0.02
_BELOW_DB: Final = 40.0
_QUIETEST_DB: Final = -60.0
_LOUD: Final = 95  # percentile: a single click is not the line's level


@dataclass(frozen=True, eq=False)
class Evidence:
    """`samples` [N] at `rate`, the `clip` with all of ARKit's channels, the `phones` (none if the
    model did not listen for them) and how sure they are (None if nobody speaks)."""

    samples: FloatArray
    rate: int
    clip: MotionClip
    phones: tuple[tuple[float, float, str], ...] = ()
    confidence: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "clip", self.clip.select(ARKIT_CHANNELS))

    @property
    def duration_s(self) -> float:
        return len(self.samples) / self.rate


def silences(evidence: Evidence) -> list[Span]:
    """Where nobody speaks: the silent phones, or without phones where it is 40 dB quieter than
    where the line is loud, or below -60 dB of full scale."""
    if evidence.phones:
        return [(begin, end) for begin, end, name in evidence.phones if name == SILENCE]
    decibels = _decibels(evidence.samples, evidence.rate)
    quiet = decibels < max(float(np.percentile(decibels, _LOUD)) - _BELOW_DB, _QUIETEST_DB)
    return spans(quiet, 1 / _BLOCK_S, evidence.duration_s)


def spans(flags: NDArray[np.bool_], rate: float, duration_s: float = np.inf) -> list[Span]:
    """The stretches of True in flags [N] at `rate` per second."""
    edges = np.flatnonzero(np.diff(np.pad(flags.astype(np.int8), 1)))
    pairs = zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
    return [(first / rate, min(stop / rate, duration_s)) for first, stop in pairs]


def _decibels(samples: FloatArray, rate: int) -> NDArray[np.float64]:
    size = max(1, round(rate * _BLOCK_S))
    padded = np.pad(samples.astype(np.float64), (0, -len(samples) % size))
    power = (padded.reshape(-1, size) ** 2).mean(axis=1)
    return 10 * np.log10(np.maximum(power, 1e-12))
