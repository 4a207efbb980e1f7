"""Fixes of shapes, meshes, overrides and the head."""

from __future__ import annotations

import bpy

from ..baking import shape_keys
from ..baking.actions import line_of
from ..library import BadInputError
from ..line_settings import settings_of
from .finding import Finding
from .lookup import blocks_of, owner_of, owners_of
from .patient import plays_on
from .strips import copy_strip


def unmute_shapes(_context: bpy.types.Context, finding: Finding) -> None:
    for block in blocks_of(finding):
        block.mute = False


def widen_sliders(_context: bpy.types.Context, finding: Finding) -> None:
    for block in blocks_of(finding):
        block.slider_min = min(block.slider_min, 0.0)
        block.slider_max = max(block.slider_max, 1.0)
    owner_of(finding).update_tag()


def unlock_shapes(_context: bpy.types.Context, finding: Finding) -> None:
    for block in blocks_of(finding):
        block.lock_shape = False


def use_relative(_context: bpy.types.Context, finding: Finding) -> None:
    key = owner_of(finding)
    key.use_relative = True
    key.update_tag()


def mute_drivers(_context: bpy.types.Context, finding: Finding) -> None:
    key = owner_of(finding)
    for driver in key.animation_data.drivers if key.animation_data else ():
        if shape_keys.shape_of(driver.data_path) in finding.names:
            driver.mute = True
    key.update_tag()


def unpin_shape(_context: bpy.types.Context, finding: Finding) -> None:
    owner_of(finding).show_only_shape_key = False


def hide_modifiers(_context: bpy.types.Context, finding: Finding) -> None:
    modifiers = owner_of(finding).modifiers
    for name in finding.names:
        if name in modifiers:
            modifiers[name].show_viewport = False


def unhide(_context: bpy.types.Context, finding: Finding) -> None:
    mesh = owner_of(finding)
    mesh.hide_viewport = False
    mesh.hide_set(False)


def move_lines(_context: bpy.types.Context, finding: Finding) -> None:
    """The character's shape keys play what the old mesh's did, in the same tracks."""
    key, old = owners_of(finding)
    animation, source = key.animation_data_create(), old.animation_data
    if line_of(source.action) is not None and animation.action is None:
        animation.action = source.action
        animation.action_slot = source.action_slot
    tracks: dict[bpy.types.NlaTrack, bpy.types.NlaTrack] = {}
    for play in list(plays_on(old)):
        if play.strip is None or play.track is None:
            continue
        if play.track not in tracks:
            tracks[play.track] = animation.nla_tracks.new()
            tracks[play.track].name = play.track.name
        copy_strip(play.strip, tracks[play.track])
    _drop_lines(old)
    key.update_tag()


def choose_character(context: bpy.types.Context, finding: Finding) -> None:
    settings_of(context).character = owner_of(finding)


def choose_none(context: bpy.types.Context, _finding: Finding) -> None:
    settings_of(context).character = None


def override_character(context: bpy.types.Context, finding: Finding) -> None:
    """Blender overrides the objects of a hierarchy, but not their mesh data, where the animation of
    shape keys lives."""
    character = owner_of(finding)
    made = character.override_hierarchy_create(
        context.scene, context.view_layer, do_fully_editable=True
    )
    _finish_override(context, character, made)


def override_instance(context: bpy.types.Context, finding: Finding) -> None:
    """An instance of a linked collection, as the asset browser makes it: the override takes its
    place."""
    instance = owner_of(finding)
    collection = instance.instance_collection
    inside = {item.name for item in collection.all_objects}
    made = collection.override_hierarchy_create(
        context.scene, context.view_layer, reference=instance, do_fully_editable=True
    )
    if made is None:
        raise BadInputError(f"Blender can't make a library override of '{collection.name}'.")
    meshes = [o for o in made.all_objects if o.type == "MESH" and o.data.shape_keys]
    _override_data(meshes)
    faces = [mesh for mesh in meshes if shape_keys.read_target(mesh).shapes]
    top = next((o for o in made.all_objects if o.parent is None and o.name in inside), None)
    covers_all = top is not None and set(faces) <= {top, *top.children_recursive}
    chosen = top if covers_all else next(iter(faces), None)
    _replace(context, instance, chosen)


def override_meshes(_context: bpy.types.Context, finding: Finding) -> None:
    _override_data(owners_of(finding))


def own_mesh(_context: bpy.types.Context, finding: Finding) -> None:
    """The others keep how they look, without the lines, which stay with the character."""
    twins = owners_of(finding)
    copies = {twin.data: twin.data.copy() for twin in twins}
    for twin in twins:
        twin.data = copies[twin.data]
    for copy in copies.values():
        _drop_lines(copy.shape_keys)
        for block in copy.shape_keys.key_blocks[1:]:
            if block.name in finding.names:
                block.value = 0.0


def restore_rotation_mode(_context: bpy.types.Context, finding: Finding) -> None:
    turned = _turned(finding)
    turned.rotation_mode = "QUATERNION" if finding.names[1] == "quaternion" else "XYZ"
    owner_of(finding).update_tag()


def use_quaternion(_context: bpy.types.Context, finding: Finding) -> None:
    _turned(finding).rotation_mode = "QUATERNION"
    owner_of(finding).update_tag()


def use_pose(_context: bpy.types.Context, finding: Finding) -> None:
    owner_of(finding).data.pose_position = "POSE"


def mute_constraints(_context: bpy.types.Context, finding: Finding) -> None:
    bone, *names = finding.names
    for constraint in owner_of(finding).pose.bones[bone].constraints:
        if constraint.name in names:
            constraint.mute = True


def _turned(finding: Finding) -> bpy.types.Object | bpy.types.PoseBone:
    owner, bone = owner_of(finding), finding.names[0]
    if not bone:
        return owner
    if bone not in owner.pose.bones:
        raise BadInputError(f"The bone '{bone}' is gone since the check; check again.")
    return owner.pose.bones[bone]


def _finish_override(
    context: bpy.types.Context, character: bpy.types.Object, made: bpy.types.Object | None
) -> None:
    if made is None:
        raise BadInputError(
            f"Blender can't make a library override of '{character.name}'; link its collection "
            "and make the override from that."
        )
    _override_data(shape_keys.meshes_of(made))
    _replace(context, character, made)


def _replace(
    context: bpy.types.Context, old: bpy.types.Object, new: bpy.types.Object | None
) -> None:
    """All lines of the one are the other's."""
    scene = context.scene
    dialogue = scene.mynah_dialogue
    for row in (*dialogue.speakers, *dialogue.lines, scene.mynah):
        if row.character == old:
            row.character = new
    settings = settings_of(context)
    if settings.character is None:  # the active object was meant
        settings.character = new


def _override_data(meshes: list[bpy.types.Object]) -> None:
    for mesh in meshes:
        if mesh.data.library is not None:
            mesh.data.override_create(remap_local_usages=True)


def _drop_lines(key: bpy.types.Key) -> None:
    animation = key.animation_data
    if animation is None:
        return
    if line_of(animation.action) is not None:
        animation.action = None
    for track in list(animation.nla_tracks):
        for strip in list(track.strips):
            if line_of(strip.action) is not None:
                track.strips.remove(strip)
        if not track.strips:
            animation.nla_tracks.remove(track)
