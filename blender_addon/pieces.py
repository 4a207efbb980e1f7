"""Work in pieces of a few milliseconds, so that Blender is never held up; no piece keeps a
data-block from one to the next."""

from __future__ import annotations

from .library import LAST, Pieces, finish

__all__ = ["LAST", "Pieces", "finish"]
