"""The table of controls as a document: sections with rows, what the columns mean, and whether a
bound is met."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from .columns import Column
from .filmed import Scores


@dataclass(frozen=True)
class Section:
    """`rows` by name, what was found, and the sentences on what it is measured by."""

    title: str
    about: str
    what: str
    columns: tuple[Column, ...]
    rows: Mapping[str, Scores]
    verdicts: tuple[str, ...] = ()

    def markdown(self) -> str:
        """With the columns for which there is a number in some row."""
        shown = [c for c in self.columns if any(_is_number(r, c) for r in self.rows.values())]
        table = [
            "| " + " | ".join([self.what, *(column.title for column in shown)]) + " |",
            "|" + "---|" * (1 + len(shown)),
        ]
        for name, scores in self.rows.items():
            cells = [column.cell([scores[column.key]] if column.key in scores else [])
                     for column in shown]  # fmt: skip
            table.append("| " + " | ".join([name, *cells]) + " |")
        parts = [f"## {self.title}", self.about, "\n".join(table)]
        if self.verdicts:
            parts.append("\n".join(f"- {verdict}" for verdict in self.verdicts))
        return "\n\n".join([*parts, _legend(shown)])


def _is_number(scores: Scores, column: Column) -> bool:
    return not np.isnan(scores.get(column.key, np.nan))


def _legend(columns: Sequence[Column]) -> str:
    lines = ["| column | measured on | formula |", "|---|---|---|"]
    for column in columns:
        formula = column.formula.replace("|", "\\|")  # a bar ends a cell
        lines.append(f"| {column.title} | {column.measured_on} | {formula} |")
    return "\n".join(lines)


def bound_verdict(
    what: str, rows: Mapping[str, Scores], key: str, bound: float, *, digits: int = 2
) -> str:
    """That `what` was asked to be at most `bound`, and which rows miss it. What is compared is what
    the table shows, rounded."""
    found = {name: round(row[key], digits) for name, row in rows.items() if key in row}
    missed = [name for name, value in found.items() if not value <= bound]
    asked = f"Asked: {what} at most {bound:g}."
    if not found:
        return f"{asked} Not measured."
    if not missed:
        return f"{asked} Met in all rows."
    if len(missed) == len(found):
        return f"{asked} **Missed in all rows.**"
    return f"{asked} **Missed in {len(missed)} of {len(found)} rows**: {'; '.join(missed)}."
