"""What a check found, and the fix for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum


class Severity(Enum):
    """Whether a line does not come, show or sound as it should, or only may surprise."""

    problem = "problem"
    hint = "hint"


@dataclass(frozen=True)
class Fix:
    """What a button does: `deed` finds its nodes anew, so that it may be done later. `asks`: it
    changes the artist's own work or the rig, so it wants a click of its own."""

    label: str
    deed: Callable[[], object]
    asks: bool = False


@dataclass(frozen=True)
class Finding:
    """One sentence for the artist, and what helps: a fix, the remedy in words, or a page of the
    window."""

    sentence: str
    severity: Severity = Severity.problem
    remedy: str = ""
    fix: Fix | None = None
    page: str = ""


def list_names(names: Sequence[str], most: int = 4) -> str:
    """Names for a sentence; of many only the first and how many more there are."""
    shown = ", ".join(f"'{name}'" for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
