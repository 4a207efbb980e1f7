"""The takes of lines: which one shows, another one, and a range of it made anew."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from maya import cmds

from .. import qt
from ..amounts import amounts_of
from ..baking.record import Take, is_edited
from ..baking.takes import LineTakes, delete, glance_here, next_to, show, takes_here
from ..library import MynahError
from ..order import Wish
from ..scene_reader import chosen_range
from ..session import Outcome, Session
from ..take_source import with_source_of
from .manners import scrolled, sentence, tidy
from .outcome_box import OutcomeBox
from .take_amounts import TakeAmounts

QtCore = qt.qt_module("QtCore")
QtWidgets = qt.qt_module("QtWidgets")

_LOOK_MS = 1000
_MOST_FRAMES = 1_000_000
_LEAST_WIDTH = 56
_HEADERS = ("Shows", "Line", "Seed", "Style", "Made")


class TakesPage(QtWidgets.QWidget):
    """`names` tells who is meant, as the field of the line does, `wish` what all its fields say;
    `begin` starts a line."""

    def __init__(
        self,
        names: Callable[[], Sequence[str]],
        wish: Callable[[], Wish],
        begin: Callable[[Wish], None],
    ) -> None:
        super().__init__()
        self.lines: list[LineTakes] = []
        self._names, self._wish, self._begin = names, wish, begin
        self._rows: list[tuple[LineTakes, Take]] = []
        self._seen: object = None
        self._is_busy = False
        self._timer: Any = None
        self.title = sentence()
        self.table = QtWidgets.QTableWidget(0, len(_HEADERS))
        self.table.setHorizontalHeaderLabels(list(_HEADERS))
        header = self.table.horizontalHeader()
        for column in range(len(_HEADERS)):
            header.setSectionResizeMode(column, QtWidgets.QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(3, QtWidgets.QHeaderView.ResizeMode.Stretch)
        tidy(self.table)
        self.table.setMinimumHeight(110)
        self.table.setEditTriggers(QtWidgets.QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QtWidgets.QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QtWidgets.QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setToolTip("A double click shows a take and mutes the line's others")
        self.previous_button = QtWidgets.QPushButton("Previous")
        self.previous_button.setToolTip("Show the take with the seed before; no edit is lost")
        self.next_button = QtWidgets.QPushButton("Next")
        self.next_button.setToolTip("Show the take with the next seed; no edit is lost")
        self.show_button = QtWidgets.QPushButton("Show")
        self.show_button.setToolTip("Show the chosen take and mute the line's others")
        self.new_button = QtWidgets.QPushButton("New Take")
        self.new_button.setToolTip("Perform the line with another seed; the takes there are stay")
        self.delete_button = QtWidgets.QPushButton("Delete")
        self.delete_button.setToolTip("Delete the chosen take; Undo brings it back")
        self.first = _frame("first")
        self.last = _frame("last")
        self.slider_button = QtWidgets.QPushButton("From Time Slider")
        self.slider_button.setToolTip("The range selected in the time slider, else playback's")
        self.keeps_keys = QtWidgets.QCheckBox("Keep My Keys")
        self.keeps_keys.setToolTip(
            "Keep the keys in the range that you added or whose value or frame you changed, and "
            "lead the new performance through them"
        )
        self.keeps_keys.setChecked(True)
        self.redo_button = QtWidgets.QPushButton("Redo Range")
        self.redo_button.setToolTip(
            "Perform these frames of the take that shows anew; outside it stays as it is, edits "
            "included"
        )
        self.amounts = TakeAmounts(self._change_amounts)
        self.status = QtWidgets.QLabel()
        policy = QtWidgets.QSizePolicy.Policy
        self.status.setSizePolicy(policy.Ignored, policy.Preferred)  # a long name widens no panel
        self.box = OutcomeBox()
        self._lay_out()
        self.table.itemSelectionChanged.connect(self._enable)
        self.table.cellDoubleClicked.connect(lambda *_: self.show_chosen())
        self.previous_button.clicked.connect(lambda: self.step(-1))
        self.next_button.clicked.connect(lambda: self.step(1))
        self.show_button.clicked.connect(self.show_chosen)
        self.new_button.clicked.connect(self.make_new)
        self.delete_button.clicked.connect(self.delete_chosen)
        self.slider_button.clicked.connect(self.take_range)
        self.redo_button.clicked.connect(self.redo)
        self.take_range()
        self._fill()

    # --- what is done ---------------------------------------------------------------------------

    @property
    def chosen(self) -> tuple[LineTakes, Take] | None:
        """The line and the take whose row is chosen."""
        rows = sorted({index.row() for index in self.table.selectedIndexes()})
        return self._rows[rows[0]] if rows and rows[0] < len(self._rows) else None

    def step(self, by: int) -> None:
        """Show the take before or behind the one that shows."""
        self._do(lambda line, _take: show(line, next_to(line, by)))

    def show_chosen(self) -> None:
        """Show the chosen take alone."""
        self._do(show)

    def delete_chosen(self) -> None:
        """Delete the chosen take; one with edits only after a question."""

        def deed(line: LineTakes, take: Take) -> None:
            if is_edited(take) and not _may_delete(take):
                return
            delete(line, take)

        self._do(deed)

    def make_new(self) -> None:
        """Perform the chosen line with a seed that no take of it has."""
        self._perform(lambda wish: replace(wish, new_take=True))

    def redo(self) -> None:
        """Perform a range of the take that shows anew."""
        self._perform(
            lambda wish: replace(
                wish,
                redo_from=float(self.first.value()),
                redo_to=float(self.last.value()),
                replace_keys=not self.keeps_keys.isChecked(),
                on_base=False,
            )
        )

    def _change_amounts(self, change: Callable[[Take], None]) -> None:
        def deed(line: LineTakes, _take: Take) -> None:
            if line.shown is not None:
                change(line.shown)

        self._do(deed)

    def take_range(self) -> None:
        """Write what the time slider shows into the fields."""
        first, last = chosen_range()
        self.first.setValue(round(first))
        self.last.setValue(round(last))

    # --- what is seen ---------------------------------------------------------------------------

    def look(self) -> None:
        """Show the takes again if any came, went, or was muted or renamed."""
        if glance_here(self._names()) != self._seen:
            self.read()

    def read(self) -> None:
        """Show the takes as they are now."""
        names = self._names()
        self._seen = glance_here(names)
        try:
            self.lines, error = takes_here(names), ""
        except MynahError as fault:
            self.lines, error = [], str(fault)
        self._fill(error)

    def take(self, outcome: Outcome) -> None:
        """Hear how a line ended."""
        self.box.show_outcomes([outcome])
        if self.isVisible():
            self.read()
            if outcome.report is not None:
                self._choose_shown(outcome.order.name)

    def show_progress(self, session: Session) -> None:
        """Tell how far the lines under way are."""
        self.status.setVisible(session.is_busy)
        if session.is_busy:
            words, share = session.standing()
            self.status.setText(f"{words}, {100 * share:.0f} %")
        if session.is_busy is not self._is_busy:
            self._is_busy = session.is_busy
            self._enable()

    def showEvent(self, event: Any) -> None:
        """Qt's name for being shown: look at the scene from now on."""
        super().showEvent(event)
        if self._timer is None:
            self._timer = qt.start_timer(self.look, _LOOK_MS)
        self.read()

    def hideEvent(self, event: Any) -> None:
        """Nobody looks."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        super().hideEvent(event)

    def _perform(self, change: Callable[[Wish], Wish]) -> None:
        def deed(line: LineTakes, take: Take) -> None:
            own = line.shown or take
            wish = with_source_of(own, self._wish())
            wish = replace(wish, line=line.line, seed=own.tag.seed)
            if not (wish.characters or cmds.ls(selection=True, objectsOnly=True)):
                wish = replace(wish, characters=take.nodes)
            self._begin(change(wish))

        self._do(deed)

    def _do(self, deed: Callable[[LineTakes, Take], object]) -> None:
        """Do it to the chosen take, and choose the one that shows then."""
        if self.chosen is None:
            return
        record = self.chosen[1].record
        self.read()
        found = next((row for row in self._rows if row[1].record == record), None)
        if found is None:
            self.box.show_error("This take was deleted meanwhile; choose another.")
            return
        try:
            deed(*found)
        except MynahError as error:
            self.box.show_error(str(error))
        else:
            self.box.clear()
        self.read()
        self._choose_shown(found[0].line)

    def _fill(self, error: str = "") -> None:
        record = self.chosen[1].record if self.chosen else ""
        self._rows = [(line, take) for line in self.lines for take in line.takes]
        self.table.setRowCount(len(self._rows))
        for row, (line, take) in enumerate(self._rows):
            shows = "●" if take == line.shown else ""
            tag = take.tag
            texts = (shows, tag.line, str(tag.seed), tag.manner, tag.made)
            for column, text in enumerate(texts):
                item = QtWidgets.QTableWidgetItem(text)
                item.setToolTip(f"The layer {take.layer}\n{tag.style}")
                if column == 0:
                    item.setTextAlignment(QtCore.Qt.AlignmentFlag.AlignCenter)
                self.table.setItem(row, column, item)
        self._choose(record)
        n = len(self.lines)
        words = f"{len(self._rows)} takes of {n} line{'' if n == 1 else 's'}."
        self.title.setText(error or (words if n else "There are no takes yet: generate a line."))
        self._enable()

    def _choose(self, record: str) -> None:
        """The row of this record, else the first take that shows."""
        same = [row for row, (_, take) in enumerate(self._rows) if take.record == record]
        shown = [row for row, (line, take) in enumerate(self._rows) if take == line.shown]
        for row in (*same, *shown)[:1]:
            self.table.selectRow(row)

    def _choose_shown(self, name: str) -> None:
        for row, (line, take) in enumerate(self._rows):
            if line.line == name and take == line.shown:
                self.table.selectRow(row)

    def _enable(self) -> None:
        chosen, is_free = self.chosen, not self._is_busy
        several = chosen is not None and len(chosen[0].takes) > 1
        self.previous_button.setEnabled(several)
        self.next_button.setEnabled(several)
        self.show_button.setEnabled(chosen is not None and chosen[1] != chosen[0].shown)
        self.delete_button.setEnabled(chosen is not None)
        self.new_button.setEnabled(chosen is not None and is_free)
        shows = chosen is not None and chosen[0].shown is not None
        self.redo_button.setEnabled(shows and is_free)
        shown = chosen[0].shown if chosen is not None else None
        self.amounts.show_amounts(None if shown is None else amounts_of(shown))

    def _lay_out(self) -> None:
        of_takes = (
            (self.previous_button, self.show_button, self.next_button),
            (self.new_button, self.delete_button),
        )
        frames = QtWidgets.QHBoxLayout()
        frames.addWidget(QtWidgets.QLabel("From"))
        frames.addWidget(self.first, 1)
        frames.addWidget(QtWidgets.QLabel("to"))
        frames.addWidget(self.last, 1)
        frames.addWidget(self.slider_button)
        below = QtWidgets.QHBoxLayout()
        below.addWidget(self.keeps_keys, 1)
        below.addWidget(self.redo_button)
        redo = QtWidgets.QGroupBox("Redo Range of the Take That Shows")
        inside = QtWidgets.QVBoxLayout(redo)
        inside.addLayout(frames)
        inside.addLayout(below)
        fields = QtWidgets.QWidget()
        column = QtWidgets.QVBoxLayout(fields)
        column.addWidget(self.title)
        column.addWidget(self.table, 1)
        for buttons in of_takes:
            row = QtWidgets.QHBoxLayout()
            for button in buttons:
                row.addWidget(button)
            column.addLayout(row)
        column.addWidget(redo)
        column.addWidget(self.amounts)
        column.addWidget(self.status)
        whole = QtWidgets.QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(scrolled(fields), 1)
        whole.addWidget(self.box)


def _may_delete(take: Take) -> bool:
    answer = cmds.confirmDialog(
        title="Mynah",
        message=f"Delete the take '{take.layer}'? What was edited in it goes with it.",
        button=["Delete", "Cancel"],
        defaultButton="Cancel",
        cancelButton="Cancel",
        dismissString="Cancel",
    )
    return answer == "Delete"


def _frame(which: str) -> Any:
    spin = QtWidgets.QSpinBox()
    spin.setToolTip(f"The {which} frame of the scene that is performed anew")
    spin.setMinimumWidth(_LEAST_WIDTH)
    spin.setRange(-_MOST_FRAMES, _MOST_FRAMES)
    return spin
