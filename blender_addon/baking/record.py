"""What Mynah baked, kept on its action, so that the keys an artist set can be told from its own.

A key is the artist's if the record has none at its frame with its value on its curve. Handles alone
don't make a key the artist's, but they do make a take an edited one.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping

import bpy
import numpy as np

_PROPERTY = "mynah_baked"
_REDONE = "mynah_redone"
_FRAME_TOLERANCE = 1e-3
_VALUE_TOLERANCE = 1e-4
_HANDLE_TOLERANCE = 1e-3
"""Blender turns aligned handles by their rounding whenever it looks at them."""

CurveName = tuple[int, str, int]
"""The handle of a slot, a data path, an index."""

Record = Mapping[CurveName, np.ndarray]
"""Keys [K, 4] of a curve: frame, value, and the values of its left and right handle."""


def curves_of(action: bpy.types.Action) -> dict[CurveName, bpy.types.FCurve]:
    """All curves of an action by name."""
    return {
        (bag.slot.handle, f_curve.data_path, f_curve.array_index): f_curve
        for layer in action.layers
        for strip in layer.strips
        for bag in strip.channelbags
        for f_curve in bag.fcurves
    }


def read_keys(f_curve: bpy.types.FCurve) -> np.ndarray:
    """The keys of a curve as a record holds them."""
    columns = []
    for name in ("co", "handle_left", "handle_right"):
        pairs = np.empty(2 * len(f_curve.keyframe_points), np.float32)
        f_curve.keyframe_points.foreach_get(name, pairs)
        columns.append(pairs.reshape(-1, 2))
    return np.concatenate([columns[0], columns[1][:, 1:], columns[2][:, 1:]], axis=1)


def write_record(action: bpy.types.Action, record: Record) -> None:
    names = json.dumps(list(record))
    counts = np.array([len(keys) for keys in record.values()], np.int32)
    keys = np.concatenate([np.zeros((0, 4), np.float32), *record.values()])
    file = io.BytesIO()
    np.savez_compressed(file, names=np.array(names), counts=counts, keys=keys)
    if _PROPERTY in action:
        del action[_PROPERTY]  # Blender garbles bytes that take the place of others
    action[_PROPERTY] = file.getvalue()


def read_record(action: bpy.types.Action) -> dict[CurveName, np.ndarray] | None:
    """None for an action that an older Mynah made, or anybody else."""
    data = action.get(_PROPERTY)
    if not isinstance(data, bytes):
        return None
    with np.load(io.BytesIO(data), allow_pickle=False) as content:
        names = [tuple(name) for name in json.loads(str(content["names"]))]
        parts = np.split(content["keys"], np.cumsum(content["counts"])[:-1])
    return dict(zip(names, parts, strict=True))


def set_by_hand(keys: np.ndarray, baked: np.ndarray) -> np.ndarray:
    """Which of a curve's keys [K] are the artist's."""
    if len(baked) == 0 or len(keys) == 0:
        return np.ones(len(keys), bool)
    after = np.clip(np.searchsorted(baked[:, 0], keys[:, 0]), 1, max(len(baked) - 1, 1))
    around = np.minimum(np.stack([after - 1, after]), len(baked) - 1)
    nearest = np.abs(baked[around, 0] - keys[:, 0]).argmin(axis=0)
    twins = baked[around[nearest, np.arange(len(keys))]]
    same_frame = np.abs(twins[:, 0] - keys[:, 0]) < _FRAME_TOLERANCE
    return ~(same_frame & (np.abs(twins[:, 1] - keys[:, 1]) < _VALUE_TOLERANCE))


def mark_redone(action: bpy.types.Action) -> None:
    """The action is no longer what its seed alone would give."""
    action[_REDONE] = True


def is_edited(action: bpy.types.Action) -> bool:
    """Whether an artist changed anything in an action of ours or had a range of it made anew; also
    if that can't be told."""
    record = read_record(action)
    curves = curves_of(action)
    if record is None or _REDONE in action or curves.keys() != record.keys():
        return True
    return any(_differs(read_keys(f_curve), record[name]) for name, f_curve in curves.items())


def _differs(keys: np.ndarray, baked: np.ndarray) -> bool:
    if len(keys) != len(baked) or set_by_hand(keys, baked).any():
        return True
    return bool(len(keys)) and np.abs(keys - baked)[:, 2:].max() > _HANDLE_TOLERANCE
