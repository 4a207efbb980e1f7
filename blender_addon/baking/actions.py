"""Actions with slots (Blender 4.4 and newer): only this file knows layers and channelbags."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import bpy
import numpy as np

from ..library import KeyedCurve

GROUP = "Mynah"
_TAG_PREFIX = "mynah_"

# Numbers of the enumerations as `foreach_set` wants them; the same in 4.5 to 5.2.
_BEZIER = 2
_FREE, _ALIGNED = 0, 3

_LAST_FRAME_FOR_ALIGNED = 1 << 14
"""Blender turns aligned handles a little, by the rounding of their frames. This far out that stays
below 2e-4; beyond, free handles keep the curve exact."""


@dataclass(frozen=True)
class Tag:
    """What an action of ours says about itself, as custom properties with the prefix `mynah_`."""

    line: str
    audio: str
    model: str
    seed: int
    style: str
    version: str
    time: str


def new_action(name: str, tag: Tag) -> bpy.types.Action:
    action = bpy.data.actions.new(name)
    for field, value in asdict(tag).items():
        action[_TAG_PREFIX + field] = value
    return action


def line_of(action: bpy.types.Action | None) -> str | None:
    """The line an action of ours was made for; None for anybody else's action."""
    return None if action is None else action.get(_TAG_PREFIX + "line")


def new_channelbag(action: bpy.types.Action, owner: bpy.types.ID) -> bpy.types.ActionChannelbag:
    """The curves of one more data-block in `action`, in a slot of its own."""
    slot = action.slots.new(id_type=owner.id_type, name=owner.name)
    layer = action.layers[0] if action.layers else action.layers.new("Layer")
    strip = layer.strips[0] if layer.strips else layer.strips.new(type="KEYFRAME")
    return strip.channelbag(slot, ensure=True)


def paths_in(action: bpy.types.Action | None, slot: bpy.types.ActionSlot | None) -> set[str]:
    """The data paths that an action animates for one slot."""
    if action is None or slot is None:
        return set()
    bags = (strip.channelbag(slot) for layer in action.layers for strip in layer.strips)
    return {f_curve.data_path for bag in bags if bag for f_curve in bag.fcurves}


def write_curve(
    bag: bpy.types.ActionChannelbag,
    path: str,
    index: int,
    curve: KeyedCurve,
    start: float,
    frames_per_row: float,
) -> None:
    """Draw `curve` with its row 0 at scene frame `start`, in one call per property of its keys.

    Handles a third of the way to the neighbouring keys make Blender's Bezier exactly the curve's
    cubic.
    """
    frames = start + curve.rows * frames_per_row
    reach = np.diff(frames, prepend=frames[0] - 1, append=frames[-1] + 1) / 3
    rise = curve.slopes / frames_per_row
    left = np.stack([frames - reach[:-1], curve.values - rise * reach[:-1]], axis=1)
    right = np.stack([frames + reach[1:], curve.values + rise * reach[1:]], axis=1)
    handle = _ALIGNED if frames[-1] < _LAST_FRAME_FOR_ALIGNED else _FREE

    f_curve = bag.fcurves.new(path, index=index)
    f_curve.group = bag.groups.get(GROUP) or bag.groups.new(GROUP)
    points = f_curve.keyframe_points
    n_keys = len(frames)
    points.add(n_keys)
    points.foreach_set("co", _flat(np.stack([frames, curve.values], axis=1)))
    points.foreach_set("interpolation", np.full(n_keys, _BEZIER, np.int32))
    points.foreach_set("handle_left_type", np.full(n_keys, handle, np.int32))
    points.foreach_set("handle_right_type", np.full(n_keys, handle, np.int32))
    points.foreach_set("handle_left", _flat(left))
    points.foreach_set("handle_right", _flat(right))
    f_curve.update()


def _flat(pairs: np.ndarray) -> np.ndarray:
    return pairs.astype(np.float32).ravel()
