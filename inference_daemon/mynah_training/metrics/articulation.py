"""What the mouth does during known phones, measured on a head: needs phone times, but no reference
performance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..data.phones import BILABIALS, OPEN_VOWELS, PHONES, phone_index
from .head import CLOSED_MM, LandmarkHead

FloatArray = NDArray[np.float32]
Segment = tuple[str, float, float]
_MARGIN_S = 0.02
_SILENCE_MARGIN_S = 0.15
_MIN_VOWEL_S = 0.06
_ENOUGH_SILENT_FRAMES = 50


@dataclass
class ArticulationCounts:
    """Counts that can be added over clips. Lips are closed at a gap within 1 mm of the relaxed
    head's.

    A bilabial (b, m, p) is closed if any frame within its interval ± 20 ms is; an open vowel (AA,
    AE, AW, AY of at
    least 60 ms) is shut if every frame is; silence counts the frames 150 ms away from speech that
    are not closed.
    """

    bilabials: int = 0
    closed_bilabials: int = 0
    open_vowels: int = 0
    shut_vowels: int = 0
    silent_frames: int = 0
    open_silent_frames: int = 0

    def add(self, other: ArticulationCounts) -> None:
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)

    @property
    def closure_percent(self) -> float:
        return 100.0 * self.closed_bilabials / self.bilabials if self.bilabials else float("nan")

    @property
    def shut_vowel_percent(self) -> float:
        return 100.0 * self.shut_vowels / self.open_vowels if self.open_vowels else float("nan")

    @property
    def open_silence_percent(self) -> float:
        """Not a number below a second of silence: the rims of short pauses say little."""
        if self.silent_frames < _ENOUGH_SILENT_FRAMES:
            return float("nan")
        return 100.0 * self.open_silent_frames / self.silent_frames


def count_articulation(
    coefficients: FloatArray, fps: float, segments: tuple[Segment, ...], head: LandmarkHead
) -> ArticulationCounts:
    """Counts for one clip of ARKit coefficients [T, 52] with its phone segments (seconds)."""
    closed = head.lip_gap(coefficients) <= head.neutral_gap + CLOSED_MM
    counts = ArticulationCounts()
    for name, start_s, end_s in _named(segments):
        if name in BILABIALS:
            counts.bilabials += 1
            counts.closed_bilabials += bool(
                _frames(closed, fps, start_s - _MARGIN_S, end_s + _MARGIN_S).any()
            )
        elif name in OPEN_VOWELS and end_s - start_s >= _MIN_VOWEL_S:
            counts.open_vowels += 1
            counts.shut_vowels += bool(_frames(closed, fps, start_s, end_s).all())
        elif name == "sil":
            inside = _frames(
                closed, fps, start_s + _SILENCE_MARGIN_S, end_s - _SILENCE_MARGIN_S, at_least=0
            )
            counts.silent_frames += len(inside)
            counts.open_silent_frames += int((~inside).sum())
    return counts


def _named(segments: tuple[Segment, ...]) -> list[Segment]:
    """Segments by inventory name, silences in a row joined."""
    named: list[Segment] = []
    for phone, start_s, end_s in segments:
        index = phone_index(phone)
        name = PHONES[index] if index >= 0 else "?"
        if named and name == "sil" and named[-1][0] == "sil":
            named[-1] = ("sil", named[-1][1], end_s)
        else:
            named.append((name, start_s, end_s))
    return named


def _frames(
    values: NDArray[np.bool_], fps: float, start_s: float, end_s: float, *, at_least: int = 1
) -> NDArray[np.bool_]:
    """The frames shown within [start_s, end_s]; the nearest one if none is and `at_least` asks for
    it."""
    first, last = int(np.ceil(start_s * fps - 1e-6)), int(np.floor(end_s * fps + 1e-6))
    if last - first + 1 < at_least:
        first = last = round((start_s + end_s) / 2 * fps)
    return values[max(first, 0) : max(last + 1, 0)]
