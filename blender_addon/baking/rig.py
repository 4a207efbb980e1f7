"""A character's rig, ready to be keyed: everything that its mapping moves, on whatever data-block.

It holds none of Blender's data-blocks, so that work in pieces may keep it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent import futures
from dataclasses import dataclass, replace

import bpy
import numpy as np

from ..file_work import file_work
from ..library import (
    ARKIT_BLENDSHAPES,
    HEAD_CHANNELS,
    BadInputError,
    Kind,
    MotionClip,
    RigMapping,
    Target,
    drive,
)
from ..pieces import Pieces
from ..reference import Reference
from ..rigging.character import mapping_of
from ..rigging.names import Names, RigParts, read_parts
from . import head, placement, shape_keys
from .bones import REST, BoneTarget, Poses, noted_poses, poses_of, read_bone
from .head import HeadTarget
from .properties import PropertyTarget, read_property
from .shape_keys import ShapeTarget
from .tracks import Performed, join

_WAIT_S = 0.002
"""So long a piece waits for numbers that another thread works out."""


@dataclass(frozen=True, eq=False)
class Rig:
    """What a performance moves on a character. `head` is what turns the head if the mapping doesn't
    do that: its target, or a sentence that says why it stays still."""

    names: Names
    mapping: RigMapping
    shapes: tuple[ShapeTarget, ...]
    bones: tuple[BoneTarget, ...]
    properties: tuple[PropertyTarget, ...]
    head: HeadTarget | str
    head_owner: Reference
    remarks: tuple[str, ...]

    @property
    def turns_head(self) -> bool:
        """Whether the mapping does."""
        return any(not set(HEAD_CHANNELS).isdisjoint(row) for row in self.mapping.weights.values())

    @property
    def head_bones(self) -> tuple[str, ...]:
        """The bones that the mapping turns with the head."""
        turning = self._turning
        return tuple(bone.bone for bone in self.bones if not turning.isdisjoint(bone.targets))

    def is_of_head(self, bone: BoneTarget) -> bool:
        """Whether a bone does nothing else than turn with the head."""
        return self._turning.issuperset(bone.targets)

    @property
    def _turning(self) -> set[str]:
        rows = self.mapping.weights.items()
        return {key for key, row in rows if not set(HEAD_CHANNELS).isdisjoint(row)}

    @property
    def head_description(self) -> str:
        if self.turns_head:
            return ", ".join(f"bone '{name}'" for name in self.head_bones) or "a property"
        return self.head if isinstance(self.head, str) else self.head.description

    @property
    def n_controls(self) -> int:
        """How many bones and properties are keyed."""
        return len(self.bones) + len(self.properties)

    @property
    def poses(self) -> dict[Reference, dict[str, tuple[float, ...]]]:
        """By armature: the poses of its bones to which the performance is added."""
        found: dict[Reference, dict[str, tuple[float, ...]]] = {}
        for bone in self.bones:
            found.setdefault(bone.owner, {})[bone.bone] = bone.pose
        return found

    @property
    def homeless(self) -> tuple[str, ...]:
        """The shapes of ARKit that nothing on the rig shows."""
        if self.mapping.representation != "arkit":
            return ()
        rows = (*self.mapping.weights.values(), *self.mapping.shows.values())
        moved = {channel for row in rows for channel in row}
        return tuple(channel for channel in ARKIT_BLENDSHAPES if channel not in moved)


def read_rig(character: bpy.types.Object, action: bpy.types.Action | None = None) -> Rig:
    """What can be keyed on a character, and a sentence for everything that can't.

    What goes into an `action` of ours adds to the poses that this one notes. Raises `BadInputError`
    with the remedy if nothing on the character can be keyed.
    """
    parts = read_parts(character)
    mapping = mapping_of(character, parts)
    faults = {item: _fault(item) for item in parts.holders}
    shapes, remarks = shape_keys.find_targets(parts, mapping)
    noted = {
        armature: noted_poses(armature) if action is None else poses_of(action, armature)
        for armature in set(parts.bones.values())
    }
    bones, told = _read_bones(parts, mapping, noted, faults)
    properties, also_told = _read_properties(parts, mapping, faults)
    remarks = list(dict.fromkeys([*remarks, *told, *also_told]))
    rig = _joined(character, parts, mapping, shapes, bones, properties, remarks)
    if not _moves_face(rig.mapping):
        raise BadInputError(_nothing_to_key(character, parts, remarks))
    return rig if rig.turns_head else replace(rig, head=head.find_target(character, action))


def readable_rig(character: bpy.types.Object, action: bpy.types.Action | None) -> Rig:
    """What of a character tells of a performance, also if it is linked: the curves of an action, or
    without one all that moves the rig, drivers included. Bones are read from the poses that actions
    of ours note, else from rest."""
    parts = read_parts(character, with_driven=action is None)
    mapping = mapping_of(character, parts)
    targets = [shape_keys.read_target(m, mapping, with_driven=action is None) for m in parts.meshes]
    noted = {
        armature: noted_poses(armature) if action is None else poses_of(action, armature)
        for armature in set(parts.bones.values())
    }
    bones, _told = _read_bones(parts, mapping, noted, {}, from_rest=True)
    properties, _told = _read_properties(parts, mapping, {})
    return _joined(
        character, parts, mapping, [t for t in targets if t.shapes], bones, properties, []
    )


def perform(rig: Rig, clip: MotionClip, *, turns_head: bool = True) -> Pieces[list[Performed]]:
    """The values of everything on the rig that the clip moves, one for each data-block."""
    driven = yield from _drive(clip, rig.mapping, _limits(rig))
    columns = {name: driven.column(name).astype(np.float64) for name in driven.channels}
    yield 0.0
    parts = [target.perform(columns) for target in rig.shapes]
    yield 0.0
    for bone in rig.bones:
        if turns_head or not rig.is_of_head(bone):
            parts.append((yield from bone.perform(columns, clip.n_frames)))
            yield 0.0
    parts += [item.perform(columns) for item in rig.properties]
    if turns_head and isinstance(rig.head, HeadTarget):
        values = yield from head.head_values(rig.head, clip)
        parts.append(Performed(rig.head_owner, head.tracks_of(rig.head), values))
    return join(parts)


def moves_head(clip: MotionClip) -> bool:
    """Whether there is anything in the clip that a head does."""
    names = [name for name in HEAD_CHANNELS if name in clip.channels]
    return bool(names and np.any(clip.select(names).values))


# --- reading -------------------------------------------------------------------------------------


def _joined(
    character: bpy.types.Object,
    parts: RigParts,
    mapping: RigMapping,
    shapes: Sequence[ShapeTarget],
    bones: Sequence[BoneTarget],
    properties: Sequence[PropertyTarget],
    remarks: Sequence[str],
) -> Rig:
    there = {name for target in shapes for name in target.shapes}
    there |= {name for bone in bones for name in bone.targets}
    there |= {item.target for item in properties}
    return Rig(
        parts.names,
        mapping.restricted_to(tuple(there)),
        tuple(shapes),
        tuple(bones),
        tuple(properties),
        "",
        Reference.to(head.owner_of(character)),
        tuple(remarks),
    )


def _read_bones(
    parts: RigParts,
    mapping: RigMapping,
    noted: Mapping[bpy.types.Object, Poses],
    faults: Mapping[bpy.types.Object, str],
    *,
    from_rest: bool = False,
) -> tuple[list[BoneTarget], list[str]]:
    """The bones that the mapping moves, and sentences about those that can't be keyed."""
    by_bone: dict[str, dict[str, Target]] = {}
    for key in mapping.names:
        target = mapping.target(key)
        if target.kind is Kind.BONE and target.name in parts.bones:
            by_bone.setdefault(target.name, {})[key] = target
    found: list[BoneTarget] = []
    remarks: list[str] = []
    for name, targets in by_bone.items():
        armature = parts.bones[name]
        poses = noted[armature]
        if from_rest:
            poses = {name: poses.get(name, REST)}
        bone = faults.get(armature) or read_bone(armature, name, targets, mapping, poses)
        if isinstance(bone, str):
            remarks.append(bone)
        else:
            found.append(bone)
    return found, remarks


