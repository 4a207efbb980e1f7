"""The head's pose: on a bone called head, else on the object itself, added to what is there."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import bpy
import numpy as np
from mathutils import Quaternion

from ..library import HEAD_CHANNELS, LEAST_TURN_RAD, MotionClip
from ..pieces import Pieces
from ..rigging.members import armature_of
from . import rotations
from .placement import is_in_tweak_mode, our_actions
from .tracks import Track

BASE_PROPERTY = "mynah_head_base"
"""On our action: the rotation the artist had given the head, so that a second bake adds to it and
not to the first one's pose."""

_SEPARATORS = re.compile(r"[ :_.\-|]")


@dataclass(frozen=True)
class HeadTarget:
    """The property that turns the head. `axes` leads from the head's own axes to the property's."""

    owner: bpy.types.Object
    bone: str
    mode: str
    path: str
    base: Quaternion
    axes: Quaternion

    @property
    def description(self) -> str:
        return f"bone '{self.bone}'" if self.bone else f"delta rotation of '{self.owner.name}'"


def find_target(
    character: bpy.types.Object, action: bpy.types.Action | None = None
) -> HeadTarget | str:
    """Where head motion goes on this character, or a sentence that says why nowhere. What goes into
    an `action` of ours adds to the pose that this one notes."""
    target = locate(character)
    if not isinstance(target, HeadTarget):
        return target
    base = None if action is None else base_of(action)
    return _checked_target(target if base is None else replace(target, base=base))


def locate(character: bpy.types.Object) -> HeadTarget | str:
    """What turns this character's head, whether or not it can be keyed, or why nothing does."""
    owner = owner_of(character)
    if owner.type != "ARMATURE":
        return _object_target(owner)
    bone = _head_bone(owner)
    if bone is None:
        return f"The head stays still: '{owner.name}' has no bone called head."
    return _bone_target(owner, bone)


def owner_of(character: bpy.types.Object) -> bpy.types.Object:
    """The object whose animation turns the head: the armature, without one the character."""
    return armature_of(character) or character


def head_values(target: HeadTarget, clip: MotionClip) -> Pieces[np.ndarray]:
    """The rotation property's components [T, 3 or 4], in its order."""
    pitch, yaw, roll = clip.select(HEAD_CHANNELS).values.astype(np.float64).T
    turns = rotations.yaw_pitch_roll(yaw, pitch, roll)
    turns = rotations.multiply(turns, np.array(target.axes.conjugated()))
    turns = rotations.multiply(np.array(target.base @ target.axes), turns)
    return (yield from rotations.values_of(target.mode, turns, target.base))


def tracks_of(target: HeadTarget) -> tuple[Track, ...]:
    """What is keyed; no target of the mapping moves it."""
    is_quaternion = target.mode == "QUATERNION"
    # a quaternion's components are about half the angle
    span = LEAST_TURN_RAD / 2 if is_quaternion else LEAST_TURN_RAD
    n_components = 4 if is_quaternion else 3
    return tuple(Track(target.path, i, (), span, grows=True) for i in range(n_components))


def head_angles(mode: str, base: Quaternion, axes: Quaternion, values: np.ndarray) -> np.ndarray:
    """Pitch, yaw and roll [T, 3] in radians from the property's components [T, 3 or 4]: the inverse
    of `head_values`."""
    turns = rotations.multiply(rotations.turns_of(mode, values), np.array(axes))
    turns = rotations.multiply(np.array((base @ axes).conjugated()), turns)
    return rotations.angles_of(turns)


def base_of(action: bpy.types.Action) -> Quaternion | None:
    """The pose to which an action of ours adds; None for anybody else's."""
    return Quaternion(action[BASE_PROPERTY]) if BASE_PROPERTY in action else None


def _head_bone(armature: bpy.types.Object) -> bpy.types.PoseBone | None:
    """The bone named head, exactly, else the first whose last word is (mixamorig:Head)."""
    bones = armature.pose.bones
    for name in ("head", "Head"):
        if name in bones:
            return bones[name]
    return next((b for b in bones if _SEPARATORS.split(b.name)[-1].lower() == "head"), None)


def _bone_target(armature: bpy.types.Object, bone: bpy.types.PoseBone) -> HeadTarget:
    escaped = bpy.utils.escape_identifier(bone.name)
    rest = bone.bone.matrix_local.to_quaternion()
    return HeadTarget(
        armature,
        bone.name,
        bone.rotation_mode,
        f'pose.bones["{escaped}"].{rotations.property_of(bone.rotation_mode)}',
        _base(armature, _read(bone, bone.rotation_mode, "")),
        rest.conjugated(),
    )


def _object_target(character: bpy.types.Object) -> HeadTarget:
    mode = character.rotation_mode
    return HeadTarget(
        character,
        "",
        mode,
        f"delta_{rotations.property_of(mode)}",
        _base(character, _read(character, mode, "delta_")),
        # a delta turns about the parent's axes, after the object's own rotation
        _read(character, mode, ""),
    )


def _checked_target(target: HeadTarget) -> HeadTarget | str:
    if not target.owner.is_editable:
        return f"The head stays still: '{target.owner.name}' is linked; override it in the library."
    if target.mode == "AXIS_ANGLE":
        return (
            f"The head stays still: the {target.description} is set to axis-angle; "
            "choose quaternion or Euler rotation."
        )
    if is_in_tweak_mode(target.owner):
        return f"The head stays still: '{target.owner.name}' is in the NLA's tweak mode."
    animation = target.owner.animation_data
    if animation and any(driver.data_path == target.path for driver in animation.drivers):
        return f"The head stays still: the {target.description} is moved by a driver."
    return target


def _read(owner: bpy.types.Object | bpy.types.PoseBone, mode: str, prefix: str) -> Quaternion:
    value = getattr(owner, prefix + rotations.property_of(mode))
    return value.normalized() if isinstance(value, Quaternion) else value.to_quaternion()


def _base(owner: bpy.types.Object, current: Quaternion) -> Quaternion:
    known = (base_of(action) for action in our_actions(owner))
    return next((base for base in known if base is not None), current.copy())
