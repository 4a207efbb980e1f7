"""Long sequences in overlapping windows, with the same result as in one piece."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Window:
    """Frames `start:stop` of a sequence, computed from the frames `first:last` around them."""

    start: int
    stop: int
    first: int
    last: int


def plan_windows(n_frames: int, size: int, context: int, multiple: int) -> list[Window]:
    """Windows of `size` frames that together cover `n_frames`, with `context` on both sides.

    A convolutional model that sees `context` frames to each side computes in its window what it
    would compute in the whole, also at the ends, where it pads either way. All positions are
    multiples of `multiple`, the model's stride; `n_frames` and `size` must be too.
    """
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