def _read_properties(
    parts: RigParts, mapping: RigMapping, faults: Mapping[bpy.types.Object, str]
) -> tuple[list[PropertyTarget], list[str]]:
    found: list[PropertyTarget] = []
    remarks: list[str] = []
    for key in mapping.names:
        target = mapping.target(key)
        if target.kind is not Kind.PROPERTY:
            continue
        place = parts.find_property(target.name, target.owner)
        if place is None:
            continue
        if faults.get(place.owner):
            remarks.append(faults[place.owner])
        else:
            found.append(read_property(place, target.name, key, target.full - target.rest))
    return found, remarks


def _fault(owner: bpy.types.Object) -> str:
    """Why nothing can be keyed on an object, in a sentence."""
    if not owner.is_editable:
        return (
            f"The bones and properties of '{owner.name}' were left alone, because it is linked; "
            "make a library override first."
        )
    return placement.tweak_mode(owner.name) if placement.is_in_tweak_mode(owner) else ""


def _moves_face(mapping: RigMapping) -> bool:
    rows = (*mapping.weights.values(), *mapping.shows.values())
    return any(not set(row) <= set(HEAD_CHANNELS) for row in rows)


def _nothing_to_key(character: bpy.types.Object, parts: RigParts, remarks: Sequence[str]) -> str:
    if not parts.meshes and not parts.bones:
        return (
            f"'{character.name}' has no shape keys; choose the mesh that has the face shapes, or "
            "its parent."
        )
    if remarks and (not parts.meshes or all(map(shape_keys.fault, parts.meshes))):
        return remarks[0]
    if not parts.meshes:
        return (
            f"'{character.name}' has no shape keys, and none of its bones has a name that Mynah "
            "knows; choose the mesh that has the face shapes, or its parent, or map its controls "
            "under Rig."
        )
    return (
        f"No shape key of '{character.name}' can be animated: none has an ARKit name such as "
        "jawOpen, or drivers move them all."
    )


# --- performing ----------------------------------------------------------------------------------


def _limits(rig: Rig) -> dict[str, tuple[float, float]]:
    """The sliders' ranges; of a shape that several meshes have the widest: each cuts its own."""
    found: dict[str, tuple[float, float]] = {}
    for item in rig.properties:
        (low, high), (least, most) = item.limits, rig.mapping.limits(item.target)
        if low < most and least < high:  # else the slider has another range than the mapping thinks
            found[item.target] = (max(low, least), min(high, most))
    for target in rig.shapes:
        for name, (low, high) in target.limits.items():
            least, most = found.get(name, (low, high))
            found[name] = (min(least, low), max(most, high))
    return found


def _drive(
    clip: MotionClip, mapping: RigMapping, limits: Mapping[str, tuple[float, float]]
) -> Pieces[MotionClip]:
    if not mapping.shows:
        return drive(clip, mapping, limits)
    # solving visemes takes longer than a piece may; numbers only, so another thread may do it
    work = file_work.do(lambda: drive(clip, mapping, limits))
    while not work.done():
        futures.wait([work], timeout=_WAIT_S)
        yield 0.0
    return work.result()
