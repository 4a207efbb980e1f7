"""What was heard in a line, in short: for people who look at it beside the curves."""

from __future__ import annotations

import base64
import itertools
import json
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .models import PhonePosteriors

FloatArray = NDArray[np.float32]

_SAMPLE_RATE: Final = 16_000
LOUDNESS_RATE: Final = 50
SILENCE: Final = "sil"
_QUIETEST_DB: Final = -60.0
_SWITCH_COST: Final = 1.5
"""In nats. A phone that is likelier than its neighbours by a hair and for 20 ms is no phone; one
that is heard clearly is one, however short."""
_LONGEST_TEXT: Final = 50_000
"""A result's header has at most 64 KiB, and says other things, too."""


@dataclass(frozen=True)
class Heard:
    """`phones` (begin, end in seconds, name) one after the other, silence included; none if the
    model did not listen for them. `loudness`: a byte per 1/50 s, 0 at -60 dB of full scale or
    below, 255 at full scale. `confidence`: how sure the phones are of themselves, 0 to 1, where
    they are not silence; None where nobody speaks."""

    phones: tuple[tuple[float, float, str], ...]
    loudness: bytes
    confidence: float | None = None

    def to_meta(self) -> dict[str, object]:
        """For the JSON of a result. What would make it too long is left out: the phones of lines
        beyond some two minutes."""
        meta: dict[str, object] = {
            "loudness_fps": LOUDNESS_RATE,
            "loudness": base64.b64encode(self.loudness).decode("ascii"),
            "phones": self.phones,
            "confidence": self.confidence,
        }
        for key in ("phones", "loudness"):
            if len(json.dumps(meta)) > _LONGEST_TEXT:
                meta[key] = () if key == "phones" else ""
        return meta


def sum_up(samples: FloatArray, posteriors: PhonePosteriors | None) -> Heard:
    """What was heard in samples [N] at 16 kHz."""
    loudness = _loudness(samples)
    if posteriors is None:
        return Heard((), loudness)
    path = _likeliest_path(posteriors.probabilities)
    phones = _phones(path, posteriors, len(samples) / _SAMPLE_RATE)
    return Heard(phones, loudness, _confidence(path, posteriors))


def _loudness(samples: FloatArray) -> bytes:
    size = _SAMPLE_RATE // LOUDNESS_RATE
    padded = np.pad(samples.astype(np.float64), (0, -len(samples) % size))
    power = (padded.reshape(-1, size) ** 2).mean(axis=1)
    decibels = 10 * np.log10(np.maximum(power, 1e-12))
    return np.rint(np.clip(1 - decibels / _QUIETEST_DB, 0, 1) * 255).astype(np.uint8).tobytes()


def _confidence(path: NDArray[np.intp], posteriors: PhonePosteriors) -> float | None:
    """The mean probability of the phones that were taken for the likeliest."""
    sure = posteriors.probabilities[np.arange(len(path)), path]
    spoken = path != posteriors.names.index(SILENCE)
    return round(float(sure[spoken].mean()), 3) if spoken.any() else None


def _phones(
    path: NDArray[np.intp], posteriors: PhonePosteriors, duration_s: float
) -> tuple[tuple[float, float, str], ...]:
    edges = [0, *(np.flatnonzero(np.diff(path)) + 1).tolist(), len(path)]
    found: list[tuple[float, float, str]] = []
    for first, stop in itertools.pairwise(edges):
        begin_s, end_s = first / posteriors.rate, min(stop / posteriors.rate, duration_s)
        if begin_s < end_s:  # the last rows may lie behind the sound
            found.append((round(begin_s, 3), round(end_s, 3), posteriors.names[int(path[first])]))
    return tuple(found)


def _likeliest_path(probabilities: FloatArray) -> NDArray[np.intp]:
    """The phone of each row [N]: the likeliest sequence if every change costs the same."""
    scores = np.log(np.maximum(probabilities, 1e-6))
    came_from = np.empty(scores.shape, np.intp)
    stay = np.arange(scores.shape[1], dtype=np.intp)
    best = np.zeros(scores.shape[1])
    for row, score in enumerate(scores):
        top = int(best.argmax())
        changed = best[top] - _SWITCH_COST
        came_from[row] = np.where(best >= changed, stay, top)
        best = np.maximum(best, changed) + score
    return _traced_back(came_from, int(best.argmax()))


def _traced_back(came_from: NDArray[np.intp], last: int) -> NDArray[np.intp]:
    path = np.empty(len(came_from), np.intp)
    for row in range(len(path) - 1, -1, -1):
        path[row] = last
        last = int(came_from[row][last])
    return path
