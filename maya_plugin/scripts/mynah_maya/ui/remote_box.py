"""The daemon on another computer: two steps to it, one back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from .. import engine, qt
from ..library import Status, own_key_text
from ..session import Session
from ..setup.remote import connection_test
from .manners import sentence

QtWidgets = qt.qt_module("QtWidgets")

_HINT = (
    "Send your key to who looks after the daemon there; you get the connection file back, or its "
    "text. The choice holds for all programs of yours, and nothing of it is stored in a scene."
)
_COPIED = "Your key is on the clipboard; send it to who looks after the daemon."
_ERROR = "#e06c5a"

Do = Callable[[Callable[[], object]], None]


class RemoteBox(QtWidgets.QGroupBox):
    """`do` does a deed and shows its error."""

    def __init__(self, session: Session, do: Do) -> None:
        super().__init__("Another Computer")
        self._session, self._do = session, do
        self._has_copied = False
        self.key_button = QtWidgets.QPushButton("1. Copy My Key")
        self.key_button.setToolTip(
            "Copy this computer's public key to the clipboard. It is no secret; the secret one "
            "never leaves this computer"
        )
        self.file_button = QtWidgets.QPushButton("2. Choose Connection File…")
        self.file_button.setToolTip("The file that you were sent, as `mynah clients add` writes it")
        self.paste_button = QtWidgets.QPushButton("or Paste It")
        self.paste_button.setToolTip("The file's text is on the clipboard")
        self.test_button = QtWidgets.QPushButton("Test Connection")
        self.test_button.setToolTip("Ask the daemon there for a sign of life")
        self.back_button = QtWidgets.QPushButton("Back to This Computer")
        self.back_button.setToolTip("Have lines made by this computer's own engine again")
        self.words = sentence()
        self._lay_out()
        self.key_button.clicked.connect(self.copy_key)
        self.file_button.clicked.connect(self._choose_file)
        self.paste_button.clicked.connect(self.paste)
        self.test_button.clicked.connect(self.test)
        self.back_button.clicked.connect(self.go_back)

    def copy_key(self) -> None:
        """Put this user's public key on the clipboard; it is made at the first time."""

        def copy() -> None:
            _clipboard().setText(own_key_text())
            self._has_copied = True

        self._do(copy)

    def choose(self, path: Path) -> None:
        """Use the daemon of a connection file, and try it."""
        self._use(lambda: engine.choose_daemon(path, self._session))

    def paste(self) -> None:
        """Use the daemon of the connection file whose text is on the clipboard, and try it."""
        text = str(_clipboard().text())
        self._use(lambda: engine.choose_pasted(text, self._session))

    def test(self) -> None:
        """Ask the daemon for a sign of life."""
        self._do(lambda: engine.test_connection(self._session))

    def go_back(self) -> None:
        """Use this computer's own engine again."""
        self._do(lambda: engine.use_this_computer(self._session))

    def refresh(self, found: Status) -> None:
        """Show how things are."""
        reason = engine.busy_reason(self._session)
        for button in (self.file_button, self.paste_button, self.back_button):
            button.setEnabled(not reason)
        self.test_button.setEnabled(not connection_test.is_running)
        # also if what was chosen can't be used: going back must be possible
        self.test_button.setVisible(not found.is_local)
        self.back_button.setVisible(not found.is_local)
        told = connection_test.text or (_COPIED if self._has_copied else "")
        self.words.setText(told or (_HINT if found.is_local else ""))
        self.words.setVisible(bool(self.words.text()))
        self.words.setStyleSheet(f"color: {_ERROR}" if connection_test.is_error else "")

    def _use(self, choose: Callable[[], object]) -> None:
        def choose_and_test() -> None:
            choose()
            self._has_copied = False
            engine.test_connection(self._session)

        self._do(choose_and_test)

    def _choose_file(self) -> None:
        path, _kind = QtWidgets.QFileDialog.getOpenFileName(
            self, "Connection File", "", "Connection files (*.json)"
        )
        if path:
            self.choose(Path(path))

    def _lay_out(self) -> None:
        to = QtWidgets.QHBoxLayout()
        for button in (self.file_button, self.paste_button):
            to.addWidget(button)
        back = QtWidgets.QHBoxLayout()
        back.addWidget(self.test_button)
        back.addWidget(self.back_button)
        column = QtWidgets.QVBoxLayout(self)
        column.addWidget(self.key_button)
        column.addLayout(to)
        column.addLayout(back)
        column.addWidget(self.words)


def _clipboard() -> Any:
    return qt.qt_module("QtWidgets").QApplication.clipboard()
