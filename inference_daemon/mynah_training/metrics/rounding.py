"""How far the lips are rounded on rounded vowels, beside spread ones: needs phone times only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mynah_shared.motion.arkit import ARKIT_CHANNELS
from mynah_shared.motion.regions import channel_indices

from ..data.phones import PHONES, ROUNDED, VOWELS, phone_index

FloatArray = NDArray[np.float32]
Segment = tuple[str, float, float]

ROUNDED_VOWELS: Final = ROUNDED & VOWELS
SPREAD_VOWELS: Final = frozenset({"IY", "IH", "EY", "EH", "AE"})
_ROUNDING = channel_indices(("mouthFunnel", "mouthPucker"), ARKIT_CHANNELS)


@dataclass
class Rounding:
    """mouthFunnel + mouthPucker in the frames of rounded and of spread vowels, over any clips."""

    rounded: list[float] = field(default_factory=list)
    spread: list[float] = field(default_factory=list)

    def add(self, values: FloatArray, fps: float, segments: Iterable[Segment]) -> None:
        """Counts a clip [T, 55] with its phones."""
        rounding = values[:, _ROUNDING].sum(axis=1)
        for name, start_s, end_s in segments:
            index = phone_index(name)
            phone = PHONES[index] if index >= 0 else ""
            frames = rounding[int(np.ceil(start_s * fps)) : int(np.floor(end_s * fps)) + 1]
            if phone in ROUNDED_VOWELS:
                self.rounded += frames.tolist()
            elif phone in SPREAD_VOWELS:
                self.spread += frames.tolist()

    @property
    def difference(self) -> float:
        """Mean in rounded vowels less the mean in spread ones."""
        if not self.rounded or not self.spread:
            return float("nan")
        return float(np.mean(self.rounded) - np.mean(self.spread))
