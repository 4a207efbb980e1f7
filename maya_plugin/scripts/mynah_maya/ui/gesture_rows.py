"""The gestures of a line: passages of clips or of rigs, each with the frame it plays at."""

from __future__ import annotations

from pathlib import Path

import maya.api.OpenMaya as om
import maya.api.OpenMayaAnim as oma
from maya import cmds

from ..gestures import Gesture
from ..library import STYLE_SUFFIXES
from ..qt import qt_module
from ..scene_reader import chosen_range, effective_fps
from .manners import calm, fit, tidy
from .style_rows import PARTS

QtCore = qt_module("QtCore")
QtWidgets = qt_module("QtWidgets")

_HEADERS = ("Gesture", "First", "Last", "At", "Part")
_TIPS = (
    "",
    "The frame that the passage begins with: of the rig's animation, or of the file, whose first "
    "frame is 1, at the scene's rate",
    "The frame that the passage ends with",
    "The frame of the scene at which the gesture begins",
    "The part of the face that makes the gesture",
)
_MOST_FRAMES = 1_000_000
_MOST_ROWS = 3
_FRAME_WIDTH = 48
_PART_WIDTH = 106


class GestureRows(QtWidgets.QWidget):
    """A table of gestures, which takes no room while there are none."""

    def __init__(self) -> None:
        super().__init__()
        self.file_button = QtWidgets.QPushButton("Pin File…")
        self.file_button.setToolTip(
            f"Have a passage of a clip ({', '.join(STYLE_SUFFIXES)}) play at the current frame"
        )
        self.rig_button = QtWidgets.QPushButton("Pin Selected Rig")
        self.rig_button.setToolTip(
            "Have a passage of what the selected rig performs play at the current frame: the range "
            "that is selected in the time slider, else the first second of playback"
        )
        self.remove_button = QtWidgets.QPushButton("Remove")
        self.remove_button.setToolTip("Take the chosen gestures off the list")
        self.table = QtWidgets.QTableWidget(0, len(_HEADERS))
        self.table.setHorizontalHeaderLabels(list(_HEADERS))
        self.table.setToolTip("The passages that play in the line, each at its own frame")
        for column, tip in enumerate(_TIPS):
            self.table.horizontalHeaderItem(column).setToolTip(tip)
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(0, QtWidgets.QHeaderView.ResizeMode.Stretch)
        for column in (1, 2, 3):
            self.table.setColumnWidth(column, _FRAME_WIDTH)
        self.table.setColumnWidth(4, _PART_WIDTH)
        tidy(self.table)
        self.table.setSelectionBehavior(QtWidgets.QAbstractItemView.SelectionBehavior.SelectRows)
        row = QtWidgets.QHBoxLayout()
        row.addWidget(self.file_button)
        row.addWidget(self.rig_button)
        row.addWidget(self.remove_button)
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(row)
        column.addWidget(self.table)
        self.file_button.clicked.connect(self._choose_file)
        self.rig_button.clicked.connect(self.pin_rig)
        self.remove_button.clicked.connect(self._remove_selected)
        self._show_table()

    def gestures(self) -> tuple[Gesture, ...]:
        """What the rows say."""
        return tuple(self._gesture(row) for row in range(self.table.rowCount()))

    def titles(self) -> list[str]:
        """What the gestures are called."""
        return [self.table.item(row, 0).text() for row in range(self.table.rowCount())]

    def _gesture(self, row: int) -> Gesture:
        source = str(self.table.item(row, 0).data(QtCore.Qt.ItemDataRole.UserRole))
        first, last, at_frame = (self.table.cellWidget(row, i).value() for i in (1, 2, 3))
        return Gesture(source, first, last, at_frame, self.table.cellWidget(row, 4).currentData())

    def add(self, gesture: Gesture) -> None:
        """A row more."""
        place = self.table.rowCount()
        self.table.insertRow(place)
        text = Path(gesture.source).name if gesture.is_file else gesture.source
        item = QtWidgets.QTableWidgetItem(text)
        item.setData(QtCore.Qt.ItemDataRole.UserRole, gesture.source)
        item.setToolTip(gesture.source)
        item.setFlags(item.flags() & ~QtCore.Qt.ItemFlag.ItemIsEditable)
        self.table.setItem(place, 0, item)
        for column, frame in ((1, gesture.first), (2, gesture.last), (3, gesture.at_frame)):
            spin = QtWidgets.QSpinBox()
            spin.setRange(-_MOST_FRAMES, _MOST_FRAMES)
            spin.setButtonSymbols(QtWidgets.QAbstractSpinBox.ButtonSymbols.NoButtons)
            spin.setValue(frame)
            spin.setToolTip(_TIPS[column])
            calm(spin)
            self.table.setCellWidget(place, column, spin)
        parts = QtWidgets.QComboBox()
        for label, value in PARTS:
            parts.addItem(label, value)
        parts.setToolTip(_TIPS[4])
        parts.setCurrentIndex(parts.findData(gesture.region))
        calm(parts)
        self.table.setCellWidget(place, 4, parts)
        before = self.table.cellWidget(place - 1, 4) if place else self.table
        for column in (1, 2, 3, 4):  # Tab goes by the order of making, this row comes late
            field = self.table.cellWidget(place, column)
            QtWidgets.QWidget.setTabOrder(before, field)
            before = field
        self._show_table()

    def pin_file(self, path: str) -> None:
        """The first second of a clip, at the current frame."""
        self.add(Gesture(path, 1, 1 + round(effective_fps()), _here()))

    def pin_rig(self) -> None:
        """What the selected rig performs, at the current frame."""
        nodes: list[str] = cmds.ls(selection=True, objectsOnly=True)
        rigs = [node for node in nodes if cmds.nodeType(node) != "audio"]
        if not rigs:
            om.MGlobal.displayWarning("Select the rig that performs the gesture first.")
            return
        first, last = (round(frame) for frame in chosen_range())
        last = min(last, first + round(effective_fps()))
        self.add(Gesture(rigs[0], first, last, _here()))

    def _choose_file(self) -> None:
        kinds = f"Clips ({' '.join(f'*{suffix}' for suffix in STYLE_SUFFIXES)})"
        path, _kind = QtWidgets.QFileDialog.getOpenFileName(self, "Clip of the Gesture", "", kinds)
        if path:
            self.pin_file(path)

    def _remove_selected(self) -> None:
        rows = {index.row() for index in self.table.selectedIndexes()}
        for row in sorted(rows, reverse=True):
            self.table.removeRow(row)
        self._show_table()

    def _show_table(self) -> None:
        has_rows = self.table.rowCount() > 0
        self.table.setVisible(has_rows)
        fit(self.table, _MOST_ROWS)
        self.remove_button.setEnabled(has_rows)


def _here() -> int:
    return round(oma.MAnimControl.currentTime().asUnits(om.MTime.uiUnit()))
