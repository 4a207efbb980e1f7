"""Draws speech, a face in a known manner, and other performances in the same manner to imitate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mynah_shared.motion.arkit import ARKIT_CHANNELS

from .features import SILENCE, FeaturePack, split_speech
from .motion_batches import LEAST_DEVIATION
from .pack import Entry
from .performers import draw_performer, perform
from .phones import PHONES
from .rows import interpolate_rows
from .utterances import UtteranceMix, UtteranceSampler, half_frames

FloatArray = NDArray[np.float32]

PREVIOUS_FRAMES = 10
"""Frames before the window that the model is shown (MSMD, section 4: N_p = 10)."""
WINDOW_FRAMES = 70
"""Frames to be generated at once. MSMD uses 100; most filmed sentences of the corpus last 75."""
STYLE_FRAMES = 75
FIRST_JUDGE_PERFORMER = 500_000
"""From here on performers teach the judge of styles, so that it shares none with a motion model."""
FIRST_HELD_OUT_PERFORMER = 1_000_000
_MILDEST = 0.1
"""Strengths of manners begin here: what lies between the few filmed people must be met too."""
_CROP = PREVIOUS_FRAMES + WINDOW_FRAMES


@dataclass(frozen=True)
class StyleBatch:
    """`phone_logits` [B, 2T, P] and `cepstrum` [B, 2T, 12] at 50/s, `phones` [B, 2T] labels,
    `motion` [B, T, 55] at 25/s with T = 10 previous frames + the window, `valid` [B, 55].

    `style` and `same_style` [B, S, 55] are other sentences of the same performer, `performer` [B]
    its number among those of the training.
    """

    phone_logits: Tensor
    cepstrum: Tensor
    phones: Tensor
    motion: Tensor
    valid: Tensor
    style: Tensor
    same_style: Tensor
    performer: Tensor


@dataclass(frozen=True)
class StyleMix(UtteranceMix):
    """The number of made performers and the seed of the first one, and the share of items that keep
    the manner in which they were filmed.

    A batch has `items`: the counts of kinds hold over several batches. Small ones teach lips more
    in a minute on a CPU; a manner takes as many items as ever.
    """

    items: int = 8
    others: int = 6
    revoiced: int = 12
    performers: int = 600
    first_performer: int = 0
    as_filmed: float = 0.33


@dataclass(frozen=True)
class JudgeMix(StyleMix):
    """What the judge of styles learns from: performers that no motion model has met. It compares
    the items of a batch, and needs many."""

    items: int = 32
    first_performer: int = FIRST_JUDGE_PERFORMER


class StyleSampler(UtteranceSampler):
    """Seeded batches of speech, a face in some manner, and that manner in other sentences.

    A performer is either a filmed person (in one mood) as filmed, or a filmed person in a made
    manner: the style clips of an item always show the same of these.
    """

    def __init__(self, features: FeaturePack, mix: StyleMix, seed: int) -> None:
        self._items, self._dealt = mix.items, list[Entry]()
        super().__init__(features, mix, seed)
        self.as_filmed, first = mix.as_filmed, mix.first_performer
        strengths = np.random.default_rng(first).uniform(_MILDEST, 1.0, mix.performers)
        self.performers = [
            draw_performer(first + i, features.poses, strength)
            for i, strength in enumerate(strengths.tolist())
        ]
        filmed = [e for e in self.entries if e.source not in {"synthetic_grid", SILENCE}]
        self.people = sorted({e.manner for e in filmed})
        self._filmed = {p: [e for e in filmed if e.manner == p] for p in self.people}

    @property
    def n_performers(self) -> int:
        """Numbers that `StyleBatch.performer` takes: made ones first, then people as filmed."""
        return len(self.performers) + len(self.people)

    def reseed(self, seed: int, step: int) -> None:
        super().reseed(seed, step)
        self._dealt.clear()

    def choose(self) -> list[Entry]:
        """The utterances of a batch, dealt from what the counts of kinds give."""
        while len(self._dealt) < self._items:
            drawn = super().choose()
            self._dealt += [drawn[i] for i in self.rng.permutation(len(drawn))]
        chosen, self._dealt = self._dealt[: self._items], self._dealt[self._items :]
        return chosen

    def draw(self) -> StyleBatch:
        items = [self._item(entry) for entry in self.choose()]
        speech, phones, motion, valid, style, same_style, performer = zip(*items, strict=True)
        logits, cepstrum = split_speech(torch.from_numpy(np.stack(speech)))
        return StyleBatch(
            logits, cepstrum, torch.from_numpy(np.stack(phones)).long(),
            torch.from_numpy(np.stack(motion)), torch.from_numpy(np.stack(valid)),
            torch.from_numpy(np.stack(style)), torch.from_numpy(np.stack(same_style)),
            torch.tensor(performer),
        )  # fmt: skip

    def _item(self, entry: Entry) -> tuple[object, ...]:
        made = entry.source == SILENCE or self.rng.random() >= self.as_filmed
        number = int(self.rng.integers(len(self.performers))) if made else None
        part = self.stretch(entry, _CROP)
        phones = self.features.phones_of(entry)
        said = phones[np.rint(part.halves).astype(int).clip(0, len(phones) - 1)]
        motion, valid = self._styled(entry, number, part.times)
        person = entry.manner if entry.manner in self._filmed else self._any_person()
        style, same_style = (self._style_clip(person, number) for _ in range(2))
        who = number if number is not None else len(self.performers) + self.people.index(person)
        return part.speech, said, motion, valid, style, same_style, who

    def _any_person(self) -> str:
        return str(self.rng.choice(self.people))

    def _style_clip(self, person: str, number: int | None) -> FloatArray:
        entries = self._filmed[person]
        entry = entries[int(self.rng.integers(len(entries)))]
        start = self.rng.uniform(0, max(entry.n_frames - STYLE_FRAMES, 0))
        return self._styled(entry, number, start + np.arange(STYLE_FRAMES))[0]

    def _styled(
        self, entry: Entry, number: int | None, times: NDArray[np.floating]
    ) -> tuple[FloatArray, NDArray[np.bool_]]:
        known = np.array([c == "1" for c in entry.valid])
        motion = interpolate_rows(self.features.motion_of(entry), times)
        if number is None:
            return motion * known, known
        loud = self.features.speech_of(entry)[:, len(PHONES)]
        heard = interpolate_rows(loud, half_frames(times))
        loudness = heard.reshape(-1, 2).mean(axis=1)
        styled = perform(self.performers[number], motion, loudness, known, self.rng)
        return styled, np.arange(len(known)) != 51  # every channel is made up but the tongue


def style_statistics(sampler: StyleSampler, n_batches: int = 20) -> tuple[Tensor, Tensor]:
    """Mean and deviation [55] of the motion that is drawn, where it is known; 0 for a channel that
    is never known."""
    total, square, count = (torch.zeros(len(ARKIT_CHANNELS), dtype=torch.float64) for _ in range(3))
    for _ in range(n_batches):
        batch = sampler.draw()
        known = batch.valid[:, None].double().expand_as(batch.motion)
        motion = batch.motion.double() * known
        total += motion.sum((0, 1))
        square += motion.square().sum((0, 1))
        count += known.sum((0, 1))
    mean = total / count.clamp(min=1)
    deviation = (square / count.clamp(min=1) - mean.square()).clamp(min=0).sqrt()
    scale = torch.where(count > 0, deviation.clamp(min=LEAST_DEVIATION), 0.0)
    return mean.float(), scale.float()
