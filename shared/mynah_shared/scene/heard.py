"""What a take notes about the voice that it was made of, ready to be drawn."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.floating[Any]]

_RANGE_DB = 60.0
_SOFTENING = 0.6
"""Quiet sounds are drawn larger than they are, so that an s shows beside an a."""


@dataclass(frozen=True, eq=False)
class Heard:
    """Phones by name with `begins` and `ends` [P] in seconds, ascending; `heights` [N] of the
    waveform, 0 to 1, `rate` of them a second. `confidence`: how sure the phones are, 0 to 1; None
    where that isn't told."""

    begins: FloatArray
    ends: FloatArray
    names: tuple[str, ...]
    heights: FloatArray
    rate: float
    confidence: float | None = None


def heard_text(meta: Mapping[str, Any]) -> str:
    """What a host keeps on a take of a result's record: JSON text (see `heard` in PROTOCOL.md);
    empty if nothing was listened to."""
    return json.dumps(meta["heard"], separators=(",", ":")) if "heard" in meta else ""


@lru_cache(maxsize=256)
def read_heard(text: str) -> Heard | None:
    """Of the text on a take; None if there is nothing to draw. A text that can't be understood, of
    a newer Mynah perhaps, has nothing either."""
    try:
        heard: dict[str, Any] = json.loads(text)
        phones = heard["phones"]
        names = tuple(str(name) for _begin_s, _end_s, name in phones)
        times = np.array([phone[:2] for phone in phones], np.float64).reshape(-1, 2)
        loudness = np.frombuffer(base64.b64decode(heard["loudness"]), np.uint8)
        rate = float(heard["loudness_fps"])
        sure = heard.get("confidence")
        confidence = None if sure is None else float(sure)
    except (ValueError, TypeError, KeyError):
        return None
    if rate <= 0 or not (names or loudness.size):
        return None
    return Heard(times[:, 0], times[:, 1], names, _heights(loudness), rate, confidence)


def _heights(loudness: NDArray[np.uint8]) -> FloatArray:
    decibels = (loudness / 255 - 1) * _RANGE_DB
    amplitudes = np.where(loudness > 0, 10 ** (decibels / 20), 0.0)
    loudest = amplitudes.max(initial=0.0)
    if loudest == 0:
        return np.zeros(len(loudness), np.float32)
    return ((amplitudes / loudest) ** _SOFTENING).astype(np.float32)
