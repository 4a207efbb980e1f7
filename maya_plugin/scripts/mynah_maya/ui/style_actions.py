"""What the list of styles does with the engine: capture, store, delete. Nothing waits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .. import qt
from ..capture import Captured, announce_captured, begin_capture
from ..character import find_character
from ..library import VIDEO_SUFFIXES, AddStyle, MynahError, Pieces, clip_to_npz
from ..rig_reader import Passage, check_passage, read_passage
from ..session import Session
from ..style_choice import Performance, StyleChoice, playback_frames
from .manners import sentence
from .style_catalog import StyleCatalog, Tell
from .style_rows import StyleRows
from .style_saving import SaveStyleDialog

QtWidgets = qt.qt_module("QtWidgets")


class StyleActions(QtWidgets.QWidget):
    """How far a capture is, and its Cancel; hidden while there is nothing to tell. `tell` takes
    sentences about how things ended. What is under way goes on when the window is closed; what
    commands or another window began is shown, too."""

    def __init__(
        self, session: Session, rows: StyleRows, catalog: StyleCatalog, tell: Tell
    ) -> None:
        super().__init__()
        self._session, self._rows, self._catalog, self._tell = session, rows, catalog, tell
        self._ticket = ""
        self.status = sentence()
        self.bar = QtWidgets.QProgressBar()
        self.cancel_button = QtWidgets.QPushButton("Cancel")
        row = QtWidgets.QHBoxLayout()
        row.addWidget(self.bar, 1)
        row.addWidget(self.cancel_button)
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.status)
        column.addLayout(row)
        self.cancel_button.clicked.connect(lambda: self._session.withdraw(self._ticket))
        rows.video_button.clicked.connect(self._choose_video)
        rows.rig_button.clicked.connect(self.add_rig)
        rows.delete_button.clicked.connect(self._ask_to_delete)
        rows.details.save_button.clicked.connect(self._ask_to_save)
        rows.add_status(self)
        self.refresh()

    def capture(self, video: Path) -> None:
        """Begin to capture a video; its clip joins the list."""
        try:
            self._ticket = begin_capture(self._session, video, self._take_captured)
        except MynahError as error:
            self._tell(str(error), True)
        self.refresh()

    def add_rig(self) -> None:
        """What the selected character performs in the playback range joins the list."""
        try:
            performance = Performance(find_character(), *playback_frames())
            check_passage(performance.to_passage())
        except MynahError as error:
            self._tell(str(error), True)
        else:
            self._rows.add(StyleChoice(performance=performance))

    def refresh(self) -> None:
        """Show how far things are."""
        errands = self._session.errands
        if self._ticket not in errands:
            self._ticket = next(iter(errands), "")
        errand = errands.get(self._ticket)
        for widget in (self.bar, self.cancel_button):
            widget.setVisible(errand is not None)
        self._rows.video_button.setEnabled(errand is None)
        if errand is not None:
            self.bar.setValue(round(100 * errand.fraction))
        words = errand.words if errand is not None else self._catalog.activity
        self.status.setText(words)
        self.setVisible(bool(words))

    def _take_captured(self, captured: Captured) -> None:
        announce_captured(captured)
        if not qt.is_alive(self):  # the clip is there all the same
            return
        if captured.path is None:
            self._tell(captured.message, captured.is_error)
        else:
            self._rows.add(StyleChoice(str(captured.path)))
            done = f"{captured.message} It is in the list of styles."
            self._tell(" ".join((done, *captured.remarks)), False)
        self.refresh()

    def _choose_video(self) -> None:
        kinds = f"Videos ({' '.join(f'*{suffix}' for suffix in VIDEO_SUFFIXES)})"
        path, _kind = QtWidgets.QFileDialog.getOpenFileName(self, "Style from Video", "", kinds)
        if path:
            self.capture(Path(path))

    def _ask_to_save(self) -> None:
        choice = self._rows.choices[self._rows.chosen]
        try:
            if choice.performance is None:
                clip = choice.read_file()
            else:
                clip = choice.performance.to_passage()
                check_passage(clip)
        except MynahError as error:
            self._tell(str(error), True)
            return

        def store(style: AddStyle) -> None:
            if isinstance(clip, Passage):
                self._session.run(self._read_and_store(clip, style))
            else:
                self._catalog.add(style, clip, self._tell_if_alive)

        SaveStyleDialog(self._rows, choice.clip_name, store).open()

    def _read_and_store(self, passage: Passage, style: AddStyle) -> Pieces[None]:
        try:
            clip = yield from read_passage(passage)
        except MynahError as error:
            self._tell_if_alive(str(error), True)
            return
        self._catalog.add(style, clip_to_npz(clip), self._tell_if_alive)

    def _ask_to_delete(self) -> None:
        name = self._rows.library.currentData()
        box = QtWidgets.QMessageBox(self._rows)
        box.setWindowTitle("Mynah")
        box.setText(f"Delete '{name}' from the library?")
        box.setInformativeText("For all files and programs. This can't be undone.")
        delete = box.addButton("Delete", QtWidgets.QMessageBox.ButtonRole.DestructiveRole)
        box.addButton(QtWidgets.QMessageBox.StandardButton.Cancel)

        def answered(*_: Any) -> None:
            if box.clickedButton() is delete:
                self._catalog.remove(name, self._tell_if_alive)

        box.finished.connect(answered)
        box.finished.connect(box.deleteLater)
        box.open()

    def _tell_if_alive(self, sentence: str, is_error: bool) -> None:
        if qt.is_alive(self):
            self._tell(sentence, is_error)
            self.refresh()
