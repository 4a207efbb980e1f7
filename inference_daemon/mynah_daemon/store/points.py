"""The named moments between which a daemon may die. The tests end the process at each of them."""

from __future__ import annotations

from typing import Final

POINTS: Final = (
    "reconcile",
    "reconciled",
    "blob written",
    "blob named",
    "begin",
    "begun",
    "take",
    "taken",
    "requeue",
    "requeued",
    "result written",
    "result synced",
    "result named",
    "result lasting",
    "finished",
    "end",
    "ended",
    "results deleted",
    "results forgotten",
    "result read",
)


def reach(name: str) -> None:
    """Nothing happens here."""
    assert name in POINTS, name
