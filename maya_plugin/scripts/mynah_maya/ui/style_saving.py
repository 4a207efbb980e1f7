"""A clip of the list becomes a style of the library: what it is called and found by."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..library import AddStyle, read_tags
from ..qt import qt_module

QtWidgets = qt_module("QtWidgets")


class SaveStyleDialog(QtWidgets.QDialog):
    """Asks for what the library notes; `store` takes it. The clip is `clip_name`."""

    def __init__(self, parent: Any, clip_name: str, store: Callable[[AddStyle], None]) -> None:
        super().__init__(parent)
        self.setWindowTitle("Save as Style")
        self._clip_name, self._store = clip_name, store
        self.name = _field("What the style is called from now on")
        self.name.setText(clip_name.rpartition(".")[0])
        self.tags = _field("Words that find the style, with commas between: angry, loud")
        self.description = _field("A sentence about the style")
        self.provenance = _field("Where the performance comes from: the actor, the take")
        self.licence = _field("Who may use it, and for what")
        self.replace = QtWidgets.QCheckBox("Replace")
        self.replace.setToolTip(
            "If the library has a style of yours with this name, put this in its place"
        )
        self.save_button = QtWidgets.QPushButton("Save")
        self.save_button.setDefault(True)
        cancel_button = QtWidgets.QPushButton("Cancel")
        form = QtWidgets.QFormLayout(self)
        form.addRow("Name", self.name)
        form.addRow("Tags", self.tags)
        form.addRow("Description", self.description)
        form.addRow("Provenance", self.provenance)
        form.addRow("Licence", self.licence)
        form.addRow("", self.replace)
        buttons = QtWidgets.QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.save_button)
        buttons.addWidget(cancel_button)
        form.addRow(buttons)
        self.setMinimumWidth(440)
        self.save_button.clicked.connect(self.accept)
        cancel_button.clicked.connect(self.reject)
        self.accepted.connect(self._save)
        self.finished.connect(self.deleteLater)

    def _save(self) -> None:
        texts = (self.description.text(), self.provenance.text(), self.licence.text())
        name, tags = self.name.text().strip(), read_tags(self.tags.text())
        replace = self.replace.isChecked()
        self._store(AddStyle(name, "", self._clip_name, tags, *texts, replace=replace))


def _field(hint: str) -> Any:
    field = QtWidgets.QLineEdit()
    field.setPlaceholderText(hint)
    field.setToolTip(hint)
    return field
