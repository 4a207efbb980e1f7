"""A bone that the mapping turns and moves: into the properties of its own mode, added to its pose.

Turns and moves add to the pose that the artist gave the bone. A slide is the place of a control on
its board, so it takes the place of what was there, as the value of a shape does.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np
from mathutils import Quaternion, Vector

from ..library import LEAST_TURN_RAD, UNBOUNDED, Motion, RigMapping, Target
from ..pieces import Pieces
from ..reference import Reference
from ..rigging.names import bone_path, driven_paths
from . import rotations
from .actions import slot_for
from .placement import our_actions
from .tracks import Performed, Track

BASES_PROPERTY = "mynah_pose_base"
"""On our action: the poses that the artist had given the bones, so that a second bake adds to them
and not to the first one's."""

_AXES = {
    "left": rotations.LEFT,
    "up": rotations.UP,
    "front": rotations.FRONT,
    "x": (1.0, 0.0, 0.0),
    "y": (0.0, 1.0, 0.0),
    "z": (0.0, 0.0, 1.0),
}
_OWN = ("left", "up", "front")
_TINY = 1e-5

REST = (1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)

Poses = Mapping[str, Sequence[float]]
"""Bone → its rotation as a quaternion and its location: 7 numbers."""


@dataclass(frozen=True)
class Move:
    """A target that moves a bone: along `direction` [3] of its location, `step` of it for each unit
    of the target. One that slides takes the place of what is there."""

    target: str
    direction: tuple[float, ...]
    step: float
    slides: bool
    span: float


@dataclass(frozen=True, eq=False)
class BoneTarget:
    """A bone and the targets that move it. `turns` are (target, axis); `rest` leads from the bone's
    axes to the character's. It holds none of Blender's data-blocks."""

    owner: Reference
    bone: str
    mode: str
    pose: tuple[float, ...]
    rest: np.ndarray
    turns: tuple[tuple[str, str], ...]
    moves: tuple[Move, ...]
    turn_span: float
    is_bounded: bool

    @property
    def targets(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys([t for t, _ in self.turns] + [m.target for m in self.moves]))

    @property
    def tracks(self) -> tuple[Track, ...]:
        path = bone_path(self.bone)
        found: list[Track] = []
        if self.turns:
            names = tuple(target for target, _axis in self.turns)
            is_quaternion = self.mode == "QUATERNION"
            # a quaternion's components are about half the angle
            span = self.turn_span / 2 if is_quaternion else self.turn_span
            rotation = f"{path}.{rotations.property_of(self.mode)}"
            n_components = 4 if is_quaternion else 3
            grows = not self.is_bounded
            found += [Track(rotation, i, names, span, grows) for i in range(n_components)]
        for i in self._moved:
            moving = [move for move in self.moves if abs(move.direction[i]) > _TINY]
            span = max(abs(move.direction[i]) * move.span for move in moving)
            found.append(Track(f"{path}.location", i, tuple(m.target for m in moving), span))
        return tuple(found)

    @property
    def _moved(self) -> list[int]:
        return [i for i in range(3) if any(abs(m.direction[i]) > _TINY for m in self.moves)]

    def perform(self, columns: Mapping[str, np.ndarray], n_frames: int) -> Pieces[Performed]:
        """The values of its tracks from those of its targets [T], in their units."""
        values: list[np.ndarray] = []
        if self.turns:
            base = Quaternion(self.pose[:4])
            turns = rotations.multiply(np.array(base), self._turned(columns, n_frames))
            values.append((yield from rotations.values_of(self.mode, turns, base)))
        if self.moves:
            place = np.tile(np.array(self.pose[4:]), (n_frames, 1))
            for move in self.moves:
                direction = np.array(move.direction)
                if move.slides:
                    place -= (place @ direction)[:, None] * direction
                place += (columns[move.target] * move.step)[:, None] * direction
            values.append(place[:, self._moved])
        return Performed(self.owner, self.tracks, np.concatenate(values, axis=1))

    def read(self, values: np.ndarray) -> dict[str, np.ndarray]:
        """The targets' values [T] from those of its tracks [T, N]: the inverse of `perform`."""
        found: dict[str, np.ndarray] = {}
        n_turns = (4 if self.mode == "QUATERNION" else 3) if self.turns else 0
        if self.turns:
            turns = rotations.turns_of(self.mode, values[:, :n_turns].astype(np.float64))
            turns = rotations.multiply(rotations.inverse(np.array(self.pose[:4])), turns)
            own = any(axis in _OWN for _target, axis in self.turns)
            if own:
                turns = rotations.multiply(
                    rotations.multiply(self.rest, turns), rotations.inverse(self.rest)
                )
            pitch, yaw, roll = np.degrees(rotations.angles_of(turns)).T
            angles = {"left": pitch, "up": yaw, "front": roll, "x": pitch, "z": yaw, "y": -roll}
            still = np.zeros(len(values))
            for target, axis in self.turns:
                found[target] = angles[axis] if (axis in _OWN) is own else still
        if self.moves:
            place = np.tile(np.array(self.pose[4:]), (len(values), 1))
            place[:, self._moved] = values[:, n_turns:]
            added = place - np.array(self.pose[4:])
            for move in self.moves:
                shift = (place if move.slides else added) @ np.array(move.direction)
                found[move.target] = shift / move.step
        return found

    def at(self, pose: Sequence[float]) -> BoneTarget:
        """The same added to another pose."""
        return BoneTarget(
            self.owner,
            self.bone,
            self.mode,
            tuple(pose),
            self.rest,
            self.turns,
            self.moves,
            self.turn_span,
            self.is_bounded,
        )

    def _turned(self, columns: Mapping[str, np.ndarray], n_frames: int) -> np.ndarray:
        angles = {axis: np.zeros(n_frames) for axis in _AXES}
        for target, axis in self.turns:
            angles[axis] = angles[axis] + np.radians(columns[target])
        own = rotations.yaw_pitch_roll(angles["up"], angles["left"], angles["front"])
        own = rotations.multiply(rotations.multiply(rotations.inverse(self.rest), own), self.rest)
        local = rotations.yaw_pitch_roll(angles["z"], angles["x"], angles["y"], _AXES["y"])
        return rotations.multiply(own, local)


