"""The styles of a line: chosen from the library or from files, each with weight and part."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..library import STYLE_SUFFIXES, BadInputError, StyleUse, parse_styles, write_styles
from ..qt import qt_module
from .style_catalog import NEUTRAL, StyleCatalog

QtCore = qt_module("QtCore")
QtGui = qt_module("QtGui")
QtWidgets = qt_module("QtWidgets")

PARTS = (
    ("Whole Face", ""),
    ("Lips", "lips"),
    ("Eyes", "eyes"),
    ("Brows", "brows"),
    ("Head", "head"),
)
_ICON_HEIGHT = 36
_ASPECT = 0.8
"""Width by height of each picture in the engine's strips, which show upright faces."""


class StyleRows(QtWidgets.QWidget):
    """A table of styles, and the library to add from."""

    def __init__(self) -> None:
        super().__init__()
        self.library = QtWidgets.QComboBox()
        size = QtCore.QSize(round(_ICON_HEIGHT * _ASPECT), _ICON_HEIGHT)
        self.library.setIconSize(size)
        self.library.setMinimumHeight(_ICON_HEIGHT + 6)
        # tags make long entries, and a docked panel is narrow
        narrow = QtWidgets.QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        self.library.setSizeAdjustPolicy(narrow)
        self.library.setMinimumContentsLength(8)
        self.library.setToolTip("The styles of the engine's library")
        self.add_button = QtWidgets.QPushButton("Add")
        self.file_button = QtWidgets.QPushButton("File…")
        self.file_button.setToolTip(f"A clip to imitate: {', '.join(STYLE_SUFFIXES)}")
        self.remove_button = QtWidgets.QPushButton("Remove")
        self.table = QtWidgets.QTableWidget(0, 3)
        self.table.setHorizontalHeaderLabels(["Style", "Weight", "Part"])
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(0, QtWidgets.QHeaderView.ResizeMode.Stretch)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(_ICON_HEIGHT + 2)
        self.table.setIconSize(size)
        self.table.setFixedHeight(3 * _ICON_HEIGHT)
        self.table.setSelectionBehavior(QtWidgets.QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setToolTip("The performances to imitate; none: the model's own, neutral manner")
        row = QtWidgets.QHBoxLayout()
        row.addWidget(self.library, 1)
        for button in (self.add_button, self.file_button, self.remove_button):
            row.addWidget(button)
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(row)
        column.addWidget(self.table)
        self.add_button.clicked.connect(self._add_chosen)
        self.file_button.clicked.connect(self._add_file)
        self.remove_button.clicked.connect(self._remove_selected)
        self.show_library(None)

    def show_library(self, catalog: StyleCatalog | None) -> None:
        """List what the library has; the choice stays."""
        chosen = self.library.currentData()
        self.library.clear()
        styles = [style for style in catalog.styles if style.name != NEUTRAL] if catalog else []
        for style in styles:
            tags = f"  ({', '.join(style.tags)})" if style.tags else ""
            png = catalog.pictures.get(style.name, b"") if catalog else b""
            self.library.addItem(_first_picture(png), f"{style.name}{tags}", style.name)
            about = "\n".join(text for text in (style.description, style.licence) if text)
            role = QtCore.Qt.ItemDataRole.ToolTipRole
            self.library.setItemData(self.library.count() - 1, about, role)
        if not styles:
            self.library.addItem(_why_empty(catalog))
        self.library.setCurrentIndex(max(0, self.library.findData(chosen) if chosen else 0))
        self.add_button.setEnabled(bool(styles))
        for row in range(self.table.rowCount()):
            self._show_picture(self.table.item(row, 0))

    def add(self, name: str, weight: float = 1.0, part: str = "") -> None:
        """A row for a style of the library, or for the file of this path."""
        place = self.table.rowCount()
        self.table.insertRow(place)
        is_file = name.lower().endswith(STYLE_SUFFIXES)
        item = QtWidgets.QTableWidgetItem(Path(name).name if is_file else name)
        item.setData(QtCore.Qt.ItemDataRole.UserRole, name)
        item.setToolTip(name)
        item.setFlags(item.flags() & ~QtCore.Qt.ItemFlag.ItemIsEditable)
        self._show_picture(item)
        spin = QtWidgets.QDoubleSpinBox()
        spin.setRange(0.0, 2.0)
        spin.setSingleStep(0.1)
        spin.setValue(weight)
        parts = QtWidgets.QComboBox()
        for label, value in PARTS:
            parts.addItem(label, value)
        parts.setCurrentIndex(parts.findData(part))
        self.table.setItem(place, 0, item)
        self.table.setCellWidget(place, 1, spin)
        self.table.setCellWidget(place, 2, parts)

    def words(self) -> str:
        """The styles as commands take them. Raises `BadInputError` for a path that can't be said in
        these words."""
        uses = tuple(
            StyleUse(
                str(self.table.item(row, 0).data(QtCore.Qt.ItemDataRole.UserRole)),
                round(self.table.cellWidget(row, 1).value(), 2),
                self.table.cellWidget(row, 2).currentData(),
            )
            for row in range(self.table.rowCount())
        )
        words = write_styles(uses)
        if parse_styles(words) != uses:
            raise BadInputError(
                f"The style clips of '{words}' can't be told apart; give their files names "
                "without @ and ' + '."
            )
        return words

    def _show_picture(self, item: Any) -> None:
        at = self.library.findData(item.data(QtCore.Qt.ItemDataRole.UserRole))
        if at >= 0:
            item.setIcon(self.library.itemIcon(at))

    def _add_chosen(self) -> None:
        if self.library.currentData():
            self.add(self.library.currentData())

    def _add_file(self) -> None:
        kinds = f"Style clips ({' '.join(f'*{suffix}' for suffix in STYLE_SUFFIXES)})"
        path, _kind = QtWidgets.QFileDialog.getOpenFileName(self, "Style Clip", "", kinds)
        if path:
            self.add(path)

    def _remove_selected(self) -> None:
        rows = {index.row() for index in self.table.selectedIndexes()}
        for row in sorted(rows, reverse=True):
            self.table.removeRow(row)


def _why_empty(catalog: StyleCatalog | None) -> str:
    if catalog is None or (catalog.is_asked and not catalog.styles):
        return "Asking the engine for its styles…"
    return "The library has no styles yet" if catalog.styles else "No engine has answered"


def _first_picture(png: bytes) -> Any:
    strip = QtGui.QPixmap()
    if not (png and strip.loadFromData(png)):
        return QtGui.QIcon()
    width = min(strip.width(), round(strip.height() * _ASPECT))
    return QtGui.QIcon(strip.copy(0, 0, width, strip.height()))
