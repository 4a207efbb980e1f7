"""The character's mapping: what was recognised and why, changes to it, a pose to try it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ..baking.trial import trial
from ..character import Character, Rig, find_character, read_rig
from ..library import (
    BadInputError,
    Level,
    MynahError,
    RigMapping,
    Row,
    View,
    dry_run,
    mirrored,
    report_sentences,
    view_of,
)
from ..qt import qt_module
from ..rig_mapping import keep_mapping, mapping_of, own_mapping, propose
from .manners import scrolled, sentence, tidy
from .outcome_box import OutcomeBox
from .target_box import TargetBox

QtCore = qt_module("QtCore")
QtGui = qt_module("QtGui")
QtWidgets = qt_module("QtWidgets")

_LEVELS = {
    Level.SURE: ("sure", "#7fb069"),
    Level.LIKELY: ("likely", "#d8b25c"),
    Level.GUESS: ("a guess", "#e06c5a"),
    Level.OWN: ("your own", "#6aa9e0"),
}
_FILES = "Mappings (*.json)"

Change = Callable[[RigMapping, Rig], RigMapping]


class RigPage(QtWidgets.QWidget):
    """`names` tells who is meant, as the field of the line does: empty for the selection."""

    def __init__(self, names: Callable[[], Sequence[str]]) -> None:
        super().__init__()
        self.view = View((), (), (), is_own=False)
        self.rig: Rig | None = None
        self._names = names
        self._character: Character | None = None
        self.read_button = QtWidgets.QPushButton("Read the Character")
        self.read_button.setToolTip("The one that is selected, or named in the field Character")
        self.title = sentence()
        self.search = QtWidgets.QLineEdit()
        self.search.setPlaceholderText("Search: parts of names, channels, kinds")
        self.search.setClearButtonEnabled(True)
        self.search.setToolTip('Parts of names, channels and kinds, as in "bone head"')
        self.table = QtWidgets.QTableWidget(0, 3)
        self.table.setHorizontalHeaderLabels(["Target", "Moved By", "Match"])
        self.table.setToolTip("What answers to a performance; choose a row to change it below")
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(0, QtWidgets.QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QtWidgets.QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(2, QtWidgets.QHeaderView.ResizeMode.ResizeToContents)
        tidy(self.table)
        self.table.setMinimumHeight(160)
        self.table.setEditTriggers(QtWidgets.QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QtWidgets.QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QtWidgets.QAbstractItemView.SelectionMode.SingleSelection)
        self.target = TargetBox(self.change)
        self.left_button = QtWidgets.QPushButton("Mirror Left to Right")
        self.left_button.setToolTip("Set the right side up as the left one is")
        self.right_button = QtWidgets.QPushButton("Mirror Right to Left")
        self.right_button.setToolTip("Set the left side up as the right one is")
        self.automatic_button = QtWidgets.QPushButton("Automatic")
        self.automatic_button.setToolTip("Forget what you have set: the names tell it anew")
        self.load_button = QtWidgets.QPushButton("Load…")
        self.load_button.setToolTip("Take the mapping from a file of Blender's or Maya's")
        self.save_button = QtWidgets.QPushButton("Save…")
        self.save_button.setToolTip("Write the mapping to a file that Blender and Maya read")
        self.dry_button = QtWidgets.QPushButton("Dry Run")
        self.dry_button.setToolTip("What a line would move, and what not; nothing is keyed")
        self.box = OutcomeBox("Here you are told what was done, and what can't be.")
        self.box.setFixedHeight(72)
        self._lay_out()
        self.read_button.clicked.connect(self.read)
        self.search.textChanged.connect(self._filter)
        self.table.itemSelectionChanged.connect(self._show_chosen)
        self.target.try_button.pressed.connect(self.show_pose)
        self.target.try_button.released.connect(trial.release)
        self.left_button.clicked.connect(lambda: self.mirror(from_left=True))
        self.right_button.clicked.connect(lambda: self.mirror(from_left=False))
        self.automatic_button.clicked.connect(self.forget)
        self.load_button.clicked.connect(self._choose_load)
        self.save_button.clicked.connect(self._choose_save)
        self.dry_button.clicked.connect(self.tell_dry_run)
        self._show()

    # --- what is done ---------------------------------------------------------------------------

    def read(self) -> None:
        """Show the mapping of the character that is named or selected."""
        self.box.clear()
        try:
            self._character = find_character(self._names())
            self._read_again()
        except MynahError as error:
            self.rig, self._character = None, None
            self.view = View((), (), (), is_own=False)
            self.box.show_error(str(error))
        self._show()

    def change(self, change: Change) -> None:
        """Keep the mapping as `change` makes it of the one there is, and show it."""

        def keep(rig: Rig) -> None:
            keep_mapping(rig, change(mapping_of(rig), rig))

        self._with_rig(keep)

    def mirror(self, *, from_left: bool) -> None:
        """Set one side up as the other is."""

        def mirror(mapping: RigMapping, rig: Rig) -> RigMapping:
            names = {name for shapes in rig.names.shapes.values() for name in shapes}
            names |= {*rig.bones, *(name for _owner, name in rig.properties)}
            return mirrored(mapping, names, from_left=from_left)

        self.change(mirror)

    def forget(self) -> None:
        """Go back to what the names say."""
        self._with_rig(lambda rig: keep_mapping(rig, None))

    def load(self, path: Path) -> None:
        """Take the mapping from a file that Blender or Maya wrote."""
        self.change(lambda _old, _rig: RigMapping.load(path))

    def save(self, path: Path) -> None:
        """Write the mapping to a file that Blender and Maya read."""

        def save(rig: Rig) -> None:
            mapping_of(rig).save(path)

        if self._with_rig(save):
            self.box.show_lines([f"The mapping is in {path.name}."])

    def tell_dry_run(self) -> None:
        """Say what a line would do to the rig."""
        if self._with_rig(lambda _rig: None) and self.rig is not None:
            report = dry_run(mapping_of(self.rig), self.rig.names)
            lines = [*self.view.titles, *report_sentences(report), *self.rig.remarks]
            self.box.show_lines(lines)

    def show_pose(self) -> None:
        """Show the chosen target at its full value until the button is let go."""
        row = self.chosen()
        if row is None or self._character is None:
            return
        try:
            trial.show(self._character, row.name)
        except MynahError as error:
            self.box.show_error(str(error))

    def chosen(self) -> Row | None:
        """The row that is selected."""
        selected = self.table.selectedItems()
        if not selected:
            return None
        return self.view.find(self.table.item(selected[0].row(), 0).text())

    def hideEvent(self, event: Any) -> None:
        """Another page, or the window is closed: no pose stays."""
        trial.release()
        super().hideEvent(event)

    # --- inside ---------------------------------------------------------------------------------

    def _with_rig(self, deed: Callable[[Rig], None]) -> bool:
        """Do something with the rig as it is now; False, with an error told, if that fails."""
        if self._character is None:
            self.read()
        if self._character is None:
            return False
        trial.release()
        try:
            rig = read_rig(self._character)
            deed(rig)
            self._read_again()
        except MynahError as error:
            self.box.show_error(str(error))
            return False
        self.box.clear()
        self._show()
        return True

    def _read_again(self) -> None:
        if self._character is None:
            raise BadInputError("No character was read; press Read the Character.")
        rig = read_rig(self._character)
        try:
            own = own_mapping(rig)
        except BadInputError as error:
            self.view = View((), (), (), is_own=True, error=str(error))
        else:
            proposal = propose(rig)
            mapping = proposal.mapping if own is None else own
            self.view = view_of(mapping, proposal, rig.names, is_own=own is not None)
        self.rig = rig

    def _show(self) -> None:
        chosen = self.chosen()
        lines = [*self.view.titles, *self.view.remarks]
        if self.rig is not None and not self.view.rows:
            lines.append("Nothing here has a name that Mynah knows.")
        if self.rig is not None:
            whose = "your own mapping" if self.view.is_own else "proposed from its names"
            lines.insert(0, f"{self.rig.name}: {whose}.")
        self.title.setText("\n".join(lines))
        self.title.setVisible(bool(lines))
        if self.view.error:
            self.box.show_error(self.view.error)
        self.table.blockSignals(True)
        self.table.setRowCount(len(self.view.rows))
        for place, row in enumerate(self.view.rows):
            word, colour = _LEVELS[row.level]
            sure = "" if row.confidence is None else f" {100 * row.confidence:.0f} %"
            for column, text in enumerate((row.name, row.by, f"{word}{sure}")):
                item = QtWidgets.QTableWidgetItem(text)
                item.setToolTip(f"{row.what}\n{row.reason}")
                if column == 2:
                    item.setForeground(QtGui.QColor(colour))
                self.table.setItem(place, column, item)
        self.table.blockSignals(False)
        if chosen is not None:
            self._select(chosen.name)
        self._filter()
        self._show_chosen()
        has_rig = self.rig is not None
        for button in (self.left_button, self.right_button, self.load_button, self.save_button):
            button.setEnabled(has_rig)
        self.dry_button.setEnabled(has_rig)
        self.automatic_button.setEnabled(has_rig and self.view.is_own)

    def _select(self, name: str) -> None:
        for place, row in enumerate(self.view.rows):
            if row.name == name:
                self.table.selectRow(place)

    def _filter(self) -> None:
        for place, row in enumerate(self.view.rows):
            self.table.setRowHidden(place, not row.has(self.search.text()))

    def _show_chosen(self) -> None:
        can_map = self.rig is not None and not self.view.error
        mapping = mapping_of(self.rig) if self.rig is not None and can_map else None
        self.target.show_row(self.chosen(), self.rig, mapping)

    def _choose_load(self) -> None:
        path, _kind = QtWidgets.QFileDialog.getOpenFileName(self, "Load Mapping", "", _FILES)
        if path:
            self.load(Path(path))

    def _choose_save(self) -> None:
        path, _kind = QtWidgets.QFileDialog.getSaveFileName(self, "Save Mapping", "", _FILES)
        if path:
            self.save(Path(path))

    def _lay_out(self) -> None:
        fields = QtWidgets.QWidget()
        column = QtWidgets.QVBoxLayout(fields)
        column.addWidget(self.read_button)
        column.addWidget(self.title)
        column.addWidget(self.search)
        column.addWidget(self.table, 1)
        column.addWidget(self.target)
        for buttons in (
            (self.left_button, self.right_button),
            (self.automatic_button, self.load_button, self.save_button, self.dry_button),
        ):
            row = QtWidgets.QHBoxLayout()
            for button in buttons:
                row.addWidget(button)
            column.addLayout(row)
        whole = QtWidgets.QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(scrolled(fields), 1)
        whole.addWidget(self.box)
