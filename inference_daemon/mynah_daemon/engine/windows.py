"""Long sequences in windows, with the same result as in one piece."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

WINDOW_MOTION_FRAMES: Final = 200
"""8 s: long enough to waste little on the overlap, short enough to cancel within a moment."""


@dataclass(frozen=True)
class Window:
    """Frames `start:stop` of a sequence, computed from the frames `first:last` around them."""

    start: int
    stop: int
    first: int
    last: int


def count_windows(n_motion_frames: int) -> int:
    """How many windows `plan_windows` makes of a sequence that lasts this many motion frames."""
    return -(-n_motion_frames // WINDOW_MOTION_FRAMES)


def plan_windows(n_frames: int, context: int, multiple: int) -> list[Window]:
    """Windows that together cover `n_frames`, with `context` on both sides.

    A convolutional model that sees `context` frames to each side computes in its window what it
    would compute in the whole, also at the ends, where it pads either way. `multiple` frames last
    as long as a motion frame: all positions are multiples of it, and `n_frames` must be too.
    """
    size = WINDOW_MOTION_FRAMES * multiple
    around = -(-context // multiple) * multiple
    return [
        Window(
            start,
            min(start + size, n_frames),
            max(start - around, 0),
            min(start + size + around, n_frames),
        )
        for start in range(0, n_frames, size)
    ]
