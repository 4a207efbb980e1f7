"""Library overrides whose meshes a resync has taken away, with all that was keyed on them.

When a library has changed, Blender makes the overrides of its objects anew as the file is opened.
An override of mesh data belongs to no hierarchy, so the object then shows the linked mesh again,
and the overridden one, which has the animation, hangs loose until it is lost on saving.
"""

from __future__ import annotations

import bpy
from bpy.app.handlers import persistent

from .members import armature_of


@persistent
def reconnect_meshes(_file: str = "") -> None:
    """Give overridden objects their overridden meshes back, where there is no doubt."""
    loose = [mesh for mesh in bpy.data.meshes if _is_loose(mesh)]
    for mesh in loose:
        linked = mesh.override_library.reference
        objects = [
            item
            for item in bpy.data.objects
            if item.type == "MESH"
            and item.override_library is not None
            and item.library is None
            and item.data == linked
        ]
        if len(objects) > 1:  # several characters from one library: a line belongs to one of them
            objects = [item for item in objects if _lines(mesh.shape_keys) & _lines_around(item)]
        if len(objects) == 1:
            objects[0].data = mesh


def _is_loose(mesh: bpy.types.Mesh) -> bool:
    if mesh.library is not None or mesh.override_library is None or mesh.shape_keys is None:
        return False
    animation = mesh.shape_keys.animation_data
    is_animated = animation is not None and (animation.action or animation.nla_tracks)
    return bool(is_animated) and mesh.users == int(mesh.use_fake_user)


def _lines_around(item: bpy.types.Object) -> set[str]:
    armature = armature_of(item)
    owners = [item, *([armature] if armature is not None else [])]
    return set().union(*map(_lines, owners))


def _lines(owner: bpy.types.ID) -> set[str]:
    """The names of all actions on a data-block."""
    animation = owner.animation_data
    if animation is None:
        return set()
    actions = [animation.action]
    actions += [strip.action for track in animation.nla_tracks for strip in track.strips]
    return {action.name for action in actions if action is not None}
