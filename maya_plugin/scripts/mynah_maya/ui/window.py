"""Mynah's window: a line, the scene's dialogue, and what became of them. Nothing in it waits."""

from __future__ import annotations

from typing import Any

from .. import qt
from ..library import MynahError
from ..order import order_of
from ..session import Outcome, Session
from .dialogue_table import DialogueTable
from .doctor_page import DoctorPage
from .help_page import HelpPage
from .line_form import LineForm
from .outcome_box import OutcomeBox
from .pages import DOCTOR, HELP, LINE, RIG, TITLES
from .rig_page import RigPage
from .style_catalog import StyleCatalog

QtWidgets = qt.qt_module("QtWidgets")

_LOOK_MS = 100


class MynahWindow(QtWidgets.QWidget):
    """Shows what a session does, also what commands and the shelf began. Closing it ends nothing;
    a new one shows what is under way."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.setObjectName("mynahWindow")
        self.session = session
        self.form = LineForm()
        self.generate_button = QtWidgets.QPushButton("Generate Lip Sync")
        self.cancel_button = QtWidgets.QPushButton("Cancel")
        self.bar = QtWidgets.QProgressBar()
        self.status = QtWidgets.QLabel()
        self.dialogue = DialogueTable(session, self.form.wish, self._told_of_dialogue)
        self.box = OutcomeBox()
        self.catalog = StyleCatalog(session, self._library_changed)
        self.rig = RigPage(self.form.names)
        self.doctor = DoctorPage(self.form.names)
        self.tabs = QtWidgets.QTabWidget()
        self._faults: list[str] = []
        self._timer: Any = None
        self._is_listening = False
        self._is_library_told = False
        self._lay_out()
        self.generate_button.clicked.connect(self.generate)
        self.cancel_button.clicked.connect(lambda: self.session.cancel())

    def open_page(self, page: str) -> None:
        """Bring a page to the front, one of `pages.TITLES`; those that look at the character do."""
        self.tabs.setCurrentIndex(list(TITLES).index(page))
        if page == RIG:
            self.rig.read()
        elif page == DOCTOR:
            self.doctor.check()

    def generate(self) -> None:
        """Begin the line that the fields describe."""
        self._faults = []
        try:
            self.session.start(order_of(self.form.wish()))
        except MynahError as error:
            self.box.show_error(str(error))
        else:
            self.box.clear()
        self.refresh()

    def refresh(self) -> None:
        """Show how far things are."""
        is_busy = self.session.is_busy
        self.generate_button.setEnabled(not is_busy)
        self.cancel_button.setEnabled(is_busy)
        self.bar.setVisible(is_busy)
        self.status.setVisible(is_busy)
        if is_busy:
            words, share = self.session.standing()
            self.status.setText(words)
            self.bar.setValue(round(100 * share))
        self.dialogue.refresh()

    def showEvent(self, event: Any) -> None:
        """Qt's name for being shown: look at the session from now on."""
        super().showEvent(event)
        if self._timer is None:
            self._timer = qt.start_timer(self.refresh, _LOOK_MS)
        if not self._is_listening:
            self._is_listening = True
            self.session.after_line.append(self._take)
        if not (self.catalog.is_asked or self._is_library_told):
            self.catalog.refresh()
        self.form.voice.fill()
        self.refresh()

    def closeEvent(self, event: Any) -> None:
        """Qt's name for being closed: look no longer; lines under way go on."""
        self._stop_looking()
        self._is_library_told = False  # opened again, it asks again
        super().closeEvent(event)

    def hideEvent(self, event: Any) -> None:
        """A panel whose tab is not in front still hears how lines end."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        super().hideEvent(event)

    def _stop_looking(self) -> None:
        if self._take in self.session.after_line:
            self.session.after_line.remove(self._take)
        self._is_listening = False

    def _take(self, outcome: Outcome) -> None:
        if not qt.is_alive(self):  # Maya deletes what is in a panel that is closed
            self._stop_looking()
            return
        if outcome.report is not None and not self.catalog.is_asked:
            self.catalog.refresh()  # there is an engine now
        self.dialogue.take(outcome)
        self.box.show_outcomes(self.session.outcomes, self._faults, len(self.session.jobs))
        self.refresh()

    def _told_of_dialogue(self, faults: list[str], error: str) -> None:
        self._faults = faults
        if error:
            self.box.show_error(error)
        else:
            self.box.show_outcomes((), faults)

    def _library_changed(self, error: str) -> None:
        if not qt.is_alive(self):
            return
        if error and not self._is_library_told:
            self._is_library_told = True
            self.box.show_error(error)
        self.form.styles.show_library(self.catalog)

    def _lay_out(self) -> None:
        buttons = QtWidgets.QHBoxLayout()
        buttons.addWidget(self.generate_button, 1)
        buttons.addWidget(self.cancel_button)
        dialogue = QtWidgets.QGroupBox("Dialogue")
        QtWidgets.QVBoxLayout(dialogue).addWidget(self.dialogue)
        fields = QtWidgets.QWidget()
        column = QtWidgets.QVBoxLayout(fields)
        column.addWidget(self.form)
        column.addLayout(buttons)
        column.addWidget(self.status)
        column.addWidget(self.bar)
        column.addWidget(dialogue, 1)
        column.addWidget(self.box)
        area = QtWidgets.QScrollArea()  # a docked panel may be low
        area.setWidget(fields)
        area.setWidgetResizable(True)
        area.setFrameShape(QtWidgets.QFrame.Shape.NoFrame)
        whole = QtWidgets.QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        pages = {LINE: area, RIG: self.rig, DOCTOR: self.doctor, HELP: HelpPage()}
        for name, title in TITLES.items():
            self.tabs.addTab(pages[name], title)
        whole.addWidget(self.tabs)
