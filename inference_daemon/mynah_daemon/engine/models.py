"""What every motion model offers, and the models by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mynah_shared.motion.clip import MotionClip

FloatArray = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class PhonePosteriors:
    """How likely each phone is: `probabilities` [N, P], row k at k / `rate` seconds."""

    rate: float
    names: tuple[str, ...]
    probabilities: FloatArray


@dataclass(frozen=True, eq=False)
class Performance:
    """A model's motion at its own rate, covering the samples; `phones` if it listened for them."""

    clip: MotionClip
    phones: PhonePosteriors | None = None


class MotionModel(Protocol):
    """Audio to motion. The same samples give the same motion, bit for bit."""

    @property
    def animates_eyes(self) -> bool:
        """Whether blinks and gaze are the model's own; if not, the engine adds them."""
        ...

    def count_steps(self, n_samples: int) -> int:
        """How often `perform` will call `step`."""
        ...

    def perform(self, samples: FloatArray, step: Callable[[str], None]) -> Performance:
        """Motion of samples [N] at 16 kHz, in ARKit units.

        `step` is called after each piece of work with the stage it belonged to (`features` or
        `motion`); what it raises ends the performance (that is how a job is cancelled).
        """
        ...
