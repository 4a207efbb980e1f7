"""Actions with slots (Blender 4.4 and newer): only this file knows layers and channelbags."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import bpy
import numpy as np

from ..library import Interpolation, KeyedCurve, KeyStyle

GROUP = "Mynah"
_TAG_PREFIX = "mynah_"
_DRAFT = "Mynah (not complete)"

# Numbers of the enumerations as `foreach_set` wants them; the same in 4.5 to 5.2.
CONSTANT, LINEAR, BEZIER = 0, 1, 2
KINDS = {
    Interpolation.stepped: CONSTANT,
    Interpolation.linear: LINEAR,
    Interpolation.smooth: BEZIER,
}
FREE, ALIGNED, AUTO_CLAMPED = 0, 3, 4

_LAST_FRAME_FOR_ALIGNED = 1 << 14
"""Blender turns aligned handles a little, by the rounding of their frames. This far out that stays
below 2e-4; beyond, free handles keep the curve exact."""


@dataclass(frozen=True)
class Tag:
    """What an action of ours says about itself, as custom properties with the prefix `mynah_`.

    `source` is what it was made of: "VOICE", or "PERFORMANCE" if it was transferred. `result` is
    the engine's own record, as JSON.
    """

    line: str
    audio: str
    model: str
    seed: int
    style: str
    version: str
    time: str
    source: str = "VOICE"
    made_of: str = ""
    heard: str = ""
    result: str = ""
    draft: bool = False


@dataclass(frozen=True)
class Span:
    """Where a line lies in its action: row i at frame `start` + i · `frames_per_row`, `rows` of
    them, `fps` a second."""

    start: float
    frames_per_row: float
    rows: int
    fps: float

    def frame_of(self, row: Any) -> Any:
        """The frame of a row, or the frames of rows."""
        return self.start + row * self.frames_per_row

    def row_at(self, frame: float) -> float:
        return (frame - self.start) / self.frames_per_row


def new_draft() -> bpy.types.Action:
    """An action in the making, in place of any that an undo has brought back unfinished."""
    for action in list(bpy.data.actions):
        if _DRAFT in action and not action.users:
            bpy.data.actions.remove(action)
    action = bpy.data.actions.new(_DRAFT)
    action[_DRAFT] = True
    return action


def tag_action(action: bpy.types.Action, tag: Tag, span: Span, style: KeyStyle) -> None:
    """Make a complete draft an action of ours, which says so."""
    notes = asdict(tag) | asdict(span) | asdict(style)
    for field, value in (notes | {"interpolation": style.interpolation.value}).items():
        action[_TAG_PREFIX + field] = value
    del action[_DRAFT]


def line_of(action: bpy.types.Action | None) -> str | None:
    """The line an action of ours was made for; None for anybody else's action."""
    return None if action is None else action.get(_TAG_PREFIX + "line")


def set_line(action: bpy.types.Action, name: str) -> None:
    """The line of an action of ours is called `name` from now on."""
    action[_TAG_PREFIX + "line"] = name


def made_of_in(action: bpy.types.Action) -> Any:
    """What an action of ours notes about what it was made of; None if an older Mynah made it."""
    return action.get(_TAG_PREFIX + "made_of")


def heard_in(action: bpy.types.Action) -> str:
    """What the engine heard in the voice that an action of ours was made of, as JSON text (see
    `heard` in PROTOCOL.md); empty if there is none, or an older Mynah made it."""
    return action.get(_TAG_PREFIX + "heard", "")


def is_draft(action: bpy.types.Action) -> bool:
    """Whether an action of ours is to be replaced by the same in full quality."""
    return bool(action.get(_TAG_PREFIX + "draft", False))


def seed_of(action: bpy.types.Action) -> int:
    """The seed of an action of ours."""
    return action.get(_TAG_PREFIX + "seed", 0)


def source_of(action: bpy.types.Action) -> str:
    """What an action of ours was made of; earlier versions could only make it of a voice."""
    return action.get(_TAG_PREFIX + "source", "VOICE")


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


def style_of(action: bpy.types.Action) -> KeyStyle:
    """How an action of ours is keyed; earlier versions had one way only."""
    fields = ("interpolation", "hold_frames", "bound")
    kind, hold_frames, bound = (action.get(_TAG_PREFIX + name) for name in fields)
    return KeyStyle() if kind is None else KeyStyle(Interpolation(kind), hold_frames, bound)


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


@dataclass(frozen=True, eq=False)
class KeyPoints:
    """The keys of a curve as Blender wants them. `co`, `left` and `right` are float32 [K, 2]: frame
    and value of the keys and of their handles; `kind` and `handle` number the interpolation and the
    type of the handles."""

    co: np.ndarray
    left: np.ndarray
    right: np.ndarray
    kind: int
    handle: int


def points_of(curve: KeyedCurve, span: Span) -> KeyPoints:
    """Handles a third of the way to the neighbouring keys make Blender's Bezier exactly the curve's
    cubic. Lines and steps get Blender's own handles, for the day they are made smooth by hand."""
    frames = span.frame_of(curve.rows)
    co = np.stack([frames, curve.values], axis=1).astype(np.float32)
    kind = KINDS[curve.interpolation]
    if kind != BEZIER:
        return KeyPoints(co, co, co, kind, AUTO_CLAMPED)
    left, right = handles(frames, curve.values, curve.slopes / span.frames_per_row)
    sides = left.astype(np.float32), right.astype(np.float32)
    return KeyPoints(co, *sides, kind, handle_type(frames[-1]))


def write_curve(bag: bpy.types.ActionChannelbag, path: str, index: int, keys: KeyPoints) -> None:
    """Draw a curve, in one call per property of its keys."""
    f_curve = bag.fcurves.new(path, index=index)
    f_curve.group = bag.groups.get(GROUP) or bag.groups.new(GROUP)
    points = f_curve.keyframe_points
    n_keys = len(keys.co)
    points.add(n_keys)
    points.foreach_set("co", keys.co.ravel())
    points.foreach_set("interpolation", np.full(n_keys, keys.kind, np.int32))
    points.foreach_set("handle_left_type", np.full(n_keys, keys.handle, np.int32))
    points.foreach_set("handle_right_type", np.full(n_keys, keys.handle, np.int32))
    if keys.kind == BEZIER:
        points.foreach_set("handle_left", keys.left.ravel())
        points.foreach_set("handle_right", keys.right.ravel())
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
