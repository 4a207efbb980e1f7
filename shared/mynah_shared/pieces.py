"""Work in pieces of a few milliseconds, so that a host is never held up."""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeVar

T = TypeVar("T")
Pieces = Generator[float, None, T]
"""Yields the share that is done after each piece, and returns the result. Anything may happen to
the scene between two pieces, so that none keeps what belongs to it from one to the next."""

LAST = 1.0
"""Yielded before a piece that can't be cut any smaller, so that it gets a tick for itself."""


def finish(pieces: Pieces[T]) -> T:
    """Do all pieces at once, where it must be or takes little."""
    while True:
        try:
            next(pieces)
        except StopIteration as done:
            return done.value
