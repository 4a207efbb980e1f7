"""What is said, by whom and how: the fields of a line."""

from __future__ import annotations

from typing import Any

from maya import cmds

from ..library import AUDIO_SUFFIXES, Amounts, Quality
from ..order import Wish
from ..qt import qt_module
from ..scene_reader import audio_nodes
from .style_rows import StyleRows

QtCore = qt_module("QtCore")
QtWidgets = qt_module("QtWidgets")

_AMOUNTS = (
    ("lips", "Lips", "jaw, lips and tongue"),
    ("brows", "Brows", "brows, cheeks and nose"),
    ("blinks", "Blinks", "lids"),
    ("gaze", "Gaze", "eyes"),
    ("head", "Head", "head turns and nods"),
)
_LARGEST_SEED = 2**31 - 1


class VoiceBox(QtWidgets.QComboBox):
    """The sounds of the scene, read when the list is opened; a file's path can be written."""

    def __init__(self) -> None:
        super().__init__()
        self.setEditable(True)
        self.setMinimumContentsLength(8)
        self.lineEdit().setPlaceholderText("the selected sound, else the time slider's")
        self.setToolTip("An audio node of the scene, or a recording's path")
        self.fill()

    def fill(self) -> None:
        """List the scene's sounds; what is written stays."""
        written = self.currentText()
        self.clear()
        self.addItems(["", *audio_nodes()])
        self.setEditText(written)

    def showPopup(self) -> None:
        """Qt's name for opening the list."""
        self.fill()
        super().showPopup()


class AmountRow:
    """How much of a part is shown, and its Mute."""

    def __init__(self, what: str) -> None:
        self.spin = _decimal(1.0)
        self.spin.setToolTip(f"How much the {what} move: 0 not at all, 1 as the model says")
        self.mute = QtWidgets.QCheckBox("Mute")
        self.mute.setToolTip(f"The {what} don't move")
        self.mute.toggled.connect(self.spin.setDisabled)

    @property
    def value(self) -> float:
        return 0.0 if self.mute.isChecked() else round(self.spin.value(), 2)


class LineForm(QtWidgets.QWidget):
    """The fields, and the `Wish` that they mean."""

    def __init__(self) -> None:
        super().__init__()
        self.voice = VoiceBox()
        self.voice_button = QtWidgets.QPushButton("File…")
        self.character = QtWidgets.QLineEdit()
        self.character.setPlaceholderText("the selection")
        self.character.setToolTip(
            "The mesh of a face, its group, a set or a namespace such as hero: "
            "(several for the dialogue, with spaces between them)"
        )
        self.selection_button = QtWidgets.QPushButton("From Selection")
        self.styles = StyleRows()
        self.strength = _decimal(1.0)
        self.strength.setToolTip("How far all styles are from neutral: 1 as shown, 2 exaggerated")
        self.quality = QtWidgets.QComboBox()
        for quality in Quality:
            self.quality.addItem(quality.value.capitalize(), quality.value)
        self.quality.setCurrentIndex(self.quality.findData(Quality.normal.value))
        self.quality.setToolTip("How much time the model may take")
        self.seed = QtWidgets.QSpinBox()
        self.seed.setRange(0, _LARGEST_SEED)
        self.seed.setToolTip("Another number gives another take of the same line")
        self.amounts = {field: AmountRow(what) for field, _label, what in _AMOUNTS}
        self._lay_out()
        self.voice_button.clicked.connect(self._choose_file)
        self.selection_button.clicked.connect(self.take_selection)

    def names(self) -> tuple[str, ...]:
        """Who is named; empty for the selection."""
        return tuple(self.character.text().split())

    def wish(self) -> Wish:
        """What the fields say. Raises `BadInputError` if the styles can't be said in words."""
        return Wish(
            audio=self.voice.currentText().strip(),
            characters=self.names(),
            style=self.styles.words(),
            strength=round(self.strength.value(), 2),
            seed=self.seed.value(),
            quality=self.quality.currentData(),
            amounts=Amounts(**{field: row.value for field, row in self.amounts.items()}),
        )

    def take_selection(self) -> None:
        """Write who is selected into the field."""
        nodes: list[str] = cmds.ls(selection=True, objectsOnly=True)
        self.character.setText(" ".join(n for n in nodes if cmds.nodeType(n) != "audio"))

    def _lay_out(self) -> None:
        form = QtWidgets.QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.addRow("Voice", _side_by_side(self.voice, self.voice_button))
        form.addRow("Character", _side_by_side(self.character, self.selection_button))
        form.addRow("Styles", self.styles)
        how = _side_by_side(self.strength, _label("Quality"), self.quality, _label("Seed"))
        how.addWidget(self.seed, 1)
        form.addRow("Strength", how)
        grid = QtWidgets.QGridLayout()
        for place, (field, label, _what) in enumerate(_AMOUNTS):
            row, column = place // 2, 3 * (place % 2)
            grid.addWidget(_label(label), row, column)
            grid.addWidget(self.amounts[field].spin, row, column + 1)
            grid.addWidget(self.amounts[field].mute, row, column + 2)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(4, 1)
        form.addRow("Amounts", grid)

    def _choose_file(self) -> None:
        kinds = f"Recordings ({' '.join(f'*{suffix}' for suffix in AUDIO_SUFFIXES)})"
        path, _kind = QtWidgets.QFileDialog.getOpenFileName(self, "Recording", "", kinds)
        if path:
            self.voice.setEditText(path)


def _decimal(value: float) -> Any:
    spin = QtWidgets.QDoubleSpinBox()
    spin.setRange(0.0, 2.0)
    spin.setSingleStep(0.05)
    spin.setValue(value)
    return spin


def _label(text: str) -> Any:
    return QtWidgets.QLabel(text)


def _side_by_side(first: Any, *others: Any) -> Any:
    row = QtWidgets.QHBoxLayout()
    row.addWidget(first, 1)
    for other in others:
        row.addWidget(other)
    return row
