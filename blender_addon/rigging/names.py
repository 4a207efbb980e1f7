"""The names on a rig: what of it can be keyed, so that the key is seen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import bpy

from ..library import RigNames
from .members import armatures_of, driving, meshes_of

_RIGIFY_INNARDS = ("ORG-", "MCH-", "DEF-")
_RULING = frozenset({"COPY_TRANSFORMS", "ARMATURE"})
"""Constraints that leave nothing of a bone's own pose."""


@dataclass(frozen=True)
class Names:
    """Names that can be keyed, in a form that can be looked up: shapes by mesh, bones, and
    properties as (owner, name)."""

    shapes: tuple[tuple[str, tuple[str, ...]], ...]
    bones: tuple[str, ...]
    properties: tuple[tuple[str, str], ...]

    def to_rig_names(self) -> RigNames:
        return RigNames(dict(self.shapes), self.bones, self.properties)


@dataclass(frozen=True)
class Place:
    """Where a property lies: on an object, or on a bone of it."""

    owner: bpy.types.Object
    bone: str

    @property
    def holder(self) -> Any:
        return self.owner.pose.bones[self.bone] if self.bone else self.owner

    def path_of(self, name: str) -> str:
        prefix = f'pose.bones["{bpy.utils.escape_identifier(self.bone)}"]' if self.bone else ""
        return f'{prefix}["{bpy.utils.escape_identifier(name)}"]'


@dataclass(frozen=True)
class RigParts:
    """A rig's objects and what of them can be keyed. It holds Blender's own objects: for one piece
    of work only."""

    meshes: tuple[bpy.types.Object, ...]
    bones: dict[str, bpy.types.Object]
    """Bone → its armature; a name that several armatures have is the first one's."""
    properties: dict[tuple[str, str], Place]
    """(owner's name, property) → where it lies."""
    with_driven: bool = False

    @cached_property
    def names(self) -> Names:
        keys = ((mesh.name, mesh.data.shape_keys) for mesh in self.meshes)
        return Names(
            tuple((n, keyable_shapes(key, with_driven=self.with_driven)) for n, key in keys),
            tuple(self.bones),
            tuple(self.properties),
        )

    @property
    def holders(self) -> set[bpy.types.Object]:
        """The objects with bones or properties."""
        return {*self.bones.values(), *(place.owner for place in self.properties.values())}

    def find_property(self, name: str, owner: str) -> Place | None:
        """The property of that name; where several have it, the `owner`'s or the first one's."""
        exact = self.properties.get((owner, name))
        if exact is not None:
            return exact
        return next((place for (_, own), place in self.properties.items() if own == name), None)


def read_parts(character: bpy.types.Object, *, with_driven: bool = False) -> RigParts:
    """`with_driven`: shapes that drivers move, too, which can be read but not keyed."""
    meshes = meshes_of(character)
    armatures = armatures_of(character, meshes)
    bones: dict[str, bpy.types.Object] = {}
    properties: dict[tuple[str, str], Place] = {}
    for armature in armatures:
        for bone in _keyable_bones(armature):
            bones.setdefault(bone, armature)
    for item in dict.fromkeys([*armatures, character, *meshes, *driving(meshes)]):
        for (owner, name), place in _properties_of(item):
            properties.setdefault((owner, name), place)
    return RigParts(tuple(meshes), bones, properties, with_driven)


def keyable_shapes(key: bpy.types.Key, *, with_driven: bool = False) -> tuple[str, ...]:
    """All shapes but the basis and those that drivers move, which would win over any key."""
    driven = frozenset() if with_driven else driven_paths(key)
    names = shapes_of(key)
    return tuple(n for n in names if shape_path(n) not in driven) if driven else names


def shapes_of(key: bpy.types.Key) -> tuple[str, ...]:
    """All shapes but the basis."""
    basis = key.reference_key.name if key.reference_key is not None else None
    return tuple(name for name in key.key_blocks.keys() if name != basis)  # noqa: SIM118 (as below)


def shape_path(name: str) -> str:
    return f'key_blocks["{bpy.utils.escape_identifier(name)}"].value'


def bone_path(name: str) -> str:
    return f'pose.bones["{bpy.utils.escape_identifier(name)}"]'


def driven_paths(owner: bpy.types.ID) -> frozenset[str]:
    """The data paths that drivers of a data-block move."""
    animation = owner.animation_data
    if animation is None:
        return frozenset()
    return frozenset(driver.data_path for driver in animation.drivers if not driver.mute)


def _keyable_bones(armature: bpy.types.Object) -> Iterator[str]:
    is_rigify = "rig_id" in armature.data
    driven = {path.rpartition(".")[0] for path in driven_paths(armature) if ".rotation_" in path}
    for bone in armature.pose.bones:
        name = bone.name
        if is_rigify and name.startswith(_RIGIFY_INNARDS):
            continue
        if any(map(_rules, bone.constraints)) or (driven and bone_path(name) in driven):
            continue
        yield name


def _rules(constraint: bpy.types.Constraint) -> bool:
    acts = constraint.enabled and not constraint.mute and constraint.influence == 1.0
    return acts and constraint.type in _RULING


def _properties_of(item: bpy.types.Object) -> Iterator[tuple[tuple[str, str], Place]]:
    driven = driven_paths(item)
    holders: list[Place] = [Place(item, "")]
    if item.type == "ARMATURE":
        holders += [Place(item, bone.name) for bone in item.pose.bones]
    for place in holders:
        holder = place.holder
        for name in holder.keys():  # noqa: SIM118 (a Blender object is no dictionary)
            value = holder[name]
            if type(value) not in (int, float) or name in holder.bl_rna.properties:
                continue
            if place.path_of(name) not in driven:
                yield (place.bone or item.name, name), place
