"""An action in the making: written curve by curve, used by nobody until it is complete."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np

from ..library import BadInputError, KeyedCurve
from ..pieces import Pieces
from ..reference import Reference
from .actions import Span, new_channelbag, new_draft, points_of, write_curve
from .record import CurveName, curves_of, has_record, keys_of, pack_record, write_record


def find_owner(owner: Reference) -> Any:
    """What curves are for. Raises `BadInputError` if it is gone."""
    for collection in (bpy.data.shape_keys, bpy.data.objects):
        found = owner.find_in(collection)
        if found is not None:
            return found
    raise BadInputError(
        f"'{owner.name}' was deleted while the line was keyed; nothing was changed."
    )


@dataclass(frozen=True, eq=False)
class Part:
    """Curves for one data-block: (data path, index, curve)."""

    owner: Reference
    curves: Sequence[tuple[str, int, KeyedCurve]]

    def find_owner(self) -> Any:
        """Raises `BadInputError` if it is gone."""
        return find_owner(self.owner)


class Draft:
    """An action with a slot for each part. An undo may take curves away or all of it, as long as it
    is not in place: they are written again."""

    def __init__(self, parts: Sequence[Part], span: Span) -> None:
        self.parts = parts
        self._span = span
        self._items = [(place, *item) for place, part in enumerate(parts) for item in part.curves]
        self._keys: dict[int, np.ndarray] = {}
        self._action: Reference | None = None

    @property
    def n_keys(self) -> int:
        return sum(len(curve.rows) for _place, _path, _index, curve in self._items)

    @property
    def is_complete(self) -> bool:
        return self._n_written() == len(self._items) and has_record(self.find())

    def complete(self) -> Pieces[None]:
        """Write what is lacking; when this ends, all is there. Raises `BadInputError` if a
        data-block is gone."""
        while not self.is_complete:
            yield from self._write_curves()
            packed = yield from pack_record(self._record())
            yield 0.0
            if self._n_written() == len(self._items):
                write_record(self.find(), packed)

    def find(self) -> Any:
        """The action, None if there is none."""
        return None if self._action is None else self._action.find_in(bpy.data.actions)

    def discard(self) -> None:
        action = self.find()
        if action is not None:
            bpy.data.actions.remove(action)

    def _write_curves(self) -> Pieces[None]:
        """One in each piece."""
        while (done := self._n_written()) < len(self._items):
            action = self.find()
            if action is None:
                action = new_draft()
                self._action = Reference.to(action)
            place, path, index, curve = self._items[done]
            if place < len(action.slots):
                bag = action.layers[0].strips[0].channelbag(action.slots[place])
            else:
                bag = new_channelbag(action, self.parts[place].find_owner())
            keys = points_of(curve, self._span)
            write_curve(bag, path, index, keys)
            self._keys[done] = keys_of(keys)
            yield done / len(self._items)

    def _n_written(self) -> int:
        action = self.find()
        return 0 if action is None else len(curves_of(action))

    def _record(self) -> dict[CurveName, np.ndarray]:
        handles = [slot.handle for slot in self.find().slots]
        return {
            (handles[place], path, index): self._keys[i]
            for i, (place, path, index, _curve) in enumerate(self._items)
        }
