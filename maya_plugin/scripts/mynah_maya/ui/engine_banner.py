"""Where lines are made: a sentence and a button as long as no engine can make them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import qt
from ..library import State
from ..session import Session
from ..setup.chosen import status
from ..setup.job import set_up
from .manners import sentence

QtWidgets = qt.qt_module("QtWidgets")

_LOOK_MS = 500
_SILENT = (State.READY, State.ELSEWHERE)


class EngineBanner(QtWidgets.QWidget):
    """Hidden when all is well; `open_page` leads to the page Engine."""

    def __init__(self, session: Session, open_page: Callable[[], object]) -> None:
        super().__init__()
        self._session = session
        self.words = sentence()
        self.button = QtWidgets.QPushButton("Engine…")
        self.button.setToolTip("Open the page Engine")
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.words, 1)
        row.addWidget(self.button)
        self.button.clicked.connect(lambda *_: open_page())
        self._due: Any = qt.qt_module("QtCore").QElapsedTimer()
        self.setVisible(False)

    @property
    def is_missing(self) -> bool:
        """Whether there is no engine at all: this says so, nobody else has to."""
        return status().state is State.MISSING

    def refresh(self) -> None:
        """Show how things are, as often as is worth while."""
        if not self._due.isValid() or self._due.elapsed() > _LOOK_MS:
            self._due.start()
            self._show()

    def _show(self) -> None:
        found = status()
        if set_up.told is not None:
            words = f"The engine is being set up: {set_up.told.text}"
        elif found.state in _SILENT or self._session.models:
            words = ""
        elif found.state is State.MISSING:
            words = "Lines are made by Mynah's engine, which is not set up yet."
        else:
            words = f"{found.text}."
        self.words.setText(words)
        can_begin = found.state is State.MISSING and set_up.told is None
        self.button.setText("Set Up…" if can_begin else "Engine…")
        self.setVisible(bool(words))
