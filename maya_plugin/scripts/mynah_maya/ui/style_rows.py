"""The styles of a line: a slim list, below it what is set for the chosen one."""

from __future__ import annotations

from typing import Any

from ..library import STYLE_SUFFIXES
from ..qt import qt_module
from ..style_choice import StyleChoice
from .manners import compact, fit, tidy
from .style_catalog import NEUTRAL, StyleCatalog
from .style_details import PARTS, StyleDetails

QtCore = qt_module("QtCore")
QtGui = qt_module("QtGui")
QtWidgets = qt_module("QtWidgets")

_ICON_HEIGHT = 36
_MOST_ROWS = 3
_ASPECT = 0.8
"""Width by height of each picture in the engine's strips, which show upright faces."""


class StyleRows(QtWidgets.QWidget):
    """`choices` are the styles of the list, whose buttons and rows are all here; what asks the
    engine is in `style_actions`. `picker` is what the list is filled with: a widget of its own,
    which comes beside a label."""

    def __init__(self) -> None:
        super().__init__()
        self.choices: list[StyleChoice] = []
        self._catalog: StyleCatalog | None = None
        self.library = QtWidgets.QComboBox()
        size = QtCore.QSize(round(_ICON_HEIGHT * _ASPECT), _ICON_HEIGHT)
        self.library.setIconSize(size)
        self.library.setMinimumHeight(_ICON_HEIGHT + 6)
        # tags make long entries, and a docked panel is narrow
        narrow = QtWidgets.QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        self.library.setSizeAdjustPolicy(narrow)
        self.library.setMinimumContentsLength(6)
        self.library.setToolTip(
            "The styles of the engine's library; write a part of a name or tag to find one"
        )
        self.library.setEditable(True)
        self.library.setInsertPolicy(QtWidgets.QComboBox.InsertPolicy.NoInsert)
        finder = self.library.completer()
        finder.setFilterMode(QtCore.Qt.MatchFlag.MatchContains)
        finder.setCompletionMode(QtWidgets.QCompleter.CompletionMode.PopupCompletion)
        self.add_button = QtWidgets.QPushButton("Add")
        self.delete_button = QtWidgets.QPushButton("Delete…")
        self.delete_button.setToolTip(
            "Delete this style of yours from the library, for all files and programs"
        )
        self.file_button = QtWidgets.QPushButton("Clip File…")
        self.file_button.setToolTip(f"A clip to imitate: {', '.join(STYLE_SUFFIXES)}")
        self.video_button = QtWidgets.QPushButton("From Video…")
        self.video_button.setToolTip(
            "Imitate the performer in a video: the performance is captured into a clip file "
            "beside it"
        )
        self.rig_button = QtWidgets.QPushButton("From Rig")
        self.rig_button.setToolTip(
            "Imitate what the selected character's face performs in the playback range"
        )
        self.table = QtWidgets.QTableWidget(0, 4)
        self.table.setHorizontalHeaderLabels(["Style", "Weight", "Part", "From"])
        header = self.table.horizontalHeader()
        modes = QtWidgets.QHeaderView.ResizeMode
        header.setSectionResizeMode(modes.ResizeToContents)
        header.setSectionResizeMode(0, modes.Stretch)
        tidy(self.table)
        self.table.verticalHeader().setDefaultSectionSize(_ICON_HEIGHT + 2)
        self.table.setIconSize(size)
        views = QtWidgets.QAbstractItemView
        self.table.setSelectionBehavior(views.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(views.SelectionMode.SingleSelection)
        self.table.setEditTriggers(views.EditTrigger.NoEditTriggers)
        self.table.setToolTip("The performances to imitate; none: the model's own, neutral manner")
        self.details = StyleDetails(self._replace)
        self._lay_out()
        self.table.itemSelectionChanged.connect(self._show_chosen)
        self.library.currentIndexChanged.connect(self._enable)
        # what is written and found nothing is no style
        self.library.lineEdit().editingFinished.connect(self._write_chosen)
        self.add_button.clicked.connect(self._add_chosen)
        self.file_button.clicked.connect(self._add_file)
        self.details.remove_button.clicked.connect(self.remove)
        self._fit()
        self.show_library(None)

    @property
    def chosen(self) -> int:
        """The place of the chosen style in the list; -1 if none is."""
        rows = self.table.selectionModel().selectedRows()
        return rows[0].row() if rows else -1

    def show_library(self, catalog: StyleCatalog | None) -> None:
        """List what the library has; the choice stays."""
        self._catalog = catalog
        chosen = self.library.currentData()
        self.library.clear()
        styles = [style for style in catalog.styles if style.name != NEUTRAL] if catalog else []
        for style in styles:
            tags = f"  ({', '.join(style.tags)})" if style.tags else ""
            png = catalog.pictures.get(style.name, b"") if catalog else b""
            self.library.addItem(_first_picture(png), f"{style.name}{tags}", style.name)
            texts = (style.description, style.provenance, style.licence)
            about = "\n".join(text for text in texts if text)
            role = QtCore.Qt.ItemDataRole.ToolTipRole
            self.library.setItemData(self.library.count() - 1, about, role)
        if not styles:
            self.library.addItem(_why_empty(catalog))
        self.library.setCurrentIndex(max(0, self.library.findData(chosen) if chosen else 0))
        self._enable()
        for place in range(len(self.choices)):
            self._show(place)

    def add(self, choice: StyleChoice) -> None:
        """A row more, which is then the chosen one."""
        self.choices.append(choice)
        place = self.table.rowCount()
        self.table.insertRow(place)
        self._show(place)
        self.table.selectRow(place)
        self._fit()

    def add_status(self, widget: Any) -> None:
        """Show something above the list."""
        self._column.insertWidget(0, widget)

    def remove(self) -> None:
        """Take the chosen style off the list."""
        place = self.chosen
        if place >= 0:
            del self.choices[place]
            self.table.removeRow(place)
            self.table.selectRow(min(place, len(self.choices) - 1))
            self._show_chosen()
            self._fit()

    def _fit(self) -> None:
        self.table.setVisible(bool(self.choices))
        fit(self.table, _MOST_ROWS)

    def _replace(self, choice: StyleChoice) -> None:
        self.choices[self.chosen] = choice
        self._show(self.chosen)

    def _show(self, place: int) -> None:
        choice = self.choices[place]
        part = next((label for label, value in PARTS if value == choice.part), choice.part)
        begin = str(choice.from_frame) if choice.from_frame else "start"
        for column, text in enumerate((choice.title, f"{choice.weight:g}", part, begin)):
            item = self.table.item(place, column)
            if item is None:
                item = QtWidgets.QTableWidgetItem()
                self.table.setItem(place, column, item)
            item.setText(text)
            item.setToolTip(choice.name or choice.title)
        at = self.library.findData(choice.name)
        if at >= 0:
            self.table.item(place, 0).setIcon(self.library.itemIcon(at))

    def _show_chosen(self) -> None:
        place = self.chosen
        self.details.show_style(self.choices[place] if place >= 0 else None)

    def _enable(self) -> None:
        name = self.library.currentData()
        entry = self._catalog.find(name) if self._catalog and name else None
        self.add_button.setEnabled(entry is not None)
        self.delete_button.setVisible(entry is not None and not entry.shipped)
        self.library.lineEdit().setCursorPosition(0)  # of a long name the beginning is seen

    def _write_chosen(self) -> None:
        self.library.setEditText(self.library.itemText(self.library.currentIndex()))

    def _add_chosen(self) -> None:
        self.add(StyleChoice(self.library.currentData()))

    def _add_file(self) -> None:
        kinds = f"Style clips ({' '.join(f'*{suffix}' for suffix in STYLE_SUFFIXES)})"
        path, _kind = QtWidgets.QFileDialog.getOpenFileName(self, "Style Clip", "", kinds)
        if path:
            self.add(StyleChoice(path))

    def _lay_out(self) -> None:
        self.picker = QtWidgets.QWidget()
        picker = QtWidgets.QVBoxLayout(self.picker)
        picker.setContentsMargins(0, 0, 0, 0)
        picker.addLayout(_row(self.library, self.add_button, self.delete_button))
        sources = QtWidgets.QHBoxLayout()
        for button in (self.file_button, self.video_button, self.rig_button):
            sources.addWidget(button)
            compact(button)
        compact(self.add_button, self.delete_button)
        picker.addLayout(sources)
        column = self._column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.table)
        column.addWidget(self.details)


def _row(first: Any, *others: Any) -> Any:
    row = QtWidgets.QHBoxLayout()
    row.addWidget(first, 1)
    for other in others:
        row.addWidget(other)
    return row


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
