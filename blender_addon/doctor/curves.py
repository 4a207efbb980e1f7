"""The curves of a line themselves: slots, muted curves, modifiers, shapes that are gone."""

from __future__ import annotations

from collections.abc import Iterator

import bpy

from ..baking import shape_keys
from ..baking.actions import curves_in, slot_for
from ..reference import Reference
from .finding import Finding, list_names
from .patient import Part, Patient, Play

_REPLACING = frozenset({"GENERATOR", "FNGENERATOR"})


def check_slots(_context: bpy.types.Context, patient: Patient) -> Iterator[Finding]:
    """An action without a slot, or with another data-block's, moves nothing, and Blender says
    nothing about it."""
    for part in patient.parts:
        for play in part.plays:
            right = right_slot(part.owner, play)
            if right is not None and right != play.slot:
                state = "has no slot" if play.slot is None else f"plays '{play.slot.name_display}'"
                yield Finding(
                    f"The take '{play.action.name}' {state} on '{part.name}', so it moves nothing "
                    "there.",
                    fix="assign_slot",
                    owners=(Reference.to(part.owner), Reference.to(play.action)),
                    names=(play.strip.name if play.strip else "",),
                )
            elif right is None and play.slot is None:
                yield Finding(
                    f"The take '{play.action.name}' has nothing for '{part.name}', so it moves "
                    "nothing there.",
                    remedy="Generate the line again.",
                )


def check_curves(_context: bpy.types.Context, patient: Patient) -> Iterator[Finding]:
    for part in patient.parts:
        for play in part.plays:
            owners = (Reference.to(part.owner), Reference.to(play.action))
            muted = [curve for curve in play.curves if curve.mute]
            if muted:
                yield Finding(
                    f"The curves of {_named(muted)} in the line '{play.line}' are muted on "
                    f"'{part.name}', so they don't move.",
                    fix="unmute_curves",
                    owners=owners,
                )
            replaced = [curve for curve in play.curves if any(replacing_modifiers(curve))]
            if replaced:
                yield Finding(
                    f"Modifiers put other values in the place of the keys of {_named(replaced)} "
                    f"in the line '{play.line}' on '{part.name}'.",
                    fix="mute_modifiers",
                    owners=owners,
                )
            lost = sorted(_lost_shapes(part, play))
            if lost:
                yield Finding(
                    f"The line '{play.line}' has keys for shapes that '{part.name}' does not have "
                    f"(any more): {list_names(lost)}.",
                    remedy="Give the shapes these names again, or generate the line again.",
                )


def right_slot(owner: bpy.types.ID, play: Play) -> bpy.types.ActionSlot | None:
    """The slot of a take that moves most of a data-block; None if none moves anything."""
    if play.slot is None:
        known_as = owner.animation_data.last_slot_identifier if play.strip is None else ""
        likely = slot_for(play.action, owner, known_as)
    else:
        likely = play.slot
        if likely.name_display == owner.name and all(
            _finds(owner, curve.data_path) for curve in play.curves
        ):
            return likely
    slots = [slot for slot in play.action.slots if slot.target_id_type == owner.id_type]
    slots.sort(key=lambda slot: slot != likely)  # among equals it is the first
    best = max(slots, key=lambda slot: _fitting(owner, play.action, slot), default=None)
    return best if best is not None and _fitting(owner, play.action, best) else None


def replacing_modifiers(curve: bpy.types.FCurve) -> Iterator[bpy.types.FModifier]:
    """The modifiers that leave nothing of a curve's keys."""
    for modifier in curve.modifiers:
        if modifier.type in _REPLACING and not modifier.mute and not modifier.use_additive:
            yield modifier


def _fitting(owner: bpy.types.ID, action: bpy.types.Action, slot: bpy.types.ActionSlot) -> int:
    """How many curves of a slot find their property."""
    return sum(_finds(owner, curve.data_path) for curve in curves_in(action, slot))


def _finds(owner: bpy.types.ID, path: str) -> bool:
    if isinstance(owner, bpy.types.Key):
        shape = shape_keys.shape_of(path)
        return shape is not None and shape in owner.key_blocks
    try:
        owner.path_resolve(path)
    except ValueError:
        return False
    return True


def _lost_shapes(part: Part, play: Play) -> Iterator[str]:
    if isinstance(part.owner, bpy.types.Key) and right_slot(part.owner, play) == play.slot:
        for curve in play.curves:
            shape = shape_keys.shape_of(curve.data_path)
            if shape is not None and shape not in part.owner.key_blocks:
                yield shape


def _named(curves: list[bpy.types.FCurve]) -> str:
    shapes = [shape_keys.shape_of(curve.data_path) for curve in curves]
    names = sorted({shape if shape is not None else "the head" for shape in shapes})
    return list_names(names)
