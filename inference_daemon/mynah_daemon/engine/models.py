"""What every motion model offers, and the models by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mynah_shared.motion.clip import MotionClip
from mynah_shared.protocol.messages import Quality

from .holds import Holds
from .style_plan import StylePlan

FloatArray = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Direction:
    """How a line shall be performed, as far as a model can: the fields of `SynthesizeRequest`."""

    seed: int
    quality: Quality
    audio_guidance: float
    style_guidance: float
    styles: StylePlan = field(default_factory=StylePlan)
    holds: Holds = field(default_factory=Holds)


@dataclass(frozen=True, eq=False)
class PhonePosteriors:
    """How likely each phone is: `probabilities` [N, P], row k at k / `rate` seconds."""

    rate: float
    names: tuple[str, ...]
    probabilities: FloatArray


@dataclass(frozen=True, eq=False)
class Performance:
    """Motion that covers the samples, a model's at its own rate; `phones` if it listened for
    them."""

    clip: MotionClip
    phones: PhonePosteriors | None = None


class MotionModel(Protocol):
    """Audio to motion. Equal samples and directions give equal motion, bit for bit."""

    @property
    def animates_eyes(self) -> bool:
        """Whether blinks and gaze are the model's own; if not, the engine adds them."""
        ...

    @property
    def fades_in_silence(self) -> tuple[str, ...]:
        """Channels that the engine fades to 0 where nobody speaks."""
        ...

    def count_steps(self, n_samples: int, direction: Direction) -> int:
        """How often `perform` will call `step`."""
        ...

    def perform(
        self, samples: FloatArray, direction: Direction, step: Callable[[str], None]
    ) -> Performance:
        """Motion of samples [N] at 16 kHz, in ARKit units.

        `step` is called after each piece of work with the stage it belonged to (`features` or
        `motion`); what it raises ends the performance (that is how a job is cancelled).
        """
        ...
