"""The phones of a known text with their times in the sound."""

from __future__ import annotations

import re
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mynah_daemon.engine.speech import PHONE_RATE
from mynah_shared.errors import BadInputError, EngineUnavailableError

from ..data.corpus import Segment
from ..data.espeak import EspeakVoice
from .alignment import Alignment, align
from .listening import SILENCE, Ear

FloatArray = NDArray[np.float32]

LEAST_FIT: Final = 0.4
"""See `Alignment.fit`: of 60 filmed dev sentences 95 % have 0.48 or more with their own text, and
0.37 or less with another one."""
_REMARKS: Final = re.compile(r"\[[^\]]*\]")
"""What stands in square brackets is not spoken ("[laughs]")."""
_MIDDLE_PITCH, _WORDS_PER_MINUTE = 50, 160


class Speller:
    """Text to phones of the inventory, as espeak-ng reads `language` ("en-us").

    Raises `EngineUnavailableError` if espeak-ng is not installed, `BadInputError` for a language
    that it doesn't know.
    """

    def __init__(self, language: str) -> None:
        self.language = language
        try:
            self._engine = EspeakVoice()
        except OSError as error:
            raise EngineUnavailableError(
                "Transcripts need the library of espeak-ng, which is not installed; install it "
                "(Debian: libespeak-ng1), or take the transcripts out of the folder."
            ) from error
        try:
            self._phones("a")
        except ValueError as error:
            raise BadInputError(
                f"espeak-ng has no language '{language}'; `espeak-ng --voices` lists those for "
                "--language."
            ) from error

    def phones(self, text: str) -> list[str]:
        """Names in order, without silences."""
        spoken = " ".join(_REMARKS.sub(" ", text).split())
        return self._phones(spoken) if spoken else []

    def _phones(self, text: str) -> list[str]:
        _, segments = self._engine.speak(
            text, self.language, pitch=_MIDDLE_PITCH, words_per_minute=_WORDS_PER_MINUTE
        )
        return [phone for phone, _, _ in segments if phone != SILENCE]


def place_text(text: str, heard: FloatArray, ear: Ear, speller: Speller) -> list[Segment]:
    """Phones and silences without gaps of a text in sound of which `heard` [N, P] was heard.

    Raises `BadInputError` if the text is empty or doesn't fit.
    """
    phones = speller.phones(text)
    if not phones:
        raise BadInputError("The transcript holds no words; it is left out.")
    columns = [ear.column(phone) for phone in phones]
    placed = align(heard, columns, ear.column(SILENCE))
    if placed is None:
        raise BadInputError(
            "The transcript has more sounds than can be placed in the video; it is left out: check "
            "that it is this video's."
        )
    if placed.fit < LEAST_FIT:
        raise BadInputError(
            f"The transcript agrees by {placed.fit:.2f} with what is heard, less than "
            f"{LEAST_FIT:g}; it is left out: check the text and --language."
        )
    return _segments(phones, placed, len(heard))


def _segments(phones: list[str], placed: Alignment, n_rows: int) -> list[Segment]:
    found: list[Segment] = []
    end_s = 0.0
    for phone, first, last in zip(phones, placed.starts, placed.ends, strict=True):
        # row j is what is heard at j / 50 s: a phone begins halfway from the row before
        start_s = max((first - 0.5) / PHONE_RATE, 0.0)
        if start_s > end_s:
            found.append((SILENCE, end_s, start_s))
        end_s = (last - 0.5) / PHONE_RATE
        found.append((phone, start_s, end_s))
    return [*found, (SILENCE, end_s, n_rows / PHONE_RATE)]
