"""What a speech encoder is given of a packed utterance: log-mel, or the sound itself beside it.

Both hearings hand out frames of 10 ms, so that whoever cuts and joins them need not know which.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
import soxr
import torch
from torch import Tensor

from mynah_daemon.audio.features import HOP, MEL_PER_MOTION_FRAME, normalise_sound, raw_log_mel

from . import augment, augment_sound
from .pack import Entry, Pack

MEL, SAMPLES = "mel", "samples"


class Listener(Protocol):
    """A speech encoder: the names of its `inputs`, and how many frames of 10 ms it sees to each
    side."""

    inputs: tuple[str, ...]
    context_frames: int

    def __call__(self, *heard: Tensor) -> tuple[Tensor, Tensor]: ...


class Hearing(Protocol):
    """Frames [4T, C] of one utterance, and what encoders make of a batch [B, 4T, C] of them: their
    inputs, normalised mel first."""

    def recorded(self, entry: Entry) -> Tensor:
        """The whole utterance."""
        ...

    def stretch(self, entry: Entry, start: int, length: int, n_frames: int) -> Tensor:
        """Motion frames [start, start + length) at another pace, so that they fill `n_frames`;
        `start` may lie before the beginning, and the end behind the end."""
        ...

    def room(self, n_frames: int, generator: torch.Generator) -> Tensor:
        """A room in which no one speaks."""
        ...

    def plain(self, batch: Tensor) -> tuple[Tensor, ...]:
        """As recorded."""
        ...

    def changed(self, batch: Tensor, generator: torch.Generator) -> tuple[Tensor, ...]:
        """In other voices and rooms."""
        ...


def open_hearing(pack: Pack, inputs: tuple[str, ...]) -> Hearing:
    """The hearing of an encoder with these inputs. Raises `BadInputError` if the pack lacks it."""
    return SoundHearing(pack) if SAMPLES in inputs else MelHearing(pack)


class MelHearing:
    """Raw log-mel [4T, 80], changed where changes cost almost nothing."""

    def __init__(self, pack: Pack) -> None:
        self._pack = pack
        self._backgrounds: dict[str, np.ndarray] = {}

    def recorded(self, entry: Entry) -> Tensor:
        return torch.from_numpy(self._pack.mel_of(entry).astype(np.float32))

    def stretch(self, entry: Entry, start: int, length: int, n_frames: int) -> Tensor:
        k = MEL_PER_MOTION_FRAME
        mel = self._pack.mel_of(entry)
        rows = padded(mel, start * k, length * k, self._background(entry))
        return augment.resample_time(torch.from_numpy(rows)[None], n_frames * k)[0]

    def room(self, n_frames: int, generator: torch.Generator) -> Tensor:
        return augment.room_noise(n_frames * MEL_PER_MOTION_FRAME, generator)

    def plain(self, batch: Tensor) -> tuple[Tensor, ...]:
        return (augment.normalise(batch),)

    def changed(self, batch: Tensor, generator: torch.Generator) -> tuple[Tensor, ...]:
        return (augment.voice_and_room(batch, generator),)

    def _background(self, entry: Entry) -> np.ndarray:
        """The utterance's quiet spectrum [80], to continue it beyond its ends."""
        if entry.utterance_id not in self._backgrounds:
            mel = self._pack.mel_of(entry).astype(np.float32)
            level = mel.mean(axis=1)
            quiet = mel[level <= np.percentile(level, 10)].mean(axis=0)
            self._backgrounds[entry.utterance_id] = quiet
        return self._backgrounds[entry.utterance_id]


class SoundHearing:
    """Sound in rows of 10 ms [4T, 160]; its log-mel is computed after every change.

    Another pace is another pitch and vocal tract too, which takes the place of the voices that are
    made on log-mel.
    """

    def __init__(self, pack: Pack) -> None:
        pack.samples_of(pack.entries[0])  # refuses a pack without sound before any work
        self._pack = pack

    def recorded(self, entry: Entry) -> Tensor:
        return torch.from_numpy(self._pack.samples_of(entry))

    def stretch(self, entry: Entry, start: int, length: int, n_frames: int) -> Tensor:
        k = MEL_PER_MOTION_FRAME
        rows = padded(self._pack.samples_of(entry), start * k, length * k, 0.0)
        sound = soxr.resample(rows.reshape(-1), length, n_frames)
        return torch.from_numpy(sound.reshape(n_frames * k, HOP))

    def room(self, n_frames: int, generator: torch.Generator) -> Tensor:
        n_rows = n_frames * MEL_PER_MOTION_FRAME
        return augment_sound.room_noise(n_rows * HOP, generator).reshape(n_rows, HOP)

    def plain(self, batch: Tensor) -> tuple[Tensor, ...]:
        mel = [raw_log_mel(rows.numpy().reshape(-1))[: batch.shape[1]] for rows in batch]
        sound = torch.stack([torch.from_numpy(normalise_sound(rows.numpy())) for rows in batch])
        return augment.normalise(torch.from_numpy(np.stack(mel))), sound

    def changed(self, batch: Tensor, generator: torch.Generator) -> tuple[Tensor, ...]:
        sound = augment_sound.voice_and_room(batch.flatten(1), generator)
        return self.plain(sound.reshape(batch.shape))


def padded(values: np.ndarray, start: int, length: int, fill: np.ndarray | float) -> np.ndarray:
    """Rows [start, start + length) with `fill` where they do not exist."""
    index = np.arange(start, start + length)
    rows = values[index.clip(0, len(values) - 1)]
    outside = ((index < 0) | (index >= len(values)))[:, None]
    return np.where(outside, fill, rows).astype(np.float32)
