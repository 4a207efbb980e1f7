"""What became of the lines: sentences, remarks and errors."""

from __future__ import annotations

import html
from collections.abc import Sequence

from ..qt import qt_module
from ..session import Outcome

QtWidgets = qt_module("QtWidgets")

_ERROR = "#e06c5a"
_REMARK = "#d8b25c"


class OutcomeBox(QtWidgets.QTextBrowser):
    """Read-only text, which can be copied into a report. `hint` is shown while there is none."""

    def __init__(self, hint: str = "Here you are told what became of a line.") -> None:
        super().__init__()
        self.setPlaceholderText(hint)
        self.setToolTip(hint)
        self.setFixedHeight(96)

    def show_error(self, sentence: str) -> None:
        """One sentence, which may have several lines, instead of all that is shown."""
        self.setHtml(_paragraph("Error: ", sentence, _ERROR))

    def show_lines(self, sentences: Sequence[str]) -> None:
        """A report, one paragraph each, instead of all that is shown."""
        self.setHtml("".join(_paragraph("", sentence, "") for sentence in sentences))

    def show_outcomes(
        self,
        outcomes: Sequence[Outcome],
        faults: Sequence[str] = (),
        n_open: int = 0,
        drafts: Sequence[str] = (),
    ) -> None:
        """How lines ended, the last one first, and why others could not begin (`faults`); `n_open`
        are under way, some of which have `drafts` on show."""
        made = sum(outcome.report is not None for outcome in outcomes)
        of_how_many = len(outcomes) + len(faults) + n_open
        parts: list[str] = []
        if outcomes and of_how_many > 1:
            parts.append(_paragraph("", f"{made} of {of_how_many} lines were made.", ""))
        parts += [_paragraph("Draft: ", draft, _REMARK) for draft in drafts]
        for outcome in reversed(outcomes):
            if outcome.is_error:
                text = f"'{outcome.order.name}': {outcome.message}"
                parts.append(_paragraph("Error: ", text, _ERROR))
                continue
            parts.append(_paragraph("", outcome.message, ""))
            remarks = outcome.report.remarks if outcome.report else ()
            parts += [_paragraph("Note: ", remark, _REMARK) for remark in remarks]
        parts += [_paragraph("Note: ", fault, _REMARK) for fault in faults]
        self.setHtml("".join(parts))


def _paragraph(mark: str, text: str, colour: str) -> str:
    body = html.escape(text).replace("\n", "<br>")
    lead = f'<span style="color: {colour}"><b>{mark}</b></span>' if mark else ""
    return f'<p style="margin: 2px 0">{lead}{body}</p>'
