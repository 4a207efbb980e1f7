"""The engine: which one is used, setting it up, and how. Nothing in it waits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import engine, qt
from ..engine_command import details
from ..library import LOG_NAME, Look, MynahError, State, Status, looked
from ..session import Session
from ..setup.chosen import begin_look, status
from ..setup.job import set_up
from ..setup.places import engine_place
from ..setup.report import Report
from ..setup.settings import DEVICES, read_settings
from .manners import sentence
from .remote_box import RemoteBox

QtCore = qt.qt_module("QtCore")
QtWidgets = qt.qt_module("QtWidgets")

_LOOK_MS = 200
_GOOD, _FAIR, _BAD = "#7fb069", "#d8b25c", "#e06c5a"
COLOURS = {
    State.READY: _GOOD,
    State.ELSEWHERE: _GOOD,
    State.MISSING: _FAIR,
    State.OUTDATED: _FAIR,
    State.BROKEN: _BAD,
    State.MISNAMED: _BAD,
}
_SET_UP_TIP = (
    "Install Mynah's engine beside Maya: about 100 MB are fetched, with an NVIDIA GPU about 2 GB. "
    "Maya stays free meanwhile"
)
_DEVICE_LABELS = ("GPU If There Is One", "Processor")


class EnginePage(QtWidgets.QScrollArea):
    """`look` begins a look at the engine; see `examination.Look`."""

    def __init__(self, session: Session, look: Callable[[], Look] = begin_look) -> None:
        super().__init__()
        self._session, self._begin_look = session, look
        self._look: Look | None = None
        self._report: Report | None = None
        self._running: list[str] = []
        self._seen = self._error = ""
        self._timer: Any = None
        self._make_widgets()
        self._lay_out()
        self._connect()
        self.fill()
        self.refresh()

    def check(self) -> None:
        """Ask the engine, too, how it is; the answer is shown when it comes."""
        looked.forget()
        self._seen = ""
        self.fill()
        self.refresh()

    def set_up(self) -> None:
        """Begin to set up or update the engine."""
        self._do(lambda: engine.start("set_up", self._session))

    def remove(self) -> None:
        """Begin to delete the engine that was set up here."""
        self._do(lambda: engine.start("remove", self._session))

    def cancel(self) -> None:
        """Stop setting up; nothing half-made is left."""
        set_up.cancel()
        self.refresh()

    def examine(self) -> None:
        """Have the engine tell of itself: packages, device, models, whether it captures videos."""
        self._report = Report()
        self.refresh()

    def save(self) -> None:
        """Keep what the fields say."""
        self._do(
            lambda: engine.change_settings(
                self._session,
                device=self.device.currentData(),
                with_videos=self.with_videos.isChecked(),
                engine_package=self.package.text().strip(),
                engine=self.own.text().strip(),
            )
        )

    def fill(self) -> None:
        """Show the settings that were saved."""
        try:
            settings = read_settings()
        except MynahError:  # the state above tells of it
            return
        self.device.setCurrentIndex(self.device.findData(settings.device))
        self.with_videos.setChecked(settings.with_videos)
        self.package.setText(settings.engine_package)
        self.own.setText(settings.engine)

    def refresh(self) -> None:
        """Show how things are."""
        found = status()
        self._take_answers(found)
        is_local = found.state is not State.ELSEWHERE
        self.mark.setStyleSheet(f"color: {COLOURS[found.state]}")
        self.state.setText(f"{found.text}.")
        told = details(found) if is_local else []
        told += self._running if found.is_usable and not set_up.is_busy else []
        self.details.setText("\n".join(told))
        self.details.setVisible(bool(told))
        is_busy = set_up.is_busy
        ended = set_up.ended
        has_failed = ended is not None and ended.ending == "error"
        self.bar.setVisible(is_busy)
        self.cancel_button.setVisible(is_busy)
        if set_up.told is not None:
            self.bar.setValue(round(1000 * set_up.told.fraction))
            self.step.setText(set_up.told.text)
        elif self._error or ended is not None:
            self.step.setText(self._error or (ended.text if ended is not None else ""))
        self.step.setVisible(is_busy or bool(self._error) or ended is not None)
        self.step.setStyleSheet(f"color: {_BAD}" if self._error or has_failed else "")
        label = "Update Engine" if found.state is State.OUTDATED else "Set Up Again"
        label = "Set Up Engine" if found.environment is None else label
        self.set_up_button.setText("Retry" if has_failed else label)
        reason = engine.busy_reason(self._session)
        self.set_up_button.setEnabled(not reason and is_local)
        self.set_up_button.setToolTip(reason or _SET_UP_TIP)
        self.remove_button.setEnabled(not reason and is_local)
        self.remove_button.setVisible(found.environment is not None)
        self.examine_button.setEnabled(self._report is None and is_local)
        self.log_button.setEnabled((engine_place().folder / LOG_NAME).is_file())
        self.settings.setEnabled(not is_busy and is_local)
        self.remote.refresh(found)

    def showEvent(self, event: Any) -> None:
        """Qt's name for being shown: look from now on."""
        super().showEvent(event)
        if self._timer is None:
            self._timer = qt.start_timer(self.refresh, _LOOK_MS)
        self.refresh()

    def hideEvent(self, event: Any) -> None:
        """A set-up under way goes on."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        super().hideEvent(event)

    def _do(self, deed: Callable[[], object]) -> None:
        self._error = ""
        try:
            deed()
        except MynahError as error:
            self._error = str(error)
        self.refresh()

    def _take_answers(self, found: Status) -> None:
        if found.text != self._seen and self.isVisible():  # another engine than a moment ago
            self._seen, self._running = found.text, []
            self._look = self._begin_look()
        if self._look is not None and self._look.state is not None:
            self._running = engine.running_words(self._look.state)
            self._look = None
        if self._report is not None and self._report.text:
            self.report.setPlainText(self._report.text)
            self.report.setVisible(True)
            self._report = None

    def _ask_remove(self) -> None:
        kind = QtWidgets.QMessageBox
        asked = "Delete the engine that was set up here? Your scenes and styles stay."
        if kind.question(self, "Remove Engine", asked) == kind.StandardButton.Yes:
            self.remove()

    def _open_log(self) -> None:
        path = str(engine_place().folder / LOG_NAME)
        qt.qt_module("QtGui").QDesktopServices.openUrl(QtCore.QUrl.fromLocalFile(path))

    def _choose(self, field: Any, title: str, kinds: str) -> None:
        path, _kind = QtWidgets.QFileDialog.getOpenFileName(self, title, field.text(), kinds)
        if path:
            field.setText(path)
            self.save()

    def _make_widgets(self) -> None:
        self.mark = QtWidgets.QLabel("●")
        self.state = sentence()
        self.details = sentence()
        self.details.setTextInteractionFlags(QtCore.Qt.TextInteractionFlag.TextSelectableByMouse)
        self.bar = QtWidgets.QProgressBar()
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.step = sentence()
        self.set_up_button = QtWidgets.QPushButton("Set Up Engine")
        self.cancel_button = QtWidgets.QPushButton("Cancel")
        self.remove_button = QtWidgets.QPushButton("Remove Engine…")
        self.examine_button = QtWidgets.QPushButton("Examine Engine")
        self.examine_button.setToolTip(
            "The engine tells of its packages, its device, its models, and what it can do"
        )
        self.log_button = QtWidgets.QPushButton("Open Log")
        self.log_button.setToolTip("All that was said while the engine was set up")
        self.remove_button.setToolTip("Delete the engine that was set up here")
        self.report = QtWidgets.QPlainTextEdit()
        self.report.setReadOnly(True)
        self.report.setMinimumHeight(190)
        self.report.setVisible(False)
        self.device = QtWidgets.QComboBox()
        for label, value in zip(_DEVICE_LABELS, DEVICES, strict=True):
            self.device.addItem(label, value)
        self.device.setToolTip(
            "Which packages are installed: for an NVIDIA GPU with a driver, or for the processor, "
            "2 GB less and still many times faster than real time"
        )
        self.with_videos = QtWidgets.QCheckBox("Videos of Performers")
        self.with_videos.setToolTip(
            "Also install what captures a performer in a video (MediaPipe, some 400 MB more)"
        )
        self.package = QtWidgets.QLineEdit()
        self.package.setPlaceholderText("packages come from the package index")
        self.package.setToolTip("A zip with the engine's packages, for computers without a network")
        self.package_button = QtWidgets.QPushButton("File…")
        self.own = QtWidgets.QLineEdit()
        self.own.setPlaceholderText("the engine set up here, else the registered one")
        self.own.setToolTip(
            "The Python, or its environment's folder, of an engine that you installed yourself"
        )
        self.own_button = QtWidgets.QPushButton("File…")
        self.package_button.setToolTip("Choose the zip of packages")
        self.own_button.setToolTip("Choose the Python of your engine")
        self.settings = QtWidgets.QGroupBox("Set-Up")
        self.remote = RemoteBox(self._session, self._do)

    def _lay_out(self) -> None:
        head = QtWidgets.QHBoxLayout()
        head.addWidget(self.mark)
        head.addWidget(self.state, 1)
        progress = QtWidgets.QHBoxLayout()
        progress.addWidget(self.bar, 1)
        progress.addWidget(self.cancel_button)
        buttons = QtWidgets.QHBoxLayout()
        for button in (self.remove_button, self.examine_button, self.log_button):
            buttons.addWidget(button)
        own = QtWidgets.QGroupBox("Engine")
        column = QtWidgets.QVBoxLayout(own)
        column.addLayout(head)
        column.addWidget(self.details)
        column.addWidget(self.set_up_button)
        column.addLayout(progress)
        column.addWidget(self.step)
        column.addLayout(buttons)
        column.addWidget(self.report)
        form = QtWidgets.QFormLayout(self.settings)
        form.addRow("Computes On", self.device)
        form.addRow("", self.with_videos)
        form.addRow("Engine Package", _beside(self.package, self.package_button))
        form.addRow("Own Engine", _beside(self.own, self.own_button))
        inside = QtWidgets.QWidget()
        whole = QtWidgets.QVBoxLayout(inside)
        whole.addWidget(own)
        whole.addWidget(self.settings)
        whole.addWidget(self.remote)
        whole.addStretch(1)
        self.setWidget(inside)
        self.setWidgetResizable(True)
        self.setFrameShape(QtWidgets.QFrame.Shape.NoFrame)

    def _connect(self) -> None:
        self.set_up_button.clicked.connect(self.set_up)
        self.cancel_button.clicked.connect(self.cancel)
        self.remove_button.clicked.connect(self._ask_remove)
        self.examine_button.clicked.connect(self.examine)
        self.log_button.clicked.connect(self._open_log)
        self.device.activated.connect(lambda *_: self.save())
        self.with_videos.clicked.connect(lambda *_: self.save())
        self.package.editingFinished.connect(self.save)
        self.own.editingFinished.connect(self.save)
        self.package_button.clicked.connect(
            lambda: self._choose(self.package, "Engine Package", "Engine packages (*.zip)")
        )
        self.own_button.clicked.connect(
            lambda: self._choose(self.own, "Python of the Engine", "All files (*)")
        )


def _beside(field: Any, button: Any) -> Any:
    row = QtWidgets.QHBoxLayout()
    row.addWidget(field, 1)
    row.addWidget(button)
    return row
