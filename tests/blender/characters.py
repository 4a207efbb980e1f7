"""Small characters, and questions about what is keyed on them."""

from __future__ import annotations

from collections.abc import Sequence

import bpy
import numpy as np

from blender_addon.baking import record
from blender_addon.pieces import finish
from blender_addon.reference import Reference
from mynah_shared.motion.arkit import ARKIT_BLENDSHAPES, ARKIT_CHANNELS
from mynah_shared.motion.clip import MotionClip


def make_face(name: str = "Face", shapes: Sequence[str] = ARKIT_BLENDSHAPES) -> bpy.types.Object:
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata([(0, 0, 0), (1, 0, 0), (0, 1, 0)], [], [(0, 1, 2)])
    face = bpy.data.objects.new(name, mesh)
    bpy.context.scene.collection.objects.link(face)
    for shape in ("Basis", *shapes) if shapes else ():
        face.shape_key_add(name=shape, from_mix=False).value = 0.0
    bpy.context.view_layer.update()
    return face


def make_rig(bone: str = "head", mode: str = "QUATERNION") -> bpy.types.Object:
    """An armature with one bone that points up and back, rolled, as a rig's head bone may."""
    armature = bpy.data.objects.new("Rig", bpy.data.armatures.new("Rig"))
    bpy.context.scene.collection.objects.link(armature)
    bpy.context.view_layer.objects.active = armature
    bpy.ops.object.mode_set(mode="EDIT")
    edit_bone = armature.data.edit_bones.new(bone)
    edit_bone.head, edit_bone.tail, edit_bone.roll = (0, 0, 1), (0.1, 0.4, 1.6), 0.7
    bpy.ops.object.mode_set(mode="OBJECT")
    armature.pose.bones[bone].rotation_mode = mode
    return armature


def clip_of(n_frames: int = 60, fps: float = 24.0, **channels: float) -> MotionClip:
    """A clip whose named channels rise and fall once, up to the value given."""
    values = np.zeros((n_frames, len(ARKIT_CHANNELS)), np.float32)
    bump = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_frames) / max(n_frames - 1, 1))
    for channel, top in channels.items():
        values[:, ARKIT_CHANNELS.index(channel)] = top * bump
    return MotionClip(fps, ARKIT_CHANNELS, values)


def is_edited(take: bpy.types.Action) -> bool:
    return finish(record.is_edited(Reference.to(take)))


def value(face: bpy.types.Object, shape: str, frame: float) -> float:
    """The evaluated value of a shape at a scene frame, which may lie between frames."""
    whole = int(np.floor(frame))
    bpy.context.scene.frame_set(whole, subframe=frame - whole)
    depsgraph = bpy.context.evaluated_depsgraph_get()
    return face.evaluated_get(depsgraph).data.shape_keys.key_blocks[shape].value


def f_curves(owner: bpy.types.ID) -> dict[tuple[str, int], bpy.types.FCurve]:
    """The curves of a data-block's active action, by path and index."""
    animation = owner.animation_data
    bag = animation.action.layers[0].strips[0].channelbag(animation.action_slot)
    return {(curve.data_path, curve.array_index): curve for curve in bag.fcurves}
