"""Draws stretches of speech with their faces from a folder of features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .features import SILENCE, FeaturePack, split_speech
from .pack import Entry
from .rows import interpolate_rows
from .speech_batches import chances

CROP_FRAMES = 80
"""Motion frames (25/s) of a training crop."""
LEAST_DEVIATION = 0.01
"""Of a channel that hardly moves, so that dividing by it does no harm."""
_LEAD_FRAMES = 8
_AS_RECORDED = 0.3


@dataclass(frozen=True)
class MotionBatch:
    """`phone_logits` [B, 2T, P], `cepstrum` [B, 2T, 12], `motion` [B, T, 55], `valid` [B, 55]."""

    phone_logits: Tensor
    cepstrum: Tensor
    motion: Tensor
    valid: Tensor


@dataclass(frozen=True)
class MotionMix:
    """Items of a batch by kind: the man with an hour, other filmed people, a hand-animated head,
    filmed faces under synthetic voices, and a resting face in silence.

    `left_out` names speakers, `left_out_words` words that are never drawn: (place, letter) pairs of
    GRID's file-name code, as in "3f" for sentences whose fourth word is the letter F.
    """

    performer: int = 9
    others: int = 5
    animated: int = 4
    revoiced: int = 8
    silence: int = 1
    left_out: tuple[str, ...] = ()
    left_out_words: tuple[str, ...] = ()


class MotionSampler:
    """Seeded sampler over the training utterances of a folder of features."""

    def __init__(self, features: FeaturePack, mix: MotionMix, seed: int) -> None:
        self.features = features
        self.entries = [
            e for e in features.entries
            if e.split == "train" and e.speaker not in mix.left_out
            and not says_any(e, mix.left_out_words)
        ]  # fmt: skip
        kinds = (
            (mix.performer, "grid_s1"), (mix.others, "grid_multi"), (mix.animated, "facegood"),
            (mix.revoiced, "synthetic_grid"), (mix.silence, SILENCE),
        )  # fmt: skip
        found = [(n, [e for e in self.entries if e.source == source]) for n, source in kinds]
        self.kinds = [(n, entries, chances(entries)) for n, entries in found if entries]
        self.reseed(seed, 0)

    def reseed(self, seed: int, step: int) -> None:
        """Starts the stretch of the random sequence that belongs to `step`."""
        self.rng = np.random.default_rng([seed, step])

    def draw(self) -> MotionBatch:
        chosen = [
            entries[i]
            for count, entries, p in self.kinds
            for i in self.rng.choice(len(entries), count, p=p)
        ]
        speech, motion = zip(*(self._crop(entry) for entry in chosen), strict=True)
        valid = torch.tensor([[c == "1" for c in entry.valid] for entry in chosen])
        logits, cepstrum = split_speech(torch.from_numpy(np.stack(speech)))
        return MotionBatch(logits, cepstrum, torch.from_numpy(np.stack(motion)), valid)

    def _crop(self, entry: Entry) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Speech [2T, P + 12] in one of its voices and motion [T, 55] of 2.7 to 3.8 seconds, at
        another pace."""
        n_voices = len(self.features.speech)
        recorded = n_voices == 1 or self.rng.random() < _AS_RECORDED
        voice = 0 if recorded else int(self.rng.integers(1, n_voices))
        pace = self.rng.uniform(0.85, 1.2)
        latest = max(entry.n_frames - pace * CROP_FRAMES, 0) + _LEAD_FRAMES
        times = self.rng.uniform(-_LEAD_FRAMES, latest) + pace * np.arange(CROP_FRAMES)
        halves = np.stack([times, times + 0.5 * pace], axis=1).reshape(-1) * 2
        return (
            interpolate_rows(self.features.speech_of(entry, voice), halves),
            interpolate_rows(self.features.motion_of(entry), times),
        )


def says_any(entry: Entry, words: tuple[str, ...]) -> bool:
    """Whether a GRID sentence has one of the words, given as place and letter of the file-name
    code."""
    code = entry.utterance_id.rsplit("_", 1)[-1]
    return "grid" in entry.source and any(code[int(word[0])] == word[1] for word in words)


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
