"""When each phone of a known text is spoken: Viterbi (1967) over what the speech encoder hears.

The path goes through the phones in order; between any two of them, and at both ends, there may be
silence. Memory and time grow with the length of the sound only, as the path is searched for within
a window of the text that moves along (Lowerre's beam, 1976).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]

_FLOOR: Final = 0.01
"""A phone that isn't heard at all costs no more than this probability: speakers swallow sounds."""
_PAUSE: Final = -3.0
"""Log probability of a pause between two phones, so that none is made up within a word."""
_WINDOW: Final = 2048
"""States of the text that are looked at in a frame: some seventy seconds of speech."""
_STAY, _NEXT, _SKIP = 0, 1, 2


@dataclass(frozen=True, eq=False)
class Alignment:
    """`starts` and `ends` [K]: the frames of each phone, ends excluded. `fit` is the mean
    probability with which the text is heard as it was placed, over all frames in which it or the
    sound has speech: 1 for a text that is spoken so, near 0 for another one."""

    starts: NDArray[np.intp]
    ends: NDArray[np.intp]
    fit: float


def align(heard: FloatArray, phones: Sequence[int], silence: int) -> Alignment | None:
    """Places `phones` (columns of `heard` [N, P], without silences) in order.

    None if there are no phones, or fewer frames than phones.
    """
    if not phones or len(heard) < len(phones):
        return None
    columns = np.full(2 * len(phones) + 1, silence)
    columns[1::2] = phones
    path = _best_path(np.log(np.maximum(heard, _FLOOR)), columns)
    if path is None:
        return None
    states = np.arange(1, len(columns), 2)
    starts = np.searchsorted(path, states, side="left")
    ends = np.searchsorted(path, states, side="right")
    speech = (path % 2 == 1) | (heard[:, silence] < 0.5)
    placed = heard[np.arange(len(heard)), columns[path]]
    return Alignment(starts, ends, float(placed[speech].mean()))


def _best_path(scores: FloatArray, columns: NDArray[np.intp]) -> NDArray[np.intp] | None:
    """The state [N] in each frame, rising; None if the window lost the way to the end."""
    n_states, width = len(columns), min(_WINDOW, len(columns))
    came = np.zeros((len(scores), width), np.uint8)
    firsts = np.zeros(len(scores), np.intp)
    best = np.full(width, -np.inf, np.float32)
    first = 0
    for frame, row in enumerate(scores):
        if frame == 0:
            best[:2] = row[columns[:2]]
            continue
        wanted = first + int(best.argmax()) - width // 2
        moved = int(np.clip(wanted, first, n_states - width)) - first
        first += moved
        best = np.concatenate([best[moved:], np.full(moved, -np.inf, np.float32)])
        firsts[frame] = first
        is_phone = np.arange(first, first + width) % 2 == 1
        options = np.full((3, width), -np.inf, np.float32)
        options[_STAY] = best
        options[_NEXT, 1:] = best[:-1] + np.where(is_phone[1:], 0, _PAUSE)
        options[_SKIP, 2:] = np.where(is_phone[2:], best[:-2], -np.inf)
        came[frame] = options.argmax(axis=0)
        best = options.max(axis=0) + row[columns[first : first + width]]
    last = n_states - 1 - first
    if last >= width or not np.isfinite(best[max(last - 1, 0) : last + 1]).any():
        return None
    place = first + max(last - 1, 0) + int(best[max(last - 1, 0) : last + 1].argmax())
    path = np.zeros(len(scores), np.intp)
    for frame in range(len(scores) - 1, -1, -1):
        path[frame] = place
        place -= int(came[frame, place - firsts[frame]])
    return path
