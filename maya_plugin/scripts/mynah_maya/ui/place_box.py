"""Where a line begins, what it is called, and which part of its file it takes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..library import BadInputError
from ..order import Wish
from ..qt import qt_module

QtWidgets = qt_module("QtWidgets")

_LONGEST_S = 86_400.0


class PlaceBox:
    """Fields for the form of a single line, which puts them where they belong; as they are at
    first, the sound or the file says it all."""

    def __init__(self) -> None:
        self.frame = QtWidgets.QLineEdit()
        self.frame.setToolTip("The scene frame at which the line begins")
        self.name = QtWidgets.QLineEdit()
        self.name.setPlaceholderText("as the sound or the file")
        self.name.setToolTip("What the line is called; lines of other names are other lines")
        self.first = _seconds("its beginning")
        self.first.setToolTip("Only this part of the recording or performance, from here (seconds)")
        self.last = _seconds("its end")
        self.last.setToolTip("… to here (seconds)")

    def show_source(self, *, is_transfer: bool) -> None:
        """Say where a line begins without a frame."""
        self.frame.setPlaceholderText(
            "where playback begins" if is_transfer else "where the sound begins"
        )

    def put_into(self, wish: Wish) -> Wish:
        """The wish, at its place. Raises `BadInputError` if it starts at no frame."""
        return replace(
            wish,
            line=self.name.text().strip(),
            start_frame=self._start_frame(),
            from_s=round(self.first.value(), 3),
            to_s=round(self.last.value(), 3),
        )

    def told(self) -> str:
        """What is set of name and cut; empty if nothing."""
        first, last = (
            f"{own.value():g} s" if own.value() else "" for own in (self.first, self.last)
        )
        cut = f"from {first}" if first else ""
        cut += f" to {last}" if last else ""
        return ", ".join(filter(None, (self.name.text().strip(), cut.strip())))

    def _start_frame(self) -> float | None:
        written = self.frame.text().strip()
        if not written:
            return None
        try:
            return float(written.replace(",", "."))
        except ValueError:
            raise BadInputError(
                f"The line can't start at '{written}'; write a frame such as 101."
            ) from None


def _seconds(otherwise: str) -> Any:
    spin = QtWidgets.QDoubleSpinBox()
    spin.setDecimals(3)
    spin.setRange(0.0, _LONGEST_S)
    spin.setSingleStep(0.1)
    spin.setSpecialValueText(otherwise)
    return spin
