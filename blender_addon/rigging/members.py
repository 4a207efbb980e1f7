"""The objects that make up a character: its meshes, its armatures, and what their drivers read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import bpy


def meshes_of(character: bpy.types.Object) -> list[bpy.types.Object]:
    """The character and its children that have shape keys, and with an armature all that it
    deforms; objects with the same mesh once."""
    armature = armature_of(character)
    candidates = [character, *character.children_recursive]
    if armature is not None:
        candidates += [armature, *armature.children_recursive, *_deformed_by(armature)]
    found: dict[int, bpy.types.Object] = {}
    for candidate in candidates:
        if candidate.type == "MESH" and candidate.data.shape_keys is not None:
            found.setdefault(candidate.data.shape_keys.session_uid, candidate)
    return list(found.values())


def armature_of(character: bpy.types.Object) -> bpy.types.Object | None:
    """The armature that the character is, is deformed by or hangs on."""
    found = character.find_armature() if character.type != "ARMATURE" else character
    above = character.parent
    while found is None and above is not None:
        found = above if above.type == "ARMATURE" else above.find_armature()
        above = above.parent
    return found


def armatures_of(
    character: bpy.types.Object, meshes: Iterable[bpy.types.Object]
) -> list[bpy.types.Object]:
    """The character's own armature first, then those among its children, then those that move its
    shapes through drivers, as a board of controls does."""
    own = armature_of(character)
    children = [child for child in character.children_recursive if child.type == "ARMATURE"]
    related = [*([own] if own is not None else []), *children, *driving(meshes)]
    return list(dict.fromkeys(item for item in related if item.type == "ARMATURE"))


def driving(meshes: Iterable[bpy.types.Object]) -> list[bpy.types.Object]:
    """The objects that drivers of the meshes' shapes read."""
    found: dict[bpy.types.Object, None] = {}
    for mesh in meshes:
        animation = mesh.data.shape_keys.animation_data
        for curve in animation.drivers if animation is not None else ():
            for variable in curve.driver.variables:
                for target in variable.targets:
                    if isinstance(target.id, bpy.types.Object):
                        found[target.id] = None
    return list(found)


def objects_of(character: bpy.types.Object) -> list[bpy.types.Object]:
    """All objects that a performance may be keyed on, or whose data."""
    meshes = meshes_of(character)
    return list(
        dict.fromkeys([*armatures_of(character, meshes), character, *meshes, *driving(meshes)])
    )


def _deformed_by(armature: bpy.types.Object) -> Iterator[bpy.types.Object]:
    for candidate in bpy.data.objects:
        if candidate.type == "MESH" and candidate.data.shape_keys is not None:
            for modifier in candidate.modifiers:
                if modifier.type == "ARMATURE" and modifier.object == armature:
                    yield candidate
                    break
