"""How much each part of the face moves in the take that shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..amounts import apply, reset, set_amounts
from ..baking.record import Take
from ..library import AMOUNT_PARTS
from ..qt import qt_module

QtCore = qt_module("QtCore")
QtWidgets = qt_module("QtWidgets")

_MOST = 200
"""Percent."""


class _Slider(QtWidgets.QSlider):
    def wheelEvent(self, event: Any) -> None:
        """Qt's name for the wheel: who scrolls over a take means no change of its keys."""
        event.ignore()


class TakeAmounts(QtWidgets.QGroupBox):
    """A slider for each part. `change` is handed what is to be done to the take that shows: once
    for each slider that is let go."""

    def __init__(self, change: Callable[[Callable[[Take], None]], None]) -> None:
        super().__init__("Amounts of the Take That Shows")
        self._change = change
        self._is_showing = False
        self.sliders: dict[str, Any] = {}
        self.labels: dict[str, Any] = {}
        grid = QtWidgets.QGridLayout(self)
        for place, part in enumerate(AMOUNT_PARTS):
            slider = _Slider(QtCore.Qt.Orientation.Horizontal)
            slider.setRange(0, _MOST)
            slider.setPageStep(25)
            slider.setValue(100)
            slider.setToolTip(
                f"How much the {part} move{'s' if part in ('gaze', 'head') else ''} in this take: "
                "0 not at all, 1 as baked. The keys change when you let go"
            )
            label = QtWidgets.QLabel()
            label.setMinimumWidth(self.fontMetrics().horizontalAdvance("2.00"))
            row, column = place // 2, 3 * (place % 2)
            grid.addWidget(QtWidgets.QLabel(part.capitalize()), row, column)
            grid.addWidget(slider, row, column + 1)
            grid.addWidget(label, row, column + 2)
            self.sliders[part], self.labels[part] = slider, label
            slider.valueChanged.connect(lambda value, part=part: self._hear(part, value))
            slider.sliderReleased.connect(lambda part=part: self._set(part))
        self.reset_button = QtWidgets.QPushButton("As Baked")
        self.reset_button.setToolTip("Let all parts of the take move as baked")
        self.apply_button = QtWidgets.QPushButton("Apply to Keys")
        self.apply_button.setToolTip(
            "Take the keys as they are now for the take's own; what is seen stays the same"
        )
        buttons = QtWidgets.QHBoxLayout()
        buttons.addWidget(self.reset_button)
        buttons.addWidget(self.apply_button)
        grid.addLayout(buttons, 2, 3, 1, 3)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(4, 1)
        self.reset_button.clicked.connect(lambda: self._change(reset))
        self.apply_button.clicked.connect(lambda: self._change(apply))
        self.show_amounts(None)

    def show_amounts(self, amounts: Mapping[str, float] | None) -> None:
        """None: there is no take."""
        self._is_showing = True
        for part, slider in self.sliders.items():
            if not slider.isSliderDown():
                slider.setValue(round(100 * (amounts or {}).get(part, 1.0)))
            self.labels[part].setText(f"{slider.value() / 100:.2f}")
        self._is_showing = False
        self.setEnabled(amounts is not None)
        self.reset_button.setEnabled(bool(amounts))
        self.apply_button.setEnabled(bool(amounts))

    def _hear(self, part: str, value: int) -> None:
        self.labels[part].setText(f"{value / 100:.2f}")
        if not (self._is_showing or self.sliders[part].isSliderDown()):
            self._set(part)  # by a key or a click beside the handle

    def _set(self, part: str) -> None:
        amount = self.sliders[part].value() / 100
        self._change(lambda take: set_amounts(take, {part: amount}))
