"""The doctor's findings, each with its fix. The engine is looked at in a thread: nothing waits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .. import qt
from ..doctor.examination import examine, findings_of_engine, fix_all, fix_one, in_order
from ..doctor.finding import Finding, Severity
from ..library import Look, MynahError
from ..setup.chosen import begin_look
from .manners import sentence
from .pages import TITLES

QtWidgets = qt.qt_module("QtWidgets")

_LOOK_MS = 100
_WIDEST_LABEL = 150
_COLOURS = {Severity.problem: "#e06c5a", Severity.hint: "#d8b25c"}


class DoctorPage(QtWidgets.QWidget):
    """`names` tells which character is looked at, besides all that have lines; `look` begins a look
    at the engine."""

    def __init__(
        self,
        names: Callable[[], Sequence[str]],
        look: Callable[[], Look] = begin_look,
        open_page: Callable[[str], object] = lambda _page: None,
    ) -> None:
        super().__init__()
        self.findings: list[Finding] = []
        self._names, self._begin_look, self._open_page = names, look, open_page
        self._look: Look | None = None
        self._of_engine: list[Finding] = []
        self._timer: Any = None
        self.check_button = QtWidgets.QPushButton("Check")
        self.check_button.setToolTip("Looks at the scene and the engine, and changes nothing")
        self.fix_all_button = QtWidgets.QPushButton("Fix All")
        self.fix_all_button.setToolTip("All that touch no work of yours, as one step for Undo")
        self.status = sentence("Check tells why a line does not come, show or sound.")
        self.area = QtWidgets.QScrollArea()
        self.area.setWidgetResizable(True)
        self.rows: list[Any] = []
        buttons = QtWidgets.QHBoxLayout()
        buttons.addWidget(self.check_button, 1)
        buttons.addWidget(self.fix_all_button)
        column = QtWidgets.QVBoxLayout(self)
        column.addLayout(buttons)
        column.addWidget(self.status)
        column.addWidget(self.area, 1)
        self.check_button.clicked.connect(self.check)
        self.fix_all_button.clicked.connect(self.fix_all)
        self._show("")

    def check(self) -> None:
        """Look at the scene now and at the engine meanwhile."""
        self._of_engine = []
        self._look = self._begin_look()
        if self._timer is None:
            self._timer = qt.start_timer(self._take_look, _LOOK_MS)
        self._check_scene()

    def fix(self, finding: Finding) -> None:
        """Do a fix, and look again."""
        self._do(lambda: fix_one(finding))

    def fix_all(self) -> None:
        """Do all that ask for no click of their own, and look again."""
        self._do(lambda: fix_all(self.findings))

    def hideEvent(self, event: Any) -> None:
        """Nobody looks: the engine's answer is not waited for any more."""
        self._stop()
        super().hideEvent(event)

    def _do(self, deed: Callable[[], object]) -> None:
        error = ""
        try:
            deed()
        except MynahError as fault:
            error = str(fault)
        self._check_scene(error)

    def _check_scene(self, error: str = "") -> None:
        self.findings = in_order([*self._of_engine, *examine(self._names())])
        self._show(error)

    def _take_look(self) -> None:
        if self._look is None or self._look.state is None:
            return
        self._of_engine = findings_of_engine(self._look.state)
        self._stop()
        self._check_scene()

    def _stop(self) -> None:
        self._look = None
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    def _show(self, error: str) -> None:
        problems = sum(finding.severity is Severity.problem for finding in self.findings)
        hints = len(self.findings) - problems
        counted = f"{_counted(problems, 'problem')}, {_counted(hints, 'hint')}."
        words = [counted if self.findings else "Nothing found."]
        if self._look is not None:
            words.append("Looking at the engine…")
        if error:
            words.insert(0, error)
        if self.rows or self.findings or self._look is not None or error:
            self.status.setText(" ".join(words))
        gentle = any(f.fix is not None and not f.fix.asks for f in self.findings)
        self.fix_all_button.setEnabled(gentle)
        self.rows = [_FindingRow(finding, self.fix, self._open_page) for finding in self.findings]
        inside = QtWidgets.QWidget()
        column = QtWidgets.QVBoxLayout(inside)
        for row in self.rows:
            column.addWidget(row)
        column.addStretch(1)
        self.area.setWidget(inside)


def _counted(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


class _FindingRow(QtWidgets.QWidget):
    """A sentence, its remedy and its button, which is None if there is no fix."""

    def __init__(
        self,
        finding: Finding,
        fix: Callable[[Finding], None],
        open_page: Callable[[str], object],
    ) -> None:
        super().__init__()
        text = sentence(" ".join(filter(None, (finding.sentence, finding.remedy))))
        text.setToolTip(text.text())
        mark = QtWidgets.QLabel("●")
        mark.setStyleSheet(f"color: {_COLOURS[finding.severity]}")
        mark.setToolTip(finding.severity.value)
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(mark)
        row.addWidget(text, 1)
        self.button: Any = None
        if finding.fix is not None:
            self.button = QtWidgets.QPushButton()
            label, middle = finding.fix.label, qt.qt_module("QtCore").Qt.TextElideMode.ElideMiddle
            self.button.setText(self.button.fontMetrics().elidedText(label, middle, _WIDEST_LABEL))
            asks = "\nChanges your own work or the rig; Undo takes it back"
            self.button.setToolTip(f"{label}{asks if finding.fix.asks else ''}")
            # a moment later: the row that holds the button is made anew
            core = qt.qt_module("QtCore")
            self.button.clicked.connect(lambda *_: core.QTimer.singleShot(0, lambda: fix(finding)))
            row.addWidget(self.button)
        elif finding.page:
            self.button = QtWidgets.QPushButton(f"{TITLES[finding.page]}…")
            self.button.clicked.connect(lambda *_: open_page(finding.page))
            row.addWidget(self.button)
