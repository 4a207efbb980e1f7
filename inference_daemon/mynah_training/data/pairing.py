"""Gives a performer's motion to another voice that says the same sentence.

The two phone sequences are aligned, and the motion is resampled along the resulting map of time, so
that a synthetic
voice comes with a real face: the only way to show the network hundreds of voices when one performer
was filmed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mynah_shared.motion.clip import MotionClip

from .phones import VOWELS

Segment = tuple[str, float, float]
_GAP_COST = 0.7


def time_map(
    source: tuple[Segment, ...], target: tuple[Segment, ...]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Anchors (target_s, source_s), both rising: the starts and ends of phones that both utterances
    share."""
    first, second = (
        [s for s in segments if s[0].lower() not in {"sil", "sp"}] for segments in (source, target)
    )
    anchors = [(0.0, 0.0)]
    for i, j in align([s[0] for s in first], [s[0] for s in second]):
        for edge in (1, 2):
            here, there = float(second[j][edge]), float(first[i][edge])
            if here > anchors[-1][0] + 1e-3 and there > anchors[-1][1] + 1e-3:
                anchors.append((here, there))
    if len(anchors) > 1:  # silence before the first phone runs at its own pace, ending on the phone
        first_here, first_there = anchors[1]
        anchors[0] = (
            first_here - min(first_here, first_there),
            first_there - min(first_here, first_there),
        )
        anchors.append((anchors[-1][0] + 2.0, anchors[-1][1] + 2.0))
    here, there = np.array(anchors).T
    return here, there


def warp_motion(
    clip: MotionClip,
    here: NDArray[np.float64],
    there: NDArray[np.float64],
    n_frames: int,
    fps: float,
) -> NDArray[np.float32]:
    """Values [n_frames, C] at `fps`: the clip's motion at the mapped time, held at its ends."""
    times = np.interp(np.arange(n_frames) / fps, here, there) * clip.fps
    frames = np.arange(clip.n_frames)
    columns = [np.interp(times, frames, column) for column in clip.values.T]
    return np.stack(columns, axis=1).astype(np.float32)


def align(first: list[str], second: list[str]) -> list[tuple[int, int]]:
    """Index pairs of a cheapest monotonic alignment; substitutions within vowels or consonants cost
    less."""
    cost = np.zeros((len(first) + 1, len(second) + 1))
    cost[:, 0] = np.arange(len(first) + 1) * _GAP_COST
    cost[0] = np.arange(len(second) + 1) * _GAP_COST
    for i, a in enumerate(first, 1):
        for j, b in enumerate(second, 1):
            cost[i, j] = min(
                cost[i - 1, j - 1] + _substitution(a, b),
                cost[i - 1, j] + _GAP_COST,
                cost[i, j - 1] + _GAP_COST,
            )
    pairs = []
    i, j = len(first), len(second)
    while i and j:
        if cost[i, j] == cost[i - 1, j - 1] + _substitution(first[i - 1], second[j - 1]):
            pairs.append((i - 1, j - 1))
            i, j = i - 1, j - 1
        elif cost[i, j] == cost[i - 1, j] + _GAP_COST:
            i -= 1
        else:
            j -= 1
    return pairs[::-1]


def _substitution(a: str, b: str) -> float:
    if a == b:
        return 0.0
    return 0.4 if (a in VOWELS) == (b in VOWELS) else 1.2
