"""What Mynah baked, kept on its action, so that the keys an artist set can be told from its own.

A key is the artist's if the record has none at its frame with its value on its curve. Handles or
interpolation alone don't make a key the artist's, but they do make a take an edited one.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Mapping

import bpy
import numpy as np

from ..library import BadInputError
from ..pieces import Pieces, finish
from ..reference import Reference
from .actions import BEZIER, KINDS, KeyPoints, style_of

_PROPERTY = "mynah_baked"
_REDONE = "mynah_redone"
_FRAME_TOLERANCE = 1e-3
_VALUE_TOLERANCE = 1e-4
_HANDLE_TOLERANCE = 1e-3
"""Blender turns aligned handles by their rounding whenever it looks at them."""
_PIECE_BYTES = 1 << 16
"""So many bytes are compressed in one piece."""
_UNPACKED_BYTES = 1 << 18
"""So many bytes are unpacked in one piece."""

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


def keys_of(points: KeyPoints) -> np.ndarray:
    """Baked keys as a record holds them."""
    return np.concatenate([points.co, points.left[:, 1:], points.right[:, 1:]], axis=1)


def pack_record(record: Record) -> Pieces[bytes]:
    """The record as bytes: a compressed .npz."""
    arrays = {
        "names": np.array(json.dumps(list(record))),
        "counts": np.array([len(keys) for keys in record.values()], np.int32),
        "keys": np.concatenate([np.zeros((0, 4), np.float32), *record.values()]),
    }
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            content = io.BytesIO()
            np.save(content, array, allow_pickle=False)
            with archive.open(f"{name}.npy", "w") as member:
                for part in _parts(content.getbuffer()):
                    member.write(part)
                    yield 0.0
    return file.getvalue()


def write_record(action: bpy.types.Action, packed: bytes) -> None:
    if _PROPERTY in action:
        del action[_PROPERTY]  # Blender garbles bytes that take the place of others
    action[_PROPERTY] = packed


def has_record(action: bpy.types.Action) -> bool:
    return _PROPERTY in action


def read_record(action: bpy.types.Action) -> dict[CurveName, np.ndarray] | None:
    """None for an action that an older Mynah made, or anybody else."""
    data = action.get(_PROPERTY)
    return finish(_unpack_record(data)) if isinstance(data, bytes) else None


def _unpack_record(data: bytes) -> Pieces[dict[CurveName, np.ndarray]]:
    arrays: dict[str, np.ndarray] = {}
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in ("names", "counts", "keys"):
            content = io.BytesIO()
            with archive.open(f"{name}.npy") as member:
                while part := member.read(_UNPACKED_BYTES):
                    content.write(part)
                    yield 0.0
            content.seek(0)
            arrays[name] = np.load(content, allow_pickle=False)
    names = [tuple(name) for name in json.loads(str(arrays["names"]))]
    parts = np.split(arrays["keys"], np.cumsum(arrays["counts"])[:-1])
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


def is_edited(take: Reference) -> Pieces[bool]:
    """Whether an artist changed anything in an action of ours or had a range of it made anew; also
    if that can't be told."""
    data = _action(take).get(_PROPERTY)
    if not isinstance(data, bytes):
        return True
    record = yield from _unpack_record(data)
    for name, baked in record.items():
        action = _action(take)
        curves = curves_of(action)
        if _REDONE in action or curves.keys() != record.keys():
            return True
        if _differs(curves[name], baked, KINDS[style_of(action).interpolation]):
            return True
        yield 0.0
    return False


def _action(take: Reference) -> bpy.types.Action:
    """Raises `BadInputError` if it is gone."""
    action = take.find_in(bpy.data.actions)
    if action is None:
        raise BadInputError(
            f"The take '{take.name}' was deleted while the line was keyed; nothing was changed."
        )
    return action


def _differs(f_curve: bpy.types.FCurve, baked: np.ndarray, kind: int) -> bool:
    if f_curve.modifiers:
        return True
    keys = read_keys(f_curve)
    if len(keys) != len(baked) or set_by_hand(keys, baked).any():
        return True
    kinds = np.empty(len(keys), np.int32)
    f_curve.keyframe_points.foreach_get("interpolation", kinds)
    if (kinds != kind).any():
        return True
    # lines and steps don't follow their handles
    is_turned = kind == BEZIER and np.abs(keys - baked)[:, 2:].max(initial=0) > _HANDLE_TOLERANCE
    return bool(is_turned)


def _parts(content: memoryview) -> Iterator[memoryview]:
    for first in range(0, len(content), _PIECE_BYTES):
        yield content[first : first + _PIECE_BYTES]
