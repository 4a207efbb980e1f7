"""The head's pose: on a bone called head, else on the object itself, added to what is there."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import bpy
import numpy as np
from mathutils import Euler, Quaternion

from ..library import HEAD_CHANNELS, LEAST_TURN_RAD, KeyedCurve, MotionClip, reduce_clip
from .placement import is_in_tweak_mode, our_actions

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
    return character if character.type == "ARMATURE" else character.find_armature() or character


def head_values(target: HeadTarget, clip: MotionClip) -> MotionClip:
    """The rotation property's components, in its order."""
    turns = _multiply(_own_axes_turns(clip), np.array(target.axes.conjugated()))
    turns = _multiply(np.array(target.base @ target.axes), turns)
    if target.mode == "QUATERNION":
        values = turns * np.where(turns @ np.array(target.base) < 0, -1.0, 1.0)[:, None]
    else:
        values = _to_euler(turns, target)
    return MotionClip(clip.fps, tuple(f"component {i}" for i in range(values.shape[1])), values)


def head_curves(
    target: HeadTarget, values: MotionClip, rows: Sequence[int] = ()
) -> tuple[KeyedCurve, ...]:
    """Sparse curves of the components; `rows` get a key in any case."""
    # a quaternion's components are about half the angle
    least = LEAST_TURN_RAD / 2 if target.mode == "QUATERNION" else LEAST_TURN_RAD
    ranges = {name: max(float(np.ptp(values.column(name))), least) for name in values.channels}
    return reduce_clip(values, pins=dict.fromkeys(values.channels, rows), ranges=ranges)


def head_angles(mode: str, base: Quaternion, axes: Quaternion, values: np.ndarray) -> np.ndarray:
    """Pitch, yaw and roll [T, 3] in radians from the property's components [T, 3 or 4]: the inverse
    of `head_values`."""
    turns = _multiply(_turns_of(mode, values), np.array(axes))
    w, x, y, z = _multiply(np.array((base @ axes).conjugated()), turns).T
    # the rotation matrix of yaw about z, then pitch about x, then roll about -y
    pitch = np.arcsin(np.clip(2 * (y * z + w * x), -1, 1))
    yaw = np.arctan2(2 * (w * z - x * y), 1 - 2 * (x * x + z * z))
    roll = np.arctan2(2 * (x * z - w * y), 1 - 2 * (x * x + y * y))
    return np.stack([pitch, np.unwrap(yaw), np.unwrap(roll)], axis=1)


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
        f'pose.bones["{escaped}"].{_property_of(bone.rotation_mode)}',
        _base(armature, _read(bone, bone.rotation_mode, "")),
        rest.conjugated(),
    )


def _object_target(character: bpy.types.Object) -> HeadTarget:
    mode = character.rotation_mode
    return HeadTarget(
        character,
        "",
        mode,
        f"delta_{_property_of(mode)}",
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


def _property_of(mode: str) -> str:
    return "rotation_quaternion" if mode == "QUATERNION" else "rotation_euler"


def _read(owner: bpy.types.Object | bpy.types.PoseBone, mode: str, prefix: str) -> Quaternion:
    value = getattr(owner, prefix + _property_of(mode))
    return value.normalized() if isinstance(value, Quaternion) else value.to_quaternion()


def _base(owner: bpy.types.Object, current: Quaternion) -> Quaternion:
    known = (base_of(action) for action in our_actions(owner))
    return next((base for base in known if base is not None), current.copy())


def _own_axes_turns(clip: MotionClip) -> np.ndarray:
    """Quaternions [T, 4] about the head's axes in Blender: facing -y, z up, left +x."""
    pitch, yaw, roll = clip.select(HEAD_CHANNELS).values.astype(np.float64).T
    nod = _about(pitch, (1, 0, 0))
    return _multiply(_multiply(_about(yaw, (0, 0, 1)), nod), _about(roll, (0, -1, 0)))


def _turns_of(mode: str, values: np.ndarray) -> np.ndarray:
    """Unit quaternions [T, 4] of a rotation property's values [T, 3 or 4]."""
    if mode == "QUATERNION":
        length = np.linalg.norm(values, axis=1, keepdims=True)
        return np.where(length > 0, values, (1.0, 0, 0, 0)) / np.where(length > 0, length, 1.0)
    turns = np.array([1.0, 0, 0, 0])
    for axis in mode:  # Blender turns about the axes in the order of the letters
        about = [float(name == axis) for name in "XYZ"]
        turns = _multiply(_about(values[:, "XYZ".index(axis)], about), turns)
    return turns


def _about(angles: np.ndarray, axis: Sequence[float]) -> np.ndarray:
    half = angles[:, None] / 2
    return np.concatenate([np.cos(half), np.sin(half) * np.array(axis)], axis=1)


def _multiply(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Hamilton products of quaternions [..., 4], w first."""
    w1, x1, y1, z1 = np.moveaxis(a, -1, 0)
    w2, x2, y2, z2 = np.moveaxis(b, -1, 0)
    return np.stack(
        [
            w1 * w2 - x1 * x2 - y1 * y2 - z1 * z2,
            w1 * x2 + x1 * w2 + y1 * z2 - z1 * y2,
            w1 * y2 - x1 * z2 + y1 * w2 + z1 * x2,
            w1 * z2 + x1 * y2 - y1 * x2 + z1 * w2,
        ],
        axis=-1,
    )


def _to_euler(turns: np.ndarray, target: HeadTarget) -> np.ndarray:
    """Euler angles [T, 3], each the nearest to the one before, so that none jumps a full turn."""
    angles: list[Euler] = [target.base.to_euler(target.mode)]
    for turn in turns:
        angles.append(Quaternion(turn).to_euler(target.mode, angles[-1]))
    return np.array(angles[1:])