def read_bone(
    armature: bpy.types.Object,
    name: str,
    targets: Mapping[str, Target],
    mapping: RigMapping,
    poses: Poses,
) -> BoneTarget | str:
    """How `targets` move a bone of the armature from its pose, or a sentence that says why not."""
    bone = armature.pose.bones[name]
    turns = [(key, t.axis) for key, t in targets.items() if t.motion is Motion.TURN]
    moves = [(key, t) for key, t in targets.items() if t.motion is not Motion.TURN]
    left = ""
    if turns and bone.rotation_mode == "AXIS_ANGLE":
        left = "is set to axis-angle; choose quaternion or Euler rotation"
    driven = driven_paths(armature)
    path = bone_path(name)
    if turns and f"{path}.{rotations.property_of(bone.rotation_mode)}" in driven:
        left = "is moved by a driver"
    if moves and f"{path}.location" in driven:
        left = "is moved by a driver"
    if left:
        return f"Left alone: the bone '{name}' of '{armature.name}' {left}."
    rest = bone.bone.matrix_local.to_quaternion()
    return BoneTarget(
        Reference.to(armature),
        name,
        bone.rotation_mode,
        tuple(poses.get(name, current_pose(bone))),
        np.array(rest),
        tuple(turns),
        tuple(_move(armature, bone, key, target) for key, target in moves),
        *_turn_span(mapping, [key for key, _axis in turns]),
    )


def current_pose(bone: bpy.types.PoseBone) -> tuple[float, ...]:
    rotation = getattr(bone, rotations.property_of(bone.rotation_mode))
    if bone.rotation_mode != "QUATERNION":
        rotation = rotation.to_quaternion()
    return (*rotation.normalized(), *bone.location)


def noted_poses(armature: bpy.types.Object) -> dict[str, Sequence[float]]:
    """The poses to which our actions on the armature add."""
    found: dict[str, Sequence[float]] = {}
    for action in our_actions(armature):
        for bone, pose in poses_of(action, armature).items():
            found.setdefault(bone, pose)
    return found


def poses_of(action: bpy.types.Action, armature: bpy.types.Object) -> Poses:
    """The poses to which one action adds."""
    slot = slot_for(action, armature)
    noted: dict[str, Any] = json.loads(action.get(BASES_PROPERTY, "{}"))
    return noted.get(str(slot.handle), {}) if slot is not None else {}


def note_poses(action: bpy.types.Action, poses: Mapping[int, Poses]) -> None:
    """Keep the poses by the handle of the slot that they belong to."""
    if any(poses.values()):
        action[BASES_PROPERTY] = json.dumps(
            {str(handle): {k: list(v) for k, v in own.items()} for handle, own in poses.items()}
        )


def _move(armature: bpy.types.Object, bone: bpy.types.PoseBone, key: str, target: Target) -> Move:
    direction = Vector(_AXES[target.axis])
    if target.axis in _OWN:
        direction = _axes_of_location(bone).conjugated() @ direction
    step = 1.0
    if target.motion is Motion.MOVE:
        # metres are those of the world, a bone's location is in its armature's units
        scale = sum(abs(part) for part in armature.matrix_world.to_scale()) / 3
        step = 1.0 / max(scale * bpy.context.scene.unit_settings.scale_length, 1e-9)
    span = abs(target.full - target.rest) * step
    return Move(key, tuple(direction), step, target.motion is Motion.SLIDE, span)


def _axes_of_location(bone: bpy.types.PoseBone) -> Quaternion:
    """What leads from the axes of a bone's location to the armature's."""
    if bone.bone.use_local_location:
        return bone.bone.matrix_local.to_quaternion()
    parent = bone.bone.parent
    return parent.matrix_local.to_quaternion() if parent is not None else Quaternion()


def _turn_span(mapping: RigMapping, names: Sequence[str]) -> tuple[float, bool]:
    """The widest turn in radians, and whether there is one: heads and FLAME's poses have none."""
    rows = {name: mapping.weights.get(name, {}) for name in names}
    bounded = [mapping.target(n) for n, row in rows.items() if UNBOUNDED.isdisjoint(row)]
    widest = [float(np.radians(abs(target.full - target.rest))) for target in bounded]
    return max([LEAST_TURN_RAD, *widest]), len(bounded) == len(names)
