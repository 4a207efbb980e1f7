"""Which stretches of a video become clips: where somebody speaks, cut at pauses."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from mynah_daemon.engine.speech import PHONE_RATE

FloatArray = NDArray[np.float32]
Stretch = tuple[float, float]
"""Start and end in seconds."""

SHORTEST_S: Final = 3.0
LONGEST_S: Final = 20.0
LONG_PAUSE_S: Final = 2.0
"""A silence of this length is left out."""
MARGIN_S: Final = 0.5
"""Of the silence around speech, this much stays: lips open before a sound and rest after it."""
SLACK_S: Final = 0.05
"""A video that lacks this much of the least length (a frame or its last sound) is long enough."""
_HEARD: Final = 0.5
_LEAST_SPEECH_S: Final = 0.1
"""Shorter sounds between silences are noises."""
_LOOK_S: Final = 1.0
"""How much sound around a moment tells whether it's a good one to cut at."""


def find_stretches(silence: FloatArray, length_s: float) -> tuple[list[Stretch], int]:
    """Clips of a video of `length_s`, and how often somebody speaks in a stretch that is too short.

    `silence` [N] is the probability of silence at 50/s. Speech between long pauses is one stretch,
    with a margin of silence; beyond `LONGEST_S` it is cut where the pause around is longest and
    deepest, again and again. What is shorter than `SHORTEST_S` takes in more of the silence around.
    """
    window = np.hanning(round(_LOOK_S * PHONE_RATE) + 2)[1:-1]
    quiet = np.convolve(silence, window / window.sum(), mode="same")
    found: list[Stretch] = []
    for first, last in _spoken(silence):
        start_s = max(first / PHONE_RATE - MARGIN_S, 0.0)
        found += _cut((start_s, min(last / PHONE_RATE + MARGIN_S, length_s)), quiet)
    grown: list[Stretch] = []
    for i, stretch in enumerate(found):
        next_s = found[i + 1][0] if i + 1 < len(found) else length_s
        grown.append(_grow(stretch, grown[-1][1] if grown else 0.0, next_s))
    kept = [stretch for stretch in grown if stretch[1] - stretch[0] >= SHORTEST_S - SLACK_S]
    return kept, len(grown) - len(kept)


def _spoken(silence: FloatArray) -> list[tuple[int, int]]:
    """First and last row of all speech between two long pauses."""
    edges = np.flatnonzero(np.diff(np.pad((silence < _HEARD).astype(np.int8), 1)))
    joined: list[tuple[int, int]] = []
    for first, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        if end - first < _LEAST_SPEECH_S * PHONE_RATE:
            continue
        if joined and first - joined[-1][1] < LONG_PAUSE_S * PHONE_RATE:
            joined[-1] = joined[-1][0], end
        else:
            joined.append((first, end))
    return joined


def _cut(whole: Stretch, quiet: FloatArray) -> list[Stretch]:
    """The stretch in parts that aren't too long; `quiet` [N] at 50/s is the silence around."""
    found: list[Stretch] = []
    left = [whole]
    while left:
        start_s, end_s = left.pop()
        if end_s - start_s <= LONGEST_S:
            found.append((start_s, end_s))
            continue
        first, last = (round(t * PHONE_RATE) for t in (start_s + SHORTEST_S, end_s - SHORTEST_S))
        middle_s = (first + int(quiet[first:last].argmax())) / PHONE_RATE
        left += [(middle_s, end_s), (start_s, middle_s)]
    return found


def _grow(stretch: Stretch, least_s: float, most_s: float) -> Stretch:
    """The stretch with as much of the silence on both sides as it lacks, between the two ends."""
    start_s, end_s = stretch
    start_s = max(min(start_s, (start_s + end_s - SHORTEST_S) / 2), least_s)
    end_s = min(max(end_s, start_s + SHORTEST_S), most_s)
    return max(min(start_s, end_s - SHORTEST_S), least_s), end_s
