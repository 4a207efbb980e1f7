"""How much each part of the face moves in a take that is baked: modifiers on its curves.

An envelope modifier stretches a curve about its value at rest. No key is touched, and the take with
its modifiers is saved, copied and played in strips like any other. While a curve has one, Blender
sets no key on it by hand, because the key would be stretched, too; `apply` turns it into keys.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import bpy
import numpy as np

from ..library import AMOUNT_PARTS, HEAD_CHANNELS, MotionClip, RigMapping, part_of
from ..pieces import finish
from . import head
from .record import (
    CurveName,
    curves_of,
    mark_redone,
    pack_record,
    read_record,
    write_record,
)
from .rig import Rig, perform, read_rig
from .tracks import Performed, Track

_NAME = "Mynah "
_LEAST_DIFFERENCE = 1e-4


def set_amounts(
    character: bpy.types.Object, action: bpy.types.Action, amounts: Mapping[str, float]
) -> None:
    """Let each part move so much: 0 not at all, 1 as it was baked.

    Raises `BadInputError` with the remedy if the character can't be keyed, so that nobody knows
    what its curves move.
    """
    present = {part for _curve, part, _modifier in _modifiers(action)}
    wanted = {part for part, amount in amounts.items() if abs(amount - 1) > _LEAST_DIFFERENCE}
    if wanted - present:
        _add(character, action, wanted - present)
    for f_curve, part, modifier in list(_modifiers(action)):
        if part in wanted:
            _stretch(modifier, amounts[part])
        else:
            f_curve.modifiers.remove(modifier)
    action.update_tag()


def has_amounts(action: bpy.types.Action) -> bool:
    """Whether any part moves otherwise than it was baked."""
    return any(True for _ in _modifiers(action))


def apply(action: bpy.types.Action) -> None:
    """Turn the amounts into keys, Mynah's and the artist's; what is seen stays the same."""
    record = read_record(action)
    for name, f_curve in curves_of(action).items():
        for modifier in [m for m in f_curve.modifiers if _part_of(m)]:
            point = modifier.control_points[0]
            rest, amount = modifier.reference_value, (point.max - point.min) / 2
            f_curve.modifiers.remove(modifier)
            _scale_keys(f_curve, rest, amount)
            if record is not None and name in record:
                keys = record[name].copy()
                keys[:, 1:] = rest + amount * (keys[:, 1:] - rest)
                record[name] = keys
    if record is not None:
        write_record(action, finish(pack_record(record)))
    mark_redone(action)
    action.update_tag()


def _scale_keys(f_curve: bpy.types.FCurve, rest: float, amount: float) -> None:
    points = f_curve.keyframe_points
    for name in ("co", "handle_left", "handle_right"):
        pairs = np.empty(2 * len(points), np.float32)
        points.foreach_get(name, pairs)
        pairs[1::2] = rest + amount * (pairs[1::2] - rest)
        points.foreach_set(name, pairs)
    f_curve.update()


# --- modifiers ------------------------------------------------------------------------------------


def _modifiers(
    action: bpy.types.Action,
) -> Iterator[tuple[bpy.types.FCurve, str, bpy.types.FModifierEnvelope]]:
    for f_curve in curves_of(action).values():
        for modifier in f_curve.modifiers:
            if part := _part_of(modifier):
                yield f_curve, part, modifier


def _part_of(modifier: bpy.types.FModifier) -> str:
    """The part of the face that a modifier of ours is for; empty for anybody else's."""
    part = modifier.name.removeprefix(_NAME)
    is_ours = modifier.type == "ENVELOPE" and part != modifier.name and part in AMOUNT_PARTS
    return part if is_ours and len(modifier.control_points) == 1 else ""


def _stretch(modifier: bpy.types.FModifierEnvelope, amount: float) -> None:
    """Blender leads what lies between `default_min` and `default_max` around the reference to what
    lies between the point's limits. These are set in bulk, because Blender 4.5 has crashed on
    `point.min = …`: what it calls after that seems to take the point for a modifier."""
    rest = modifier.reference_value
    modifier.control_points.foreach_set("min", [rest - amount])
    modifier.control_points.foreach_set("max", [rest + amount])


def _add(character: bpy.types.Object, action: bpy.types.Action, parts: set[str]) -> None:
    curves = curves_of(action)
    for name, (part, rest) in _rests(character, action).items():
        if part in parts and name in curves:
            modifier = curves[name].modifiers.new("ENVELOPE")
            modifier.name = f"{_NAME}{part}"
            modifier.show_expanded = False
            modifier.reference_value, modifier.default_min, modifier.default_max = rest, -1, 1
            modifier.control_points.add(0)


# --- parts ----------------------------------------------------------------------------------------


def _rests(
    character: bpy.types.Object, action: bpy.types.Action
) -> dict[CurveName, tuple[str, float]]:
    """The part of the face to which each curve belongs, and its value when the face rests."""
    rig = read_rig(character, action)
    handles = {user.session_uid: slot.handle for slot in action.slots for user in slot.users()}
    return {
        (handles[piece.owner.uid], track.path, track.index): (part, float(piece.values[0, i]))
        for piece in _at_rest(rig)
        if piece.owner.uid in handles
        for i, track in enumerate(piece.tracks)
        if (part := _part_moved(track, rig.mapping, _head_paths(rig)))
    }


def _at_rest(rig: Rig) -> Sequence[Performed]:
    rows = rig.mapping.influences.values()
    channels = dict.fromkeys([*HEAD_CHANNELS, *(channel for row in rows for channel in row)])
    still = MotionClip(1.0, tuple(channels), np.zeros((1, len(channels)), np.float32))
    return finish(perform(rig, still))


def _head_paths(rig: Rig) -> set[str]:
    if not isinstance(rig.head, head.HeadTarget):
        return set()
    return {track.path for track in head.tracks_of(rig.head)}


def _part_moved(track: Track, mapping: RigMapping, head_paths: set[str]) -> str:
    """The part that moves a number most; empty if none does."""
    if not track.targets:
        return "head" if track.path in head_paths else ""
    return part_of(
        item for target in track.targets for item in mapping.influences.get(target, {}).items()
    )
