"""The chosen style of the list: how much of it, where, from when on; of a rig, which frames."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ..qt import qt_module
from ..reference import Reference
from ..style_choice import Performance, StyleChoice, animation_layers
from .manners import compact

QtWidgets = qt_module("QtWidgets")

PARTS = (
    ("Whole Face", ""),
    ("Lips", "lips"),
    ("Eyes", "eyes"),
    ("Brows", "brows"),
    ("Head", "head"),
)
_HEAVIEST = 2.0
_FAR = 1_000_000
_INDENT = 12
_LEAST_WIDTH = 56


class StyleDetails(QtWidgets.QWidget):
    """`change` takes the style as it is set."""

    def __init__(self, change: Callable[[StyleChoice], None]) -> None:
        super().__init__()
        self._change = change
        self._choice: StyleChoice | None = None
        self.weight = QtWidgets.QDoubleSpinBox()
        self.weight.setRange(0.0, _HEAVIEST)
        self.weight.setSingleStep(0.1)
        self.weight.setToolTip(
            "How much of this style shows beside the others; what is left of 1 is neutral"
        )
        self.part = QtWidgets.QComboBox()
        for label, value in PARTS:
            self.part.addItem(label, value)
        self.part.setToolTip("The part of the face that it is meant for")
        self.from_frame = QtWidgets.QSpinBox()
        self.from_frame.setRange(-_FAR, _FAR)
        self.from_frame.setToolTip(
            "The scene frame from which on the style shows; 0: from the line's start"
        )
        self.layer = QtWidgets.QComboBox()
        self.layer.setMinimumContentsLength(8)
        self.layer.setToolTip(
            "What of the rig's animation is meant: all that moves the face, or one layer"
        )
        self.first, self.last = (QtWidgets.QSpinBox() for _ in range(2))
        for spin, what in ((self.first, "begin"), (self.last, "end")):
            spin.setRange(-_FAR, _FAR)
            spin.setToolTip(f"The frame of the rig's animation to {what} with")
        self.save_button = QtWidgets.QPushButton("Save as Style…")
        self.save_button.setToolTip("Store the clip in the library, under a name and tags")
        self.remove_button = QtWidgets.QPushButton("Remove")
        self.remove_button.setToolTip("Take it off the list; the library keeps it")
        self._lay_out()
        self.weight.valueChanged.connect(self._set)
        self.part.currentIndexChanged.connect(self._set)
        for spin in (self.from_frame, self.first, self.last):
            spin.valueChanged.connect(self._set)
        self.layer.currentIndexChanged.connect(self._set)
        self.show_style(None)

    def show_style(self, choice: StyleChoice | None) -> None:
        """Show a style of the list; None hides all."""
        self._choice = None  # so that nothing below counts as a change
        self.setVisible(choice is not None)
        if choice is None:
            return
        self.weight.setValue(choice.weight)
        self.part.setCurrentIndex(max(0, self.part.findData(choice.part)))
        self.from_frame.setValue(choice.from_frame)
        self._show_performance(choice.performance)
        self.save_button.setVisible(choice.is_file or choice.performance is not None)
        self._choice = choice

    def _show_performance(self, performance: Performance | None) -> None:
        for widget in self._of_rig:
            widget.setVisible(performance is not None)
        self.layer.clear()
        if performance is None:
            return
        self.layer.addItem("All Animation", None)
        for layer in animation_layers():
            self.layer.addItem(layer, Reference.to(layer))
        at = self.layer.findText(performance.layer.find() or "") if performance.layer else 0
        if at < 0 and performance.layer is not None:  # deleted: the line will say so
            self.layer.addItem(performance.layer.name, performance.layer)
            at = self.layer.count() - 1
        self.layer.setCurrentIndex(at)
        self.first.setValue(performance.first)
        self.last.setValue(performance.last)

    def _set(self) -> None:
        if self._choice is None:
            return
        self._choice = replace(
            self._choice,
            weight=round(self.weight.value(), 2),
            part=self.part.currentData(),
            from_frame=self.from_frame.value(),
        )
        performance = self._choice.performance
        if performance is not None:
            performance = replace(
                performance,
                first=self.first.value(),
                last=self.last.value(),
                layer=self.layer.currentData(),
            )
            self._choice = replace(self._choice, performance=performance)
        self._change(self._choice)

    def _lay_out(self) -> None:
        grid = QtWidgets.QGridLayout(self)
        grid.setContentsMargins(_INDENT, 0, 0, 6)
        layer = QtWidgets.QLabel("Layer")
        grid.addWidget(layer, 0, 0)
        grid.addWidget(self.layer, 0, 1, 1, 3)
        pairs = (
            ("First", self.first),
            ("Last", self.last),
            ("Weight", self.weight),
            ("Part", self.part),
            ("From Frame", self.from_frame),
        )
        labels: list[Any] = []
        for place, (text, field) in enumerate(pairs):
            label = QtWidgets.QLabel(text)
            labels.append(label)
            row, column = 1 + place // 2, 2 * (place % 2)
            field.setMinimumWidth(_LEAST_WIDTH)
            grid.addWidget(label, row, column)
            grid.addWidget(field, row, column + 1)
        self._of_rig = (layer, self.layer, *labels[:2], self.first, self.last)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(3, 1)
        buttons = QtWidgets.QHBoxLayout()
        compact(self.save_button, self.remove_button)
        buttons.addWidget(self.save_button, 1)
        buttons.addWidget(self.remove_button, 1)
        grid.addLayout(buttons, 3, 2, 1, 2)
