"""What a check found, as plain data that outlives an undo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from ..reference import Reference


class Severity(Enum):
    """Whether a line does not come, show or sound as it should, or only may surprise."""

    problem = "problem"
    hint = "hint"


@dataclass(frozen=True)
class Finding:
    """One sentence for the artist, and what helps: a fix, or the remedy in words.

    `fix` names one of `fixes.FIXES`. It gets the data-blocks that `owners` refer to, in the order
    it documents, and the `names` of what is meant in them: strips, shapes, constraints.
    """

    sentence: str
    severity: Severity = Severity.problem
    remedy: str = ""
    fix: str = ""
    owners: tuple[Reference, ...] = ()
    names: tuple[str, ...] = ()


def list_names(names: Sequence[str], most: int = 4) -> str:
    """Names for a sentence; of many only the first and how many more there are."""
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


def name_lines(lines: Sequence[str]) -> str:
    """For a sentence: the line 'a', or the lines 'a', 'b' and 3 more."""
    quoted = list_names([f"'{line}'" for line in lines])
    return f"the lines {quoted}" if len(lines) > 1 else f"the line {quoted}"
