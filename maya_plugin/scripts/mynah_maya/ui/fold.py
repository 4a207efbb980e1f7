"""What is rarely set, behind a heading that opens it. A window begins with all of them closed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..qt import qt_module

QtCore = qt_module("QtCore")
QtWidgets = qt_module("QtWidgets")

_BELOW = 6


class Fold(QtWidgets.QWidget):
    """`inside` below a heading. While it is closed the heading also says what `tell` does, so that
    nothing is set unseen: empty if all is as at first."""

    def __init__(self, title: str, tip: str, inside: Any, tell: Callable[[], str]) -> None:
        super().__init__()
        self._title, self._tell = title, tell
        self.inside = inside
        self.button = QtWidgets.QToolButton()
        self.button.setCheckable(True)
        self.button.setAutoRaise(True)
        self.button.setToolTip(tip)
        self.button.setToolButtonStyle(QtCore.Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        policy = QtWidgets.QSizePolicy.Policy
        self.button.setSizePolicy(policy.Ignored, policy.Fixed)  # long words widen no panel
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.button)
        column.addWidget(inside)
        inside.layout().setContentsMargins(0, 0, 0, _BELOW)
        self.button.toggled.connect(self._unfold)
        self._unfold(False)

    def refresh(self) -> None:
        """Show what is set behind the heading."""
        told = "" if self.button.isChecked() else self._tell()
        text = f"{self._title}: {told}" if told else self._title
        if self.button.text() != text:
            self.button.setText(text)

    def _unfold(self, is_open: bool) -> None:
        arrows = QtCore.Qt.ArrowType
        self.button.setArrowType(arrows.DownArrow if is_open else arrows.RightArrow)
        self.inside.setVisible(is_open)
        self.refresh()
