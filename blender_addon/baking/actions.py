"""Actions with slots (Blender 4.4 and newer): only this file knows layers and channelbags."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

import bpy
import numpy as np

from ..library import KeyedCurve

GROUP = "Mynah"
_TAG_PREFIX = "mynah_"

# Numbers of the enumerations as `foreach_set` wants them; the same in 4.5 to 5.2.
BEZIER = 2
FREE, ALIGNED = 0, 3

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


@dataclass(frozen=True)
class Span:
    """Where a line lies in its action: row i at frame `start` + i · `frames_per_row`, `rows` of
    them, `fps` a second."""

    start: float
    frames_per_row: float
    rows: int
    fps: float

    def frame_of(self, row: float) -> float:
        return self.start + row * self.frames_per_row

    def row_at(self, frame: float) -> float:
        return (frame - self.start) / self.frames_per_row


def new_action(name: str, tag: Tag, span: Span) -> bpy.types.Action:
    action = bpy.data.actions.new(name)
    for field, value in (asdict(tag) | asdict(span)).items():
        action[_TAG_PREFIX + field] = value
    return action


def line_of(action: bpy.types.Action | None) -> str | None:
    """The line an action of ours was made for; None for anybody else's action."""
    return None if action is None else action.get(_TAG_PREFIX + "line")


def seed_of(action: bpy.types.Action) -> int:
    """The seed of an action of ours."""
    return action.get(_TAG_PREFIX + "seed", 0)


def time_of(action: bpy.types.Action) -> str:
    """When an action of ours was made, as text that sorts."""
    return action.get(_TAG_PREFIX + "time", "")


def span_of(action: bpy.types.Action) -> Span | None:
    """Where the line lies in an action of ours; None if an older Mynah made it."""
    fields = (action.get(_TAG_PREFIX + name) for name in ("start", "frames_per_row", "rows", "fps"))
    start, frames_per_row, rows, fps = fields
    if None in (start, frames_per_row, rows, fps):
        return None
    return Span(start, frames_per_row, rows, fps)


def new_channelbag(action: bpy.types.Action, owner: bpy.types.ID) -> bpy.types.ActionChannelbag:
    """The curves of one more data-block in `action`, in a slot of its own."""
    slot = action.slots.new(id_type=owner.id_type, name=owner.name)
    layer = action.layers[0] if action.layers else action.layers.new("Layer")
    strip = layer.strips[0] if layer.strips else layer.strips.new(type="KEYFRAME")
    return strip.channelbag(slot, ensure=True)


def slot_for(
    action: bpy.types.Action, owner: bpy.types.ID, known_as: str = ""
) -> bpy.types.ActionSlot | None:
    """The slot of an action that is meant for a data-block: the one it uses, else the one with the
    identifier `known_as` or with the data-block's name, else the only one of its type."""
    for used, slot in _used(owner):
        if used == action and slot is not None:
            return slot
    slots = [slot for slot in action.slots if slot.target_id_type == owner.id_type]
    for slot in slots:
        if slot.identifier == known_as:
            return slot
    for slot in slots:
        if slot.name_display == owner.name:
            return slot
    return slots[0] if len(slots) == 1 else None


def curves_in(
    action: bpy.types.Action | None, slot: bpy.types.ActionSlot | None
) -> list[bpy.types.FCurve]:
    """The curves that an action has for one slot."""
    if action is None or slot is None:
        return []
    bags = (strip.channelbag(slot) for layer in action.layers for strip in layer.strips)
    return [f_curve for bag in bags if bag for f_curve in bag.fcurves]


def find_curve(
    action: bpy.types.Action, slot: bpy.types.ActionSlot | None, path: str, index: int = 0
) -> bpy.types.FCurve | None:
    if slot is None:
        return None
    bags = (strip.channelbag(slot) for layer in action.layers for strip in layer.strips)
    found = (bag.fcurves.find(path, index=index) for bag in bags if bag)
    return next((f_curve for f_curve in found if f_curve is not None), None)


def paths_in(action: bpy.types.Action | None, slot: bpy.types.ActionSlot | None) -> set[str]:
    """The data paths that an action animates for one slot."""
    return {f_curve.data_path for f_curve in curves_in(action, slot)}


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
    left, right = handles(frames, curve.values, curve.slopes / frames_per_row)
    handle = handle_type(frames[-1])

    f_curve = bag.fcurves.new(path, index=index)
    f_curve.group = bag.groups.get(GROUP) or bag.groups.new(GROUP)
    points = f_curve.keyframe_points
    n_keys = len(frames)
    points.add(n_keys)
    points.foreach_set("co", _flat(np.stack([frames, curve.values], axis=1)))
    points.foreach_set("interpolation", np.full(n_keys, BEZIER, np.int32))
    points.foreach_set("handle_left_type", np.full(n_keys, handle, np.int32))
    points.foreach_set("handle_right_type", np.full(n_keys, handle, np.int32))
    points.foreach_set("handle_left", _flat(left))
    points.foreach_set("handle_right", _flat(right))
    f_curve.update()


def handles(
    frames: np.ndarray, values: np.ndarray, slopes: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Left and right handles [K, 2] of keys [K] whose curve rises by `slopes` per frame."""
    reach = np.diff(frames, prepend=frames[0] - 1, append=frames[-1] + 1) / 3
    left = np.stack([frames - reach[:-1], values - slopes * reach[:-1]], axis=1)
    right = np.stack([frames + reach[1:], values + slopes * reach[1:]], axis=1)
    return left, right


def handle_type(last_frame: float) -> int:
    return ALIGNED if last_frame < _LAST_FRAME_FOR_ALIGNED else FREE


def _used(
    owner: bpy.types.ID,
) -> Iterator[tuple[bpy.types.Action | None, bpy.types.ActionSlot | None]]:
    """The actions that a data-block uses, active or in strips, with its slots."""
    animation = owner.animation_data
    if animation is None:
        return
    yield animation.action, animation.action_slot
    for track in animation.nla_tracks:
        for strip in track.strips:
            yield strip.action, strip.action_slot


def _flat(pairs: np.ndarray) -> np.ndarray:
    return pairs.astype(np.float32).ravel()
