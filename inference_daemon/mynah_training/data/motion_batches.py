"""Draws stretches of speech with their faces from a folder of features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .features import SILENCE, split_speech
from .pack import Entry
from .rows import interpolate_rows
from .utterances import UtteranceSampler

CROP_FRAMES = 80
"""Motion frames (25/s) of a training crop."""
LEAST_DEVIATION = 0.01
"""Of a channel that hardly moves, so that dividing by it does no harm."""


@dataclass(frozen=True)
class MotionBatch:
    """`phone_logits` [B, 2T, P], `cepstrum` [B, 2T, 12], `motion` [B, T, 55], `valid` [B, 55]."""

    phone_logits: Tensor
    cepstrum: Tensor
    motion: Tensor
    valid: Tensor


class MotionSampler(UtteranceSampler):
    """Seeded batches of speech with the face that was filmed or animated to it."""

    def draw(self) -> MotionBatch:
        chosen = self.choose()
        speech, motion = zip(*(self._item(entry) for entry in chosen), strict=True)
        valid = torch.tensor([[c == "1" for c in entry.valid] for entry in chosen])
        logits, cepstrum = split_speech(torch.from_numpy(np.stack(speech)))
        return MotionBatch(logits, cepstrum, torch.from_numpy(np.stack(motion)), valid)

    def _item(self, entry: Entry) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Speech [2T, P + 12] and motion [T, 55] of 2.7 to 3.8 seconds."""
        part = self.stretch(entry, CROP_FRAMES)
        return part.speech, interpolate_rows(self.features.motion_of(entry), part.times)


class _Faces(Protocol):
    def motion_of(self, entry: Entry) -> NDArray[np.float16]: ...


def motion_statistics(entries: list[Entry], faces: _Faces) -> tuple[Tensor, Tensor]:
    """Mean and deviation [55] of the filmed motion over the clips in which a channel is known; 0
    for a channel that no clip knows, so that a model leaves it at rest."""
    total, square, count = np.zeros(55), np.zeros(55), np.zeros(55)
    for entry in entries:
        if entry.valid and entry.source not in {"synthetic_grid", SILENCE}:
            known = np.array([c == "1" for c in entry.valid])
            values = faces.motion_of(entry).astype(np.float64) * known
            total, square, count = (
                total + values.sum(0),
                square + (values**2).sum(0),
                count + known * len(values),
            )
    mean = total / count.clip(1)
    deviation = np.sqrt((square / count.clip(1) - mean**2).clip(0))
    return torch.tensor(mean, dtype=torch.float32), torch.tensor(
        np.where(count > 0, deviation.clip(LEAST_DEVIATION), 0.0), dtype=torch.float32
    )
