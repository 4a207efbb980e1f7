"""The head's pose: on a bone called head, else on the object itself, added to what is there."""

from __future__ import annotations

import re
from dataclasses import dataclass

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


def find_target(character: bpy.types.Object) -> HeadTarget | str:
    """Where head motion goes on this character, or a sentence that says why nowhere."""
    armature = _armature_of(character)
    if armature is None:
        return _object_target(character)
    bone = _head_bone(armature)
    if bone is None:
        return f"The head stays still: '{armature.name}' has no bone called head."
    return _bone_target(armature, bone)


def head_curves(target: HeadTarget, clip: MotionClip) -> tuple[KeyedCurve, ...]:
    """Sparse curves of the rotation property, one per component, in its order."""
    turns = _multiply(_own_axes_turns(clip), np.array(target.axes.conjugated()))
    turns = _multiply(np.array(target.base @ target.axes), turns)
    if target.mode == "QUATERNION":
        values = turns * np.where(turns @ np.array(target.base) < 0, -1.0, 1.0)[:, None]
    else:
        values = _to_euler(turns, target)
    # a quaternion's components are about half the angle
    least = LEAST_TURN_RAD / 2 if target.mode == "QUATERNION" else LEAST_TURN_RAD
    names = tuple(f"component {i}" for i in range(values.shape[1]))
    ranges = {name: max(np.ptp(values[:, i]), least) for i, name in enumerate(names)}
    return reduce_clip(MotionClip(clip.fps, names, values), ranges=ranges)


def _armature_of(character: bpy.types.Object) -> bpy.types.Object | None:
    return character if character.type == "ARMATURE" else character.find_armature()


def _head_bone(armature: bpy.types.Object) -> bpy.types.PoseBone | None:
    """The bone named head, exactly, else the first whose last word is (mixamorig:Head)."""
    bones = armature.pose.bones
    for name in ("head", "Head"):
        if name in bones:
            return bones[name]
    return next((b for b in bones if _SEPARATORS.split(b.name)[-1].lower() == "head"), None)


def _bone_target(armature: bpy.types.Object, bone: bpy.types.PoseBone) -> HeadTarget | str:
    escaped = bpy.utils.escape_identifier(bone.name)
    rest = bone.bone.matrix_local.to_quaternion()
    return _checked_target(
        HeadTarget(
            armature,
            bone.name,
            bone.rotation_mode,
            f'pose.bones["{escaped}"].{_property_of(bone.rotation_mode)}',
            _base(armature, _read(bone, bone.rotation_mode, "")),
            rest.conjugated(),
        )
    )


def _object_target(character: bpy.types.Object) -> HeadTarget | str:
    mode = character.rotation_mode
    return _checked_target(
        HeadTarget(
            character,
            "",
            mode,
            f"delta_{_property_of(mode)}",
            _base(character, _read(character, mode, "delta_")),
            # a delta turns about the parent's axes, after the object's own rotation
            _read(character, mode, ""),
        )
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
    for action in our_actions(owner):
        if BASE_PROPERTY in action:
            return Quaternion(action[BASE_PROPERTY])
    return current.copy()


def _own_axes_turns(clip: MotionClip) -> np.ndarray:
    """Quaternions [T, 4] about the head's axes in Blender: facing -y, z up, left +x."""
    pitch, yaw, roll = clip.select(HEAD_CHANNELS).values.astype(np.float64).T
    nod = _about(pitch, (1, 0, 0))
    return _multiply(_multiply(_about(yaw, (0, 0, 1)), nod), _about(roll, (0, -1, 0)))


def _about(angles: np.ndarray, axis: tuple[int, int, int]) -> np.ndarray:
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
