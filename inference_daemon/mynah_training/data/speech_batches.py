"""Draws speech for the encoder: sound and phones of people, of synthetic voices and of no one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from mynah_shared.motion.arkit import ARKIT_CHANNELS

from . import augment
from .corpus import OTHERS
from .hearing import MEL, open_hearing, padded
from .pack import Entry, Pack

CROP_FRAMES = 80
"""Motion frames (25/s) of a training crop."""


@dataclass(frozen=True)
class SpeechBatch:
    """`mel` [B, 4T, 80] normalised, `phones` [B, 2T], `weight` [B]: how far the phones are
    trusted; `motion` [B, T, 55] and `valid` [B, 55], all false for speech without a face.
    `samples` [B, 4T, 160] normalised, or [B, 4T, 0] for an encoder that hears only the mel."""

    mel: Tensor
    phones: Tensor
    weight: Tensor
    motion: Tensor
    valid: Tensor
    samples: Tensor


@dataclass(frozen=True)
class SpeechMix:
    """Items of a batch by kind: an hour of one filmed man, other filmed people (a user's own among
    them), their sentences in synthetic voices, free speech of real people, English and other
    languages in synthetic voices, noise.

    `left_out` names speakers that are never drawn. FACEGOOD's voice is: a few long takes of one
    animator's curves are soon learned by heart, and a decoder that is then taught on them would
    hear the take instead of the sound.
    """

    performer: int = 7
    others: int = 5
    revoiced: int = 7
    free: int = 9
    english: int = 18
    languages: int = 14
    noise: int = 1
    left_out: tuple[str, ...] = ("facegood_tts",)


class SpeechSampler:
    """Seeded sampler over a pack's training utterances, for an encoder with these `inputs`."""

    def __init__(
        self, pack: Pack, mix: SpeechMix, seed: int, inputs: tuple[str, ...] = (MEL,)
    ) -> None:
        self.pack, self.mix = pack, mix
        self.hearing = open_hearing(pack, inputs)
        self.reseed(seed, 0)
        train = [e for e in pack.entries if e.split == "train" and e.speaker not in mix.left_out]
        synthetic = [e for e in train if e.source == "synthetic"]
        kinds = (
            (mix.performer, [e for e in train if e.source == "grid_s1"]),
            (mix.others, [e for e in train if e.source in {"grid_multi", OTHERS}]),
            (mix.revoiced, [e for e in train if e.source == "synthetic_grid"]),
            (mix.free, [e for e in train if not e.valid and e.source != "synthetic"]),
            (mix.english, [e for e in synthetic if e.speaker.startswith("flite")]),
            (mix.languages, [e for e in synthetic if e.speaker.startswith("espeak")]),
        )
        self.kinds = [(n, found, chances(found)) for n, found in kinds if found]
        self.entries = train

    def reseed(self, seed: int, step: int) -> None:
        """Starts the stretch of the random sequence that belongs to `step`."""
        self.rng = np.random.default_rng([seed, step])
        self.generator = torch.Generator().manual_seed(seed * 1_000_003 + step)

    def draw(self) -> SpeechBatch:
        items = [
            self._crop(entries[i])
            for count, entries, p in self.kinds
            for i in self.rng.choice(len(entries), count, p=p)
        ]
        items += [self._no_speech() for _ in range(self.mix.noise)]
        frames, phones, weight, motion, valid = zip(*items, strict=True)
        mel, *rest = self.hearing.changed(torch.stack(frames), self.generator)
        return SpeechBatch(
            augment.mask_spans(mel, self.generator),
            torch.stack(phones),
            torch.tensor(weight),
            torch.stack(motion),
            torch.stack(valid),
            rest[0] if rest else mel[..., :0],
        )

    def _crop(self, entry: Entry) -> tuple[Tensor, Tensor, float, Tensor, Tensor]:
        """A stretch of 2.7 to 3.8 seconds, played at another pace so that it fills the crop."""
        length = round(CROP_FRAMES * self.rng.uniform(0.85, 1.2))
        start = int(self.rng.integers(-8, max(entry.n_frames - length, 0) + 9))
        heard = self.hearing.stretch(entry, start, length, CROP_FRAMES)
        phones = padded(self.pack.phones_of(entry)[:, None], start * 2, length * 2, 0.0)
        index = torch.arange(2 * CROP_FRAMES) * length // CROP_FRAMES
        said = torch.from_numpy(phones)[index, 0].long()
        rows = np.arange(start, start + length).clip(0, entry.n_frames - 1)
        motion = torch.from_numpy(self.pack.motion_of(entry)[rows].astype(np.float32))
        moved = augment.resample_time(motion[None], CROP_FRAMES)[0]
        valid = torch.tensor([c == "1" for c in entry.valid or "0" * moved.shape[1]])
        return heard, said, 1.0 if entry.trusted else 0.3, moved, valid

    def _no_speech(self) -> tuple[Tensor, Tensor, float, Tensor, Tensor]:
        n_channels = len(ARKIT_CHANNELS)
        return (
            self.hearing.room(CROP_FRAMES, self.generator),
            torch.zeros(2 * CROP_FRAMES, dtype=torch.long),
            1.0,
            torch.zeros(CROP_FRAMES, n_channels),
            torch.ones(n_channels, dtype=torch.bool),
        )


def chances(entries: list[Entry]) -> np.ndarray:
    """Chance of each utterance: by length, with a speaker's total growing as its square root.

    So the performer with an hour does not drown the one with a minute.
    """
    lengths = np.array([min(e.n_frames, 1500) for e in entries], float)
    _, speaker = np.unique([e.speaker for e in entries], return_inverse=True)
    weight = lengths / np.sqrt(np.bincount(speaker, lengths)[speaker])
    return weight / weight.sum()
