"""Draws training batches from a pack: real faces, faces under synthetic voices, speech without a
face, and no speech."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from mynah_daemon.audio.features import MEL_PER_MOTION_FRAME, N_MELS

from . import augment
from .pack import Entry, Pack
from .phones import UNKNOWN

CROP_FRAMES = 80
"""Motion frames (25/s) of a training crop."""


@dataclass(frozen=True)
class Batch:
    """`mel` [B, 4T, 80] normalised, `phones` [B, 2T], `phone_weight` [B], `motion` [B, T, 55],
    `valid` [B, 55]."""

    mel: Tensor
    phones: Tensor
    phone_weight: Tensor
    motion: Tensor
    valid: Tensor


@dataclass(frozen=True)
class Mix:
    """Items of a batch by kind: faces of the first four, speech only of the next three."""

    performer: int = 9
    others: int = 5
    animated: int = 4
    revoiced: int = 8
    speech: int = 10
    english: int = 13
    languages: int = 12
    noise: int = 1


@dataclass(frozen=True, eq=False)
class _Kind:
    count: int
    entries: list[Entry]
    chances: np.ndarray

    def pick(self, rng: np.random.Generator) -> list[Entry]:
        chosen = rng.choice(len(self.entries), self.count, p=self.chances)
        return [self.entries[i] for i in chosen]


def _chances(entries: list[Entry]) -> np.ndarray:
    """Chance of each utterance: by length, with a speaker's total growing as its square root.

    So the performer with an hour does not drown the one with a minute.
    """
    lengths = np.array([min(e.n_frames, 1500) for e in entries], float)
    _, speaker = np.unique([e.speaker for e in entries], return_inverse=True)
    weight = lengths / np.sqrt(np.bincount(speaker, lengths)[speaker])
    return weight / weight.sum()


class BatchSampler:
    """Seeded sampler over a pack's training utterances.

    `left_out` names speakers that are never drawn; `left_out_words` are (place, letter) pairs of
    GRID's file-name code,
    as in "3f" for sentences whose fourth word is the letter F: their faces are never drawn.
    """

    def __init__(
        self,
        pack: Pack,
        mix: Mix,
        seed: int,
        left_out: frozenset[str] = frozenset(),
        left_out_words: tuple[str, ...] = (),
    ) -> None:
        self.pack, self.mix = pack, mix
        self._backgrounds: dict[str, np.ndarray] = {}
        self.rng = np.random.default_rng(seed)
        self.generator = torch.Generator().manual_seed(seed)
        train = [
            e for e in pack.entries
            if e.split == "train" and e.speaker not in left_out and not says_any(e, left_out_words)
        ]  # fmt: skip
        free = [e for e in train if e.source == "synthetic"]
        kinds = (
            (mix.performer, [e for e in train if e.source == "grid_s1"]),
            (mix.others, [e for e in train if e.source == "grid_multi"]),
            (mix.animated, [e for e in train if e.source == "facegood"]),
            (mix.revoiced, [e for e in train if e.source == "synthetic_grid"]),
            (mix.speech, [e for e in train if not e.valid and e.source != "synthetic"]),
            (mix.english, [e for e in free if e.speaker.startswith("flite")]),
            (mix.languages, [e for e in free if e.speaker.startswith("espeak")]),
        )
        self.kinds = [_Kind(n, entries, _chances(entries)) for n, entries in kinds if entries]

    def draw(self) -> Batch:
        items = [self._crop(entry) for kind in self.kinds for entry in kind.pick(self.rng)]
        items += [self._no_speech() for _ in range(self.mix.noise)]
        mel, phones, motion, weight, valid = zip(*items, strict=True)
        return Batch(
            augment.voice_and_room(torch.stack(mel), self.generator), torch.stack(phones),
            torch.tensor(weight), torch.stack(motion), torch.stack(valid),
        )  # fmt: skip

    def _crop(self, entry: Entry) -> tuple[Tensor, Tensor, Tensor, float, Tensor]:
        """A stretch of 2.7 to 3.8 seconds, played at another pace so that it fills the crop."""
        length = round(CROP_FRAMES * self.rng.uniform(0.85, 1.2))
        start = int(self.rng.integers(-8, max(entry.n_frames - length, 0) + 9))
        k = MEL_PER_MOTION_FRAME
        mel = _padded(self.pack.mel_of(entry), start * k, length * k, self._background(entry))
        phones = _padded(self.pack.phones_of(entry)[:, None], start * 2, length * 2, 0.0)
        motion = _padded(self.pack.motion_of(entry), start, length, None)
        moved = augment.resample_time(torch.from_numpy(motion)[None], CROP_FRAMES)[0]
        index = (
            (torch.arange(2 * CROP_FRAMES) * length / CROP_FRAMES).long().clamp(max=2 * length - 1)
        )
        valid = torch.tensor(
            [c == "1" for c in entry.valid] if entry.valid else [False] * moved.shape[1]
        )
        heard = augment.resample_time(torch.from_numpy(mel)[None], CROP_FRAMES * k)[0]
        return (
            heard,
            torch.from_numpy(phones)[index, 0].long(),
            moved,
            1.0 if entry.trusted else 0.3,
            valid,
        )

    def _background(self, entry: Entry) -> np.ndarray:
        """The utterance's quiet spectrum [80], to continue it beyond its ends."""
        if entry.utterance_id not in self._backgrounds:
            mel = self.pack.mel_of(entry).astype(np.float32)
            level = mel.mean(axis=1)
            quiet = mel[level <= np.percentile(level, 10)].mean(axis=0)
            self._backgrounds[entry.utterance_id] = quiet
        return self._backgrounds[entry.utterance_id]

    def _no_speech(self) -> tuple[Tensor, Tensor, Tensor, float, Tensor]:
        """Room noise at any level: the face rests."""
        level = self.rng.uniform(-20, -6)
        colour = augment.smooth_curve(1, N_MELS, 4, 1.5, self.generator)
        mel = level + colour + torch.randn(CROP_FRAMES * 4, N_MELS, generator=self.generator) * 0.7
        still = torch.zeros(CROP_FRAMES, 55)
        return (
            mel,
            torch.zeros(2 * CROP_FRAMES, dtype=torch.long),
            still,
            1.0,
            torch.ones(55, dtype=torch.bool),
        )


def says_any(entry: Entry, words: tuple[str, ...]) -> bool:
    """Whether a GRID sentence has one of the words, given as place and letter of the file-name
    code."""
    code = entry.utterance_id.rsplit("_", 1)[-1]
    return "grid" in entry.source and any(code[int(word[0])] == word[1] for word in words)


def _padded(
    values: np.ndarray, start: int, length: int, fill: np.ndarray | float | None
) -> np.ndarray:
    """Rows [start, start + length) with `fill` (None: the end rows) where they do not exist."""
    index = np.arange(start, start + length)
    rows = values[index.clip(0, len(values) - 1)]
    if fill is not None:
        rows = np.where(((index < 0) | (index >= len(values)))[:, None], fill, rows)
    return rows.astype(np.float32)


__all__ = ["CROP_FRAMES", "UNKNOWN", "Batch", "BatchSampler", "Mix"]
