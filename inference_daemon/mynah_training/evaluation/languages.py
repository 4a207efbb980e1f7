"""Synthetic voices that no run was trained with, in many languages, with exact phone times."""

from __future__ import annotations

from typing import Final

import numpy as np

from mynah_shared.errors import BadInputError

from ..data.corpus import SAMPLE_RATE, Segment
from ..data.unseen_voices import speak_unseen
from ..metrics.articulation import ArticulationCounts, count_articulation
from ..metrics.head import LandmarkHead
from ..metrics.rounding import Rounding
from .contestants import Contestant
from .filmed import Scores
from .lines import N_SHAPES, FloatArray, Line

_FPS: Final = 50.0
PAUSE_S: Final = 1.0
_QUIET: Final = 3e-4  # -70 dBFS
Spoken = dict[str, list[Line]]


def spoken_lines(languages: tuple[str, ...], n_lines: int) -> Spoken:
    """The first `n_lines` of the unseen sentences of each language, each with a pause behind it.
    Raises `BadInputError` where espeak-ng is missing."""
    try:
        return {
            language: [
                line_with_pause(name, samples, phones)
                for (name, samples, phones), _ in zip(
                    speak_unseen(language), range(n_lines), strict=False
                )
            ]
            for language in languages
        }
    except OSError as error:
        raise BadInputError(
            "The table's languages are spoken by the espeak-ng library, which can't be loaded "
            "(Debian: libespeak-ng1)."
        ) from error


def line_with_pause(name: str, samples: FloatArray, phones: list[Segment]) -> Line:
    """A sentence and a second in which no one speaks: the synthesiser itself never waits."""
    noise = np.random.default_rng(0).standard_normal(round(PAUSE_S * SAMPLE_RATE)) * _QUIET
    end_s = len(samples) / SAMPLE_RATE
    pause = ("sil", end_s, end_s + PAUSE_S)
    heard = np.concatenate([samples, noise]).astype(np.float32)
    return Line(name, heard, _FPS, (*phones, pause))


def score_languages(contestant: Contestant, spoken: Spoken, head: LandmarkHead) -> Scores:
    """Counts pooled over the sentences of a language; keys end in the language's name."""
    scores: Scores = {}
    for language, lines in spoken.items():
        counts, rounding = ArticulationCounts(), Rounding()
        for line in lines:
            motion = contestant.perform(line)
            shapes = motion[:, :N_SHAPES]
            counts.add(count_articulation(shapes, line.fps, line.phones, head))
            rounding.add(motion, line.fps, line.phones)
        scores |= {
            f"closed {language}": counts.closure_percent,
            f"shut {language}": counts.shut_vowel_percent,
            f"rounding {language}": rounding.difference,
            f"silence {language}": counts.open_silence_percent,
        }
    return scores
