"""How many items a graph may be asked at a time: as many as the memory holds, found by asking."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

_SHARE: Final = 0.25
"""Of the memory that is free: the rest is for the lines' sounds, other workers and the host."""
_SLACK_BYTES: Final = 8 << 20
"""What a run may have found in memory that the runtime holds already, and so is not seen."""


@dataclass(frozen=True)
class Memory:
    """A device's memory: what is free, and what this process holds of it. None where the system
    doesn't tell."""

    free_bytes: Callable[[], int | None]
    held_bytes: Callable[[], int | None]


def fit_items(ask: Callable[[int], object], memory: Memory, most: int) -> int:
    """The number of items, 1 to `most`, that `ask` may be called with.

    Where memory is told it is called with 1, and with twice as many as long as what it has taken
    leaves room for doubt, so that nothing is taken that isn't there: some systems end a process for
    that. Elsewhere see `fit_by_trying`. What `ask` raises means that there was too little memory;
    what it raises for a single item tells nothing, and the answer is `most`.
    """
    free, held = memory.free_bytes(), memory.held_bytes()
    if free is None or held is None:
        return fit_by_trying(ask, most)
    n_items, known = 1, 0
    while True:
        try:
            ask(n_items)
        except Exception:  # the runtime's own types, none of them exported
            return known or most
        known = n_items
        taken = max(0, (memory.held_bytes() or held) - held)
        n_fitting = int(_SHARE * free * n_items / (taken + _SLACK_BYTES))
        if n_fitting >= most or n_items >= most:
            return most
        if n_fitting < 2 * n_items:
            return max(known, n_fitting)
        n_items = min(most, 2 * n_items)


def fit_by_trying(ask: Callable[[int], object], most: int) -> int:
    """As `fit_items`, for devices on which too little memory is an error and no more: with `most`,
    and with half as many until it succeeds. Leaves the device warm."""
    n_items = most
    while n_items:
        try:
            ask(n_items)
        except Exception:  # the runtime's own types, none of them exported
            n_items //= 2
        else:
            return n_items
    return most
