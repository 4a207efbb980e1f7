"""Keys of curves stretched about a value, as a step for Undo."""

from __future__ import annotations

from dataclasses import dataclass

import maya.api.OpenMayaAnim as oma
import numpy as np

from .anim_curves import to_internal
from .curve_edit import plain_curve
from .tracks import FloatArray


@dataclass(frozen=True, eq=False)
class Stretch:
    """`factor` times the distance from `rest`, in the interface's unit, for the keys of a curve at
    `places`."""

    curve: str
    rest: float
    factor: float
    places: tuple[int, ...]


def stretch_keys(wanted: Stretch, change: oma.MAnimCurveChange) -> None:
    """Carry it out. Raises `BadInputError` for a curve whose tangents have lengths."""
    curve = plain_curve(wanted.curve)
    rest = float(to_internal(np.array([wanted.rest]), curve.animCurveType)[0])
    fixed = oma.MFnAnimCurve.kTangentFixed
    slopes: list[tuple[int, bool, float, float]] = []
    for i in wanted.places:
        for is_in, kind in ((True, curve.inTangentType(i)), (False, curve.outTangentType(i))):
            if kind == fixed:
                x, y = curve.getTangentXY(i, is_in)
                slopes.append((i, is_in, x, y * wanted.factor))
    for i in wanted.places:
        value = rest + wanted.factor * (curve.value(i) - rest)
        curve.setValue(i, value, change=change)
    for i, is_in, x, y in slopes:
        is_locked = curve.tangentsLocked(i)
        if is_locked:  # else one side would turn the other
            curve.setTangentsLocked(i, False, change=change)
        curve.setTangent(i, x, y, is_in, change=change, convertUnits=False)
        if is_locked:
            curve.setTangentsLocked(i, True, change=change)


def stretched(keys: FloatArray, rest: float, factor: float) -> FloatArray:
    """The keys [K, 4] of a record, stretched likewise."""
    found = keys.copy()
    found[:, 1] = rest + factor * (keys[:, 1] - rest)
    found[:, 2:] = np.degrees(np.arctan(factor * np.tan(np.radians(keys[:, 2:]))))
    return found
