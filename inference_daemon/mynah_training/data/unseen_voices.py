"""Voices and sentences that no training run uses, with exact phone times, in eight languages."""

from __future__ import annotations

import functools
import random
from collections.abc import Iterator
from typing import Final

import numpy as np
import soxr
from numpy.typing import NDArray

from .espeak import VARIANTS, VOICES, EspeakVoice, Segment
from .texts import read_sentences

LANGUAGES: Final = ("en", "zh", "de", "fr", "es", "ja", "hi", "ar")
SENTENCES: Final = 20
_FIRST_UNUSED_SENTENCE: Final = 1000
_SEED: Final = 0
_UNSEEN: Final = tuple("Andy Denis Gene Jacky Mario anika benjamin pablo sandro travis".split())
assert not set(_UNSEEN) & set(VARIANTS)


@functools.cache
def _engine() -> EspeakVoice:
    return EspeakVoice()


def speak_unseen(language: str) -> Iterator[tuple[str, NDArray[np.float32], list[Segment]]]:
    """(name, samples at 16 kHz, phone segments) of sentences beyond those that training speaks."""
    rng = random.Random(f"unseen {language}")
    texts = read_sentences(language, 10**6, _SEED)[_FIRST_UNUSED_SENTENCE:]
    for i, text in enumerate(texts[:SENTENCES]):
        voice = f"{rng.choice(VOICES[language])}+{rng.choice(_UNSEEN)}"
        samples, phones = _engine().speak(
            text, voice, pitch=rng.randint(30, 70), words_per_minute=rng.randint(130, 190)
        )
        heard = np.asarray(soxr.resample(samples, _engine().rate, 16000), np.float32)
        yield f"{language}_{i}", heard, phones
