"""What moves the chosen target of a mapping: channels, weights, range; another target; a pose."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..character import Rig
from ..library import (
    CHANNELS,
    Kind,
    Motion,
    RigMapping,
    Row,
    named_target,
    unmapped,
    with_range,
    with_target,
    with_weight,
    without_channel,
)
from ..qt import qt_module
from .manners import calm, sentence, tidy

QtCore = qt_module("QtCore")
QtWidgets = qt_module("QtWidgets")

Change = Callable[[RigMapping, Rig], RigMapping]

_AXES = ("left", "up", "front", "x", "y", "z")


class TargetBox(QtWidgets.QGroupBox):
    """`change` is told how the mapping shall be changed."""

    def __init__(self, change: Callable[[Change], None]) -> None:
        super().__init__("Target")
        self._change = change
        self._name = ""
        self.reason = sentence()
        self.channels = QtWidgets.QTableWidget(0, 3)
        self.channels.setHorizontalHeaderLabels(["Channel", "Weight", ""])
        header = self.channels.horizontalHeader()
        header.setSectionResizeMode(0, QtWidgets.QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(2, QtWidgets.QHeaderView.ResizeMode.ResizeToContents)
        tidy(self.channels)
        self.channels.setFixedHeight(80)
        self.channels.setToolTip("The channels of a performance that move the target, and how much")
        self.channel = _searchable("Another channel")
        self.channel.addItems(list(CHANNELS))
        self.channel.setEditText("")
        self.channel.setToolTip(
            "A channel to add: to the target above, or for another target below"
        )
        self.add_channel_button = QtWidgets.QPushButton("Add Channel")
        self.add_channel_button.setToolTip("This channel moves the target, too")
        self.rest, self.full = _number(), _number()
        self.rest.setToolTip("Its value where nothing moves it")
        self.full.setToolTip("Its value where all of it does")
        self.range_button = QtWidgets.QPushButton("Set Range")
        self.range_button.setToolTip("How far a joint, control or attribute goes")
        self.try_button = QtWidgets.QPushButton("Test Pose (hold)")
        self.try_button.setToolTip(
            "As long as you hold it the target shows at its full value; the scene stays as it is"
        )
        self.name = _searchable("New target")
        self.name.setToolTip("A shape, joint or attribute that nothing moves yet")
        self.motion = QtWidgets.QComboBox()
        self.motion.addItems([motion.value for motion in Motion])
        self.motion.setToolTip("How a joint or control moves")
        self.axis = QtWidgets.QComboBox()
        self.axis.addItems(list(_AXES))
        self.axis.setToolTip("About or along which of the character's axes, or the joint's own")
        self.add_target_button = QtWidgets.QPushButton("Add Target")
        self.add_target_button.setToolTip(
            "Moved by the channel above; motion and axis are for joints and controls"
        )
        self._lay_out()
        self.add_channel_button.clicked.connect(self.add_channel)
        self.range_button.clicked.connect(self.set_range)
        self.add_target_button.clicked.connect(self.add_target)
        self.show_row(None, None, None)

    def show_row(self, row: Row | None, rig: Rig | None, mapping: RigMapping | None) -> None:
        """What moves this target; `rig` and `mapping` tell what could be added."""
        self._name = "" if row is None else row.name
        self.setTitle(self._name or "Target")
        self.reason.setText("Choose a row above." if row is None else f"{row.what}. {row.reason}")
        pairs = () if row is None else row.row
        self.channels.setRowCount(0)
        self.channels.setRowCount(len(pairs))
        for place, (channel, weight) in enumerate(pairs):
            item = QtWidgets.QTableWidgetItem(channel)
            item.setFlags(item.flags() & ~QtCore.Qt.ItemFlag.ItemIsEditable)
            self.channels.setItem(place, 0, item)
            self.channels.setCellWidget(place, 1, self._weight(channel, weight))
            self.channels.setCellWidget(place, 2, self._remove(channel))
        target = mapping.target(self._name) if mapping is not None and self._name else None
        has_range = target is not None and target.kind is not Kind.SHAPE
        for widget in (self.rest, self.full, self.range_button):
            widget.setEnabled(has_range)
        if target is not None:
            self.rest.setValue(target.rest)
            self.full.setValue(target.full)
        for widget in (self.add_channel_button, self.try_button):
            widget.setEnabled(row is not None)
        written = self.name.currentText()
        self.name.clear()
        if rig is not None and mapping is not None:
            self.name.addItems(unmapped(mapping, rig.names))
        self.name.setEditText(written)
        self.add_target_button.setEnabled(rig is not None and mapping is not None)

    def add_channel(self) -> None:
        """Let the channel that is written move the target, too."""
        name, channel = self._name, self.channel.currentText().strip()
        self._change(lambda mapping, _rig: with_weight(mapping, name, channel, 1.0))

    def set_range(self) -> None:
        """How far the target goes."""
        name, rest, full = self._name, self.rest.value(), self.full.value()
        self._change(lambda mapping, _rig: with_range(mapping, name, rest, full))

    def add_target(self) -> None:
        """Let the channel that is written move another part of the rig."""
        name, channel = self.name.currentText().strip(), self.channel.currentText().strip()
        motion, axis = Motion(self.motion.currentText()), self.axis.currentText()

        def add(mapping: RigMapping, rig: Rig) -> RigMapping:
            label, target = named_target(rig.names, name, motion, axis, 1.0)
            return with_target(mapping, label, target, channel, 1.0)

        self._change(add)

    def _weight(self, channel: str, weight: float) -> Any:
        spin = _number()
        spin.setSingleStep(0.05)
        spin.setValue(weight)
        spin.setKeyboardTracking(False)
        spin.setToolTip(f"How much {channel} moves it")
        calm(spin)
        name = self._name

        def changed(value: float) -> None:
            self._change(lambda mapping, _rig: with_weight(mapping, name, channel, round(value, 3)))

        # a moment later: the change makes this row anew, spin box and all
        spin.valueChanged.connect(lambda value: QtCore.QTimer.singleShot(0, lambda: changed(value)))
        return spin

    def _remove(self, channel: str) -> Any:
        button = QtWidgets.QToolButton()
        button.setText("×")
        button.setToolTip("This channel no longer moves it; without any it is left alone")
        name = self._name

        def remove() -> None:
            self._change(lambda mapping, _rig: without_channel(mapping, name, channel))

        button.clicked.connect(lambda *_: QtCore.QTimer.singleShot(0, remove))
        return button

    def _lay_out(self) -> None:
        column = QtWidgets.QVBoxLayout(self)
        top = (self.reason, self.try_button)
        channel = (self.channel, self.add_channel_button)
        extent = (_label("Rest"), self.rest, _label("Full"), self.full, self.range_button)
        target = (self.name, self.motion, self.axis, self.add_target_button)
        wide = (self.reason, self.channel, self.rest, self.full, self.name)
        for widgets in (top, channel, extent, target):
            if widgets is channel:
                column.addWidget(self.channels)
            row = QtWidgets.QHBoxLayout()
            for widget in widgets:
                row.addWidget(widget, 1 if widget in wide else 0)
            column.addLayout(row)


def _searchable(hint: str) -> Any:
    """A list that is searched by typing any part of a name."""
    box = QtWidgets.QComboBox()
    box.setEditable(True)
    box.setInsertPolicy(QtWidgets.QComboBox.InsertPolicy.NoInsert)
    box.setMinimumContentsLength(5)
    box.setSizeAdjustPolicy(
        QtWidgets.QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
    )
    box.lineEdit().setPlaceholderText(hint)
    box.completer().setFilterMode(QtCore.Qt.MatchFlag.MatchContains)
    box.completer().setCompletionMode(QtWidgets.QCompleter.CompletionMode.PopupCompletion)
    return box


def _label(text: str) -> Any:
    return QtWidgets.QLabel(text)


def _number() -> Any:
    spin = QtWidgets.QDoubleSpinBox()
    spin.setRange(-1000.0, 1000.0)
    spin.setDecimals(3)
    spin.setMinimumWidth(56)
    return spin
