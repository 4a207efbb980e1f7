"""Many lines: sounds of the scene, bookmarks or rows of a sheet, and how each of them is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..batch import orders_of_bookmarks, orders_of_scene, orders_of_sheet
from ..library import MynahError
from ..order import Order, Wish
from ..qt import qt_module
from ..session import Outcome, Session
from .manners import tidy

QtCore = qt_module("QtCore")
QtWidgets = qt_module("QtWidgets")

_BAR_WIDTH, _BUTTON_WIDTH = 72, 28
_PROGRESS, _CANCEL = 3, 4
"""Columns that hold widgets."""
NOT_MADE, WAITING, DONE = "not made", "waiting", "done"
CANCELLED, FAILED = "cancelled", "failed"


@dataclass
class Row:
    """A line as the table shows it."""

    order: Order
    ticket: str = ""
    state: str = NOT_MADE
    fraction: float = 0.0
    message: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """What stays the same when the scene is read again."""
        return self.order.name, self.order.character.name


class DialogueTable(QtWidgets.QWidget):
    """`wish` tells how all lines are performed, `tell` takes sentences about lines that can't be
    made, or an error (second argument) that keeps all of them from it."""

    def __init__(
        self,
        session: Session,
        wish: Callable[[], Wish],
        tell: Callable[[list[str], str], None],
    ) -> None:
        super().__init__()
        self.rows: list[Row] = []
        self._session, self._wish, self._tell = session, wish, tell
        self._sheet: Path | None = None
        self._by_bookmark = False
        self.bookmark_button = QtWidgets.QPushButton("Bookmarks")
        self.bookmark_button.setToolTip(
            "The time slider's bookmarks, called 'Anna: line name', cut the recording under Voice"
        )
        self.scene_button = QtWidgets.QPushButton("Sounds of the Scene")
        self.scene_button.setToolTip(
            "All that are heard: each is said by the character with whose name its own begins"
        )
        self.sheet_button = QtWidgets.QPushButton("Sheet…")
        self.sheet_button.setToolTip("A dialogue sheet (CSV): a line in each row")
        self.generate_button = QtWidgets.QPushButton("Generate All")
        self.generate_button.setToolTip("Read scene, sheet and fields anew, and make all lines")
        self.retry_button = QtWidgets.QPushButton("Retry")
        self.retry_button.setToolTip("The lines that failed or were cancelled")
        self.cancel_button = QtWidgets.QPushButton("Cancel All")
        self.cancel_button.setToolTip("Give up every line that is under way")
        self.table = QtWidgets.QTableWidget(0, 5)
        self.table.setHorizontalHeaderLabels(["Character", "Line", "State", "Progress", ""])
        header = self.table.horizontalHeader()
        for column, mode in enumerate(("Stretch", "Stretch", "ResizeToContents", "Fixed", "Fixed")):
            header.setSectionResizeMode(column, getattr(QtWidgets.QHeaderView.ResizeMode, mode))
        self.table.setColumnWidth(_PROGRESS, _BAR_WIDTH)
        self.table.setColumnWidth(_CANCEL, _BUTTON_WIDTH)
        self.table.setToolTip("The lines of the scene, and how each of them is")
        tidy(self.table)
        self.table.setEditTriggers(QtWidgets.QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setMinimumHeight(110)
        self._lay_out()
        self.scene_button.clicked.connect(self.read_scene)
        self.bookmark_button.clicked.connect(self.read_bookmarks)
        self.sheet_button.clicked.connect(self._choose_sheet)
        self.generate_button.clicked.connect(self.generate_all)
        self.retry_button.clicked.connect(self.retry)
        self.cancel_button.clicked.connect(lambda: self._session.cancel())

    def read_scene(self) -> None:
        """List the sounds of the scene that are heard."""
        self._sheet, self._by_bookmark = None, False
        self._list()

    def read_bookmarks(self) -> None:
        """List the time slider's bookmarks."""
        self._sheet, self._by_bookmark = None, True
        self._list()

    def read_sheet(self, path: Path) -> None:
        """List the rows of a dialogue sheet."""
        self._sheet, self._by_bookmark = path, False
        self._list()

    def generate_all(self) -> None:
        """Begin all lines, as scene, sheet and fields are now."""
        if self._list():
            self._start(self.rows)

    def retry(self) -> None:
        """Begin those that failed or were cancelled; the others stay as they are."""
        before = {row.key: row for row in self.rows}
        if not self._list():
            return
        for place, row in enumerate(self.rows):
            old = before.get(row.key)
            if old is not None and old.state not in (FAILED, CANCELLED):
                self.rows[place] = old
        self._start([row for row in self.rows if row.state == NOT_MADE and row.key in before])

    def cancel(self, place: int) -> None:
        """Give up the line of a row; the others go on."""
        self._session.cancel_line(self.rows[place].ticket)

    def take(self, outcome: Outcome) -> None:
        """Show how a line ended."""
        for row in self.rows:
            if row.order is outcome.order:
                made = outcome.report is not None
                row.state = DONE if made else FAILED if outcome.is_error else CANCELLED
                row.fraction = 1.0 if made else 0.0
                row.message = outcome.message
        self.refresh()

    def refresh(self) -> None:
        """Show how far the lines are."""
        jobs = {id(job.order): job for job in self._session.jobs.values()}
        for place, row in enumerate(self.rows):
            job = jobs.get(id(row.order))
            if job is not None:
                row.state, row.fraction = job.words, job.fraction
            self._show(place, row)
        is_busy = self._session.is_busy
        for button in (
            self.scene_button,
            self.bookmark_button,
            self.sheet_button,
            self.generate_button,
        ):
            button.setEnabled(not is_busy)
        is_left = any(row.state in (FAILED, CANCELLED) for row in self.rows)
        self.retry_button.setEnabled(is_left and not is_busy)
        self.cancel_button.setEnabled(is_busy)

    def _list(self) -> bool:
        """Read the lines anew; False, with an error told, if that is not possible."""
        try:
            wish = self._wish()
            if self._sheet is not None:
                orders, faults = orders_of_sheet(self._sheet, wish)
            elif self._by_bookmark:
                orders, faults = orders_of_bookmarks(wish)
            else:
                orders, faults = orders_of_scene(wish)
        except MynahError as error:
            self._tell([], str(error))
            return False
        self.rows = [Row(order) for order in orders]
        self.table.setRowCount(len(self.rows))
        self._tell(faults, "")
        self.refresh()
        return True

    def _start(self, rows: list[Row]) -> None:
        for row in rows:
            row.state = WAITING
            row.ticket = self._session.start(row.order, is_batch=True)
        self.refresh()

    def _show(self, place: int, row: Row) -> None:
        is_under_way = row.state not in (NOT_MADE, DONE, FAILED, CANCELLED)
        for column, text in enumerate((row.order.character.name, row.order.name, row.state)):
            item = self.table.item(place, column)
            if item is None:
                item = QtWidgets.QTableWidgetItem()
                self.table.setItem(place, column, item)
            if item.text() != text:
                item.setText(text)
            item.setToolTip(row.message or text)
        bar, button = self._widgets_of(place)
        bar.setValue(round(100 * row.fraction))
        bar.setTextVisible(is_under_way or row.state == DONE)
        button.setEnabled(is_under_way)

    def _widgets_of(self, place: int) -> tuple[Any, Any]:
        """The bar and the button of a row, which stay while the table has so many rows."""
        bar = self.table.cellWidget(place, _PROGRESS)
        if bar is None:
            bar = QtWidgets.QProgressBar()
            bar.setRange(0, 100)
            self.table.setCellWidget(place, _PROGRESS, bar)
            button = QtWidgets.QToolButton()
            button.setText("×")
            button.setToolTip("Give up this line; the others go on")
            button.clicked.connect(lambda *_: self.cancel(place))
            self.table.setCellWidget(place, _CANCEL, button)
        return bar, self.table.cellWidget(place, _CANCEL)

    def _lay_out(self) -> None:
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        for buttons in (
            (self.scene_button, self.bookmark_button, self.sheet_button),
            (self.generate_button, self.retry_button, self.cancel_button),
        ):
            row = QtWidgets.QHBoxLayout()
            for button in buttons:
                row.addWidget(button)
            column.addLayout(row)
            if buttons[0] is self.scene_button:
                column.addWidget(self.table, 1)  # Tab goes by the order of adding

    def _choose_sheet(self) -> None:
        path, _kind = QtWidgets.QFileDialog.getOpenFileName(
            self, "Dialogue Sheet", "", "Sheets (*.csv)"
        )
        if path:
            self.read_sheet(Path(path))
