"""Chooses training utterances from a folder of features, by kind, and stretches of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .corpus import OTHERS
from .features import SILENCE, FeaturePack
from .pack import Entry
from .rows import interpolate_rows
from .speech_batches import chances

_LEAD_FRAMES = 8
_AS_RECORDED = 0.3


@dataclass(frozen=True)
class UtteranceMix:
    """Items of a batch by kind: the man with an hour, other filmed people (a user's own among
    them), a hand-animated head, filmed faces under synthetic voices, and a resting face in silence.

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


@dataclass(frozen=True, eq=False)
class Stretch:
    """Part of an utterance at another pace: where in it the motion frames lie, `times` [T], and
    what is heard there in one of its voices, `speech` [2T, P + 12]; `halves` [2T] are the places of
    the speech in frames of 20 ms."""

    times: NDArray[np.floating]
    halves: NDArray[np.floating]
    speech: NDArray[np.float32]


class UtteranceSampler:
    """Seeded choice among the training utterances."""

    def __init__(self, features: FeaturePack, mix: UtteranceMix, seed: int) -> None:
        self.features = features
        self.entries = [
            e for e in features.entries
            if e.split == "train" and e.speaker not in mix.left_out
            and not says_any(e, mix.left_out_words)
        ]  # fmt: skip
        kinds = (
            (mix.performer, {"grid_s1"}), (mix.others, {"grid_multi", OTHERS}),
            (mix.animated, {"facegood"}), (mix.revoiced, {"synthetic_grid"}),
            (mix.silence, {SILENCE}),
        )  # fmt: skip
        found = [(n, [e for e in self.entries if e.source in sources]) for n, sources in kinds]
        self.kinds = [(n, entries, chances(entries)) for n, entries in found if entries]
        self.reseed(seed, 0)

    def reseed(self, seed: int, step: int) -> None:
        """Starts the stretch of the random sequence that belongs to `step`."""
        self.rng = np.random.default_rng([seed, step])

    def choose(self) -> list[Entry]:
        """The utterances of a batch."""
        return [
            entries[i]
            for count, entries, p in self.kinds
            for i in self.rng.choice(len(entries), count, p=p)
        ]

    def stretch(self, entry: Entry, n_frames: int) -> Stretch:
        """`n_frames` motion frames from anywhere in the utterance, sometimes beyond its ends."""
        n_voices = len(self.features.speech)
        recorded = n_voices == 1 or self.rng.random() < _AS_RECORDED
        voice = 0 if recorded else int(self.rng.integers(1, n_voices))
        pace = self.rng.uniform(0.85, 1.2)
        latest = max(entry.n_frames - pace * n_frames, 0) + _LEAD_FRAMES
        times = self.rng.uniform(-_LEAD_FRAMES, latest) + pace * np.arange(n_frames)
        halves = half_frames(times, pace)
        speech = interpolate_rows(self.features.speech_of(entry, voice), halves)
        return Stretch(times, halves, speech)


def half_frames(times: NDArray[np.floating], pace: float = 1.0) -> NDArray[np.floating]:
    """Places [2T] in frames of 20 ms that belong to motion frames at `times` [T]."""
    return np.stack([times, times + 0.5 * pace], axis=1).reshape(-1) * 2


def says_any(entry: Entry, words: tuple[str, ...]) -> bool:
    """Whether a GRID sentence has one of the words, given as place and letter of the file-name
    code."""
    code = entry.utterance_id.rsplit("_", 1)[-1]
    return "grid" in entry.source and any(code[int(word[0])] == word[1] for word in words)
