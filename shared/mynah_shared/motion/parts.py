"""The parts of the face that have amounts of their own: lips, brows, blinks, gaze, head."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

_BEGINNINGS: Final = {
    "lips": ("jaw", "mouth", "tongue"),
    "brows": ("brow", "cheek", "nose"),
    "blinks": ("eyeBlink", "eyeSquint", "eyeWide"),
    "gaze": ("eyeLook",),
    "head": ("head",),
}
"""What the channels of a part begin with."""
_LEAST: Final = 1e-4

AMOUNT_PARTS: Final = tuple(_BEGINNINGS)


def part_of(weights: Iterable[tuple[str, float]]) -> str:
    """The part that moves a number most, given the channels that move it and by how much; empty if
    none does."""
    shares = dict.fromkeys(AMOUNT_PARTS, 0.0)
    for channel, weight in weights:
        for part, beginnings in _BEGINNINGS.items():
            if channel.startswith(beginnings):
                shares[part] += abs(weight) + _LEAST
    most = max(AMOUNT_PARTS, key=lambda part: shares[part])
    return most if shares[most] else ""
