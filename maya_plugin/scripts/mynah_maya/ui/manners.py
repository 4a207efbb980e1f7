"""Good manners of a window inside of Maya: the wheel changes no field that it only passes, and keys
that are pressed here mean nothing to the scene."""

from __future__ import annotations

from typing import Any

from ..qt import qt_module

QtCore = qt_module("QtCore")
QtWidgets = qt_module("QtWidgets")

_ROW_HEIGHT = 24
_BESIDE_WORDS = 12


class _WheelGuard(QtCore.QObject):
    """Lets the wheel scroll the page over a field that nobody has clicked."""

    def eventFilter(self, watched: Any, event: Any) -> bool:
        """Qt's name for what sees events before their widget does."""
        if event.type() == QtCore.QEvent.Type.Wheel and not watched.hasFocus():
            event.ignore()
            return True
        return False


_guard = _WheelGuard()


def calm(root: Any) -> None:
    """Let the wheel pass over this widget, and over the fields below it."""
    for kind in (QtWidgets.QAbstractSpinBox, QtWidgets.QComboBox):
        for field in [root] if isinstance(root, kind) else root.findChildren(kind):
            field.setFocusPolicy(QtCore.Qt.FocusPolicy.StrongFocus)  # not by the wheel
            field.installEventFilter(_guard)


def tidy(table: Any) -> None:
    """Make a table's rows low, its names whole at both ends, and let Tab lead out of it."""
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(_ROW_HEIGHT)
    table.setWordWrap(False)
    table.setTextElideMode(QtCore.Qt.TextElideMode.ElideMiddle)
    table.setTabKeyNavigation(False)


def fit(table: Any, most_rows: int) -> None:
    """Make a table as high as it is long, within limits: a docked panel is low."""
    height = table.horizontalHeader().sizeHint().height() + 2 * table.frameWidth()
    rows = min(table.rowCount(), most_rows)
    table.setFixedHeight(height + rows * table.verticalHeader().defaultSectionSize())


def compact(*buttons: Any) -> None:
    """Let buttons be as narrow as their words, where Qt would have them wider."""
    for button in buttons:
        words = button.fontMetrics().horizontalAdvance(button.text())
        button.setMinimumWidth(words + _BESIDE_WORDS)


def sentence(text: str = "") -> Any:
    """A label whose words are wrapped, and of which a long name widens no panel."""
    label = QtWidgets.QLabel(text)
    label.setWordWrap(True)
    label.setMinimumWidth(1)
    return label


def scrolled(inside: Any) -> Any:
    """What a low panel can still show: docked ones often are."""
    area = QtWidgets.QScrollArea()
    area.setWidget(inside)
    area.setWidgetResizable(True)
    area.setFrameShape(QtWidgets.QFrame.Shape.NoFrame)
    return area


def is_ours(event: Any) -> bool:
    """Whether a key that no field has used must not become a hotkey of Maya: else Delete in a list
    deletes what is selected in the scene, and S keys it. With Ctrl, Alt or Cmd, and from F1 to F35,
    keys are Maya's, so that Undo works from here."""
    modifiers = QtCore.Qt.KeyboardModifier
    others = modifiers.ControlModifier | modifiers.AltModifier | modifiers.MetaModifier
    is_function_key = QtCore.Qt.Key.Key_F1 <= event.key() <= QtCore.Qt.Key.Key_F35
    return not (event.modifiers() & others) and not is_function_key
