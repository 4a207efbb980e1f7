"""Keys in bulk through the API, with Undo: MFnAnimCurve inside of an undoable command.

Maya's own Undo knows nothing of edits through the API, so they are done by `mynahKeys`, a command
of the plug-in that nobody calls by hand: it takes a `KeyEdit` from `pending` and keeps it for Undo.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import maya.api.OpenMaya as om
import maya.api.OpenMayaAnim as oma
import numpy as np
from maya import cmds

from .. import plugs
from ..library import BadInputError, Interpolation
from .tracks import FloatArray, Keys

COMMAND = "mynahKeys"

pending: list[Edit] = []

_EDGE = 1e-4
"""Frames: so near to the range's ends a key lies in it."""


class Edit(Protocol):
    """What `mynahKeys` does, takes back and does again. If `do` fails, nothing of it stays."""

    def do(self) -> None: ...
    def undo(self) -> None: ...
    def redo(self) -> None: ...


class KeyEdit:
    """Keys on many plugs, made, taken back and made again.

    `places` are the plugs that the keys go to, in the order of `keys`: the keys' own, or inputs of
    a layer's blend nodes. With `in_range` keys that a curve already has between the first and the
    last new one are replaced and all others kept; else the curve is new.
    """

    def __init__(self, keys: Sequence[Keys], places: Sequence[str], in_range: bool = False) -> None:
        self.curves: list[str] = []
        self._keys = keys
        self._places = places
        self._in_range = in_range
        self._modifiers: list[om.MDGModifier] = []
        self._change = oma.MAnimCurveChange()

    def do(self) -> None:
        """For the first time. If it fails, nothing of it stays."""
        try:
            for keys, place in zip(self._keys, self._places, strict=True):
                self.curves.append(self._put(keys, plugs.plug_of(place)))
        except BaseException:  # half a performance helps nobody, whatever the reason
            self.undo()
            raise

    def undo(self) -> None:
        self._change.undoIt()
        for modifier in reversed(self._modifiers):
            modifier.undoIt()

    def redo(self) -> None:
        for modifier in self._modifiers:
            modifier.doIt()
        self._change.redoIt()

    def _put(self, keys: Keys, place: om.MPlug) -> str:
        curve = self._curve_of(place)
        if self._in_range:
            low, high = keys.frames[0] - _EDGE, keys.frames[-1] + _EDGE
            for index in reversed(range(curve.numKeys)):
                if low <= curve.input(index).asUnits(om.MTime.uiUnit()) <= high:
                    curve.remove(index, self._change)
        add_keys(curve, keys, self._change)
        return curve.name()

    def _curve_of(self, place: om.MPlug) -> oma.MFnAnimCurve:
        if place.isDestination:
            return oma.MFnAnimCurve(place.source().node())
        modifier = om.MDGModifier()
        curve = oma.MFnAnimCurve()
        kind = oma.MFnAnimCurve().timedAnimCurveTypeForPlug(place)
        curve.create(place, kind, modifier)
        # whether `create` connects at once or leaves it to the modifier, this makes it so
        modifier.doIt()
        self._modifiers.append(modifier)
        if curve.isWeighted:  # as the artist's preferences have it; keys are chosen for plain ones
            curve.setIsWeighted(False, change=self._change)
        return curve


def apply(edit: KeyEdit) -> list[str]:
    """Do an edit as a step for Undo; the names of its curves. Raises `BadInputError` if the plug-in
    is not loaded."""
    perform(edit)
    return edit.curves


def perform(edit: Edit) -> None:
    """Do an edit as a step for Undo. Raises `BadInputError` if the plug-in is not loaded."""
    command = getattr(cmds, COMMAND, None)
    if command is None:
        raise BadInputError(
            "The plug-in mynah_plugin is not loaded; load it in Windows > Settings/Preferences > "
            "Plug-in Manager."
        )
    pending.append(edit)
    try:
        command()
    finally:
        pending.clear()


def add_keys(curve: oma.MFnAnimCurve, keys: Keys, change: oma.MAnimCurveChange) -> None:
    """Put keys on a curve beside those it has, except at their own frames."""
    unit = om.MTime.uiUnit()
    times = om.MTimeArray()
    for frame in keys.frames:
        times.append(om.MTime(float(frame), unit))
    values = om.MDoubleArray(
        [float(value) for value in to_internal(keys.values, curve.animCurveType)]
    )
    fn = oma.MFnAnimCurve
    if keys.interpolation is Interpolation.linear:
        curve.addKeys(times, values, fn.kTangentLinear, fn.kTangentLinear, True, change)
    elif keys.interpolation is Interpolation.stepped:
        curve.addKeys(times, values, fn.kTangentLinear, fn.kTangentStep, True, change)
    else:
        fixed = om.MIntArray([fn.kTangentFixed] * len(times))
        # in the interface's units: so many frames across, so many of the value's units up
        into, out = _spans(curve, keys.frames)
        locked = om.MIntArray([1] * len(times))
        curve.addKeysWithTangents(
            times,
            values,
            fn.kTangentFixed,
            fn.kTangentFixed,
            fixed,
            fixed,
            om.MDoubleArray([float(span) for span in into]),
            om.MDoubleArray([float(rise) for rise in into * keys.slopes]),
            om.MDoubleArray([float(span) for span in out]),
            om.MDoubleArray([float(rise) for rise in out * keys.slopes]),
            locked,
            locked,
            True,
            True,
            change,
        )


def _spans(curve: oma.MFnAnimCurve, frames: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Frames [K] from each key back to the one before it and on to the next, those included that
    the curve has already; 1 at its ends. Tangents so long make a weighted curve what slopes alone
    make a plain one, for which their lengths mean nothing."""
    unit = om.MTime.uiUnit()
    own = np.array([curve.input(i).asUnits(unit) for i in range(curve.numKeys)], np.float64)
    before, after = own[own < frames[0] - _EDGE], own[own > frames[-1] + _EDGE]
    first = before.max() if before.size else frames[0] - 1.0
    last = after.min() if after.size else frames[-1] + 1.0
    return np.diff(frames, prepend=first), np.diff(frames, append=last)


def to_internal(values: FloatArray, kind: int) -> FloatArray:
    """Numbers of the interface as the API counts them, by the type of their curve: radians,
    centimetres."""
    if kind == oma.MFnAnimCurve.kAnimCurveTA:
        return values * om.MAngle.uiToInternal(1.0)
    if kind == oma.MFnAnimCurve.kAnimCurveTL:
        return values * om.MDistance.uiToInternal(1.0)
    return np.asarray(values, np.float64)
