"""A change of many curves as one step for Undo: all of it or nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import maya.api.OpenMaya as om
import maya.api.OpenMayaAnim as oma

from ..library import BadInputError

T = TypeVar("T")


class CurveEdit(Generic[T]):
    """`change` carried out for each of `wanted`, taken back and carried out again."""

    def __init__(
        self, change: Callable[[T, oma.MAnimCurveChange], None], wanted: Sequence[T]
    ) -> None:
        self._apply, self._wanted = change, wanted
        self._change = oma.MAnimCurveChange()

    def do(self) -> None:
        """For the first time. If it fails, nothing of it stays."""
        try:
            for one in self._wanted:
                self._apply(one, self._change)
        except BaseException:  # half a change helps nobody, whatever the reason
            self.undo()
            raise

    def undo(self) -> None:
        self._change.undoIt()

    def redo(self) -> None:
        self._change.redoIt()


def plain_curve(name: str) -> oma.MFnAnimCurve:
    """Raises `BadInputError` for a curve whose tangents have lengths."""
    curve = oma.MFnAnimCurve(om.MSelectionList().add(name).getDependNode(0))
    if curve.isWeighted:
        raise BadInputError(
            f"The curve '{name}' has weighted tangents now; choose Curves > Non-Weighted "
            "Tangents in the Graph Editor, and try again."
        )
    return curve
