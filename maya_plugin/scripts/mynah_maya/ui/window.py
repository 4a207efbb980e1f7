"""Mynah's window: a line, the scene's dialogue, and what became of them. Nothing in it waits."""

from __future__ import annotations

from typing import Any

from .. import qt
from ..drafts import Draft
from ..library import MynahError
from ..order import Wish, order_of
from ..session import Outcome, Session
from .dialogue_table import DialogueTable
from .doctor_page import DoctorPage
from .engine_banner import EngineBanner
from .engine_page import EnginePage
from .help_page import HelpPage
from .line_form import LineForm
from .manners import calm, is_ours, scrolled
from .outcome_box import OutcomeBox
from .pages import DOCTOR, ENGINE, HELP, LINE, RIG, TAKES, TITLES
from .rig_page import RigPage
from .style_actions import StyleActions
from .style_catalog import StyleCatalog
from .takes_page import TakesPage
from .voice_strip import VoiceStrip

QtWidgets = qt.qt_module("QtWidgets")

_LOOK_MS = 100
_GENERATE_TIP = "Make the character speak the line: face and head are keyed, ready to edit"
_TRANSFER_TIP = (
    "Put the performance on the character, in the manner of the styles: face and head are keyed, "
    "ready to edit"
)


class MynahWindow(QtWidgets.QWidget):
    """Shows what a session does, also what commands and the shelf began. Closing it ends nothing;
    a new one shows what is under way."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.setObjectName("mynahWindow")
        self.session = session
        self.form = LineForm()
        self.generate_button = QtWidgets.QPushButton()
        self.cancel_button = QtWidgets.QPushButton("Cancel")
        self.bar = QtWidgets.QProgressBar()
        self.status = QtWidgets.QLabel()
        policy = QtWidgets.QSizePolicy.Policy
        self.status.setSizePolicy(policy.Ignored, policy.Preferred)  # a long name widens no panel
        self.dialogue = DialogueTable(session, self.form.voice_wish, self._told_of_dialogue)
        self.box = OutcomeBox()
        self.catalog = StyleCatalog(session, self._library_changed)
        self.styles = StyleActions(session, self.form.styles, self.catalog, self._tell)
        self.takes = TakesPage(self.form.names, self.form.wish, self._begin)
        self.rig = RigPage(self.form.names)
        self.doctor = DoctorPage(self.form.names, open_page=self.open_page)
        self.engine = EnginePage(session)
        self.banner = EngineBanner(session, lambda: self.open_page(ENGINE))
        self.voice = VoiceStrip(session, self.form.names)
        self.tabs = QtWidgets.QTabWidget()
        self._faults: list[str] = []
        self._timer: Any = None
        self._is_listening = False
        self._is_library_told = False
        self._n_left = session.n_left
        self._lay_out()
        self._name_button()
        self.form.source.currentChanged.connect(self._name_button)
        self.form.character.textChanged.connect(lambda *_: self.voice.track.choose())
        self.generate_button.clicked.connect(self.generate)
        self.cancel_button.clicked.connect(lambda: self.session.cancel())

    def open_page(self, page: str) -> None:
        """Bring a page to the front, one of `pages.TITLES`; those that look at the character do."""
        self.tabs.setCurrentIndex(list(TITLES).index(page))
        if page == RIG:
            self.rig.read()
        elif page == DOCTOR:
            self.doctor.check()
        elif page == ENGINE:
            self.engine.check()

    def generate(self) -> None:
        """Begin the line that the fields describe."""
        try:
            self._begin(self.form.wish())
        except MynahError as error:
            self.box.show_error(str(error))
        else:
            self.box.clear()
        self.refresh()

    def _begin(self, wish: Wish) -> None:
        self._faults = []
        self.session.start(order_of(wish), shows_draft=True)

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
        self.form.refresh()
        self.dialogue.refresh()
        self.styles.refresh()
        self.takes.show_progress(self.session)
        self.banner.refresh()
        if self._n_left != self.session.n_left:
            self._n_left = self.session.n_left
            self._is_library_told = False
            self.catalog.refresh()  # another engine has other styles

    def showEvent(self, event: Any) -> None:
        """Qt's name for being shown: look at the session from now on."""
        super().showEvent(event)
        if self._timer is None:
            self._timer = qt.start_timer(self.refresh, _LOOK_MS)
        if not self._is_listening:
            self._is_listening = True
            self.session.after_line.append(self._take)
            self.session.after_draft.append(self._tell_of_draft)
            self.session.after_library.append(self.catalog.hear)
        if not (self.catalog.is_asked or self._is_library_told):
            self.catalog.refresh()
        self.form.voice.fill()
        self.refresh()

    def closeEvent(self, event: Any) -> None:
        """Qt's name for being closed: look no longer; lines under way go on."""
        self._stop_looking()
        self._is_library_told = False  # opened again, it asks again
        super().closeEvent(event)

    def keyPressEvent(self, event: Any) -> None:
        """Qt's name for a key that no field has used."""
        if is_ours(event):
            event.accept()
        else:
            super().keyPressEvent(event)

    def event(self, event: Any) -> bool:
        """Qt's name for all that happens; here, the question whether a key is a hotkey."""
        if event.type() == qt.qt_module("QtCore").QEvent.Type.ShortcutOverride and is_ours(event):
            event.accept()
            return True
        return bool(super().event(event))

    def hideEvent(self, event: Any) -> None:
        """A panel whose tab is not in front still hears how lines end."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        super().hideEvent(event)

    def _stop_looking(self) -> None:
        if self._take in self.session.after_line:
            self.session.after_line.remove(self._take)
            self.session.after_draft.remove(self._tell_of_draft)
            self.session.after_library.remove(self.catalog.hear)
        self._is_listening = False

    def _take(self, outcome: Outcome) -> None:
        if not qt.is_alive(self):  # Maya deletes what is in a panel that is closed
            self._stop_looking()
            return
        if outcome.report is not None and not self.catalog.is_asked:
            self.catalog.refresh()  # there is an engine now
        self.dialogue.take(outcome)
        self.takes.take(outcome)
        self._show_outcomes()
        self.refresh()

    def _tell_of_draft(self, draft: Draft) -> None:
        del draft  # the session tells of all that are on show
        if qt.is_alive(self):
            self._show_outcomes()

    def _show_outcomes(self) -> None:
        jobs = self.session.jobs.values()
        drafts = [job.draft.sentence for job in jobs if job.draft is not None]
        self.box.show_outcomes(self.session.outcomes, self._faults, len(jobs), drafts)

    def _name_button(self) -> None:
        is_transfer = self.form.is_transfer
        self.generate_button.setText("Transfer Performance" if is_transfer else "Generate Lip Sync")
        self.generate_button.setToolTip(_TRANSFER_TIP if is_transfer else _GENERATE_TIP)

    def _told_of_dialogue(self, faults: list[str], error: str) -> None:
        self._faults = faults
        if error:
            self.box.show_error(error)
        else:
            self.box.show_outcomes((), faults)

    def _tell(self, sentence: str, is_error: bool) -> None:
        if is_error:
            self.box.show_error(sentence)
        else:
            self.box.show_lines([sentence])

    def _library_changed(self, error: str) -> None:
        if not qt.is_alive(self):
            return
        if error and not self._is_library_told:
            self._is_library_told = True
            if not self.banner.is_missing:
                self.box.show_error(error)
        self.form.styles.show_library(self.catalog)
        self.form.show_models(self.session.models)

    def _lay_out(self) -> None:
        buttons = QtWidgets.QHBoxLayout()
        buttons.addWidget(self.generate_button, 1)
        buttons.addWidget(self.cancel_button)
        dialogue = QtWidgets.QGroupBox("Dialogue")
        QtWidgets.QVBoxLayout(dialogue).addWidget(self.dialogue)
        fields = QtWidgets.QWidget()
        column = QtWidgets.QVBoxLayout(fields)
        column.addWidget(self.banner)
        column.addWidget(self.form)
        column.addLayout(buttons)
        column.addWidget(self.status)
        column.addWidget(self.bar)
        column.addWidget(self.form.folds)
        column.addWidget(dialogue, 1)
        page = QtWidgets.QWidget()
        told = QtWidgets.QVBoxLayout(page)
        told.setContentsMargins(0, 0, 0, 0)
        told.addWidget(scrolled(fields), 1)
        told.addWidget(self.box)
        self.tabs.setDocumentMode(True)
        whole = QtWidgets.QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        pages = {
            LINE: page,
            TAKES: self.takes,
            RIG: self.rig,
            DOCTOR: self.doctor,
            ENGINE: self.engine,
            HELP: HelpPage(),
        }
        for name, title in TITLES.items():
            self.tabs.addTab(pages[name], title)
        whole.addWidget(self.tabs, 1)
        whole.addWidget(self.voice)
        calm(self)
