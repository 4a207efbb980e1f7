"""Characters of other sorts than faces with ARKit's shapes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import addon_utils
import bpy
from mathutils import Vector

from tests.blender.characters import make_face

OCULUS = ("sil", "PP", "FF", "TH", "DD", "kk", "CH", "SS", "nn", "RR", "aa", "E", "I", "O", "U")
VRM = ("aa", "ih", "ou", "ee", "oh", "blink", "blinkLeft", "blinkRight", "happy")


def make_rigify_face() -> bpy.types.Object:
    """The face that Rigify generates from its human metarig."""
    addon_utils.enable("rigify", default_set=True)
    bpy.ops.object.armature_human_metarig_add()
    bpy.ops.pose.rigify_generate()
    return bpy.context.object


def make_armature(
    bones: Mapping[str, tuple[Sequence[float], Sequence[float], float]], name: str = "Rig"
) -> bpy.types.Object:
    """Bones by name: head, tail and roll."""
    armature = bpy.data.objects.new(name, bpy.data.armatures.new(name))
    bpy.context.scene.collection.objects.link(armature)
    bpy.context.view_layer.objects.active = armature
    bpy.ops.object.mode_set(mode="EDIT")
    for bone, (head, tail, roll) in bones.items():
        edit = armature.data.edit_bones.new(bone)
        edit.head, edit.tail, edit.roll = head, tail, roll
    bpy.ops.object.mode_set(mode="OBJECT")
    return armature


def make_puppet() -> bpy.types.Object:
    """A head with nothing but a jaw: its bone points forward and down, rolled."""
    return make_armature(
        {
            "head": ((0, 0, 1.5), (0, 0.02, 1.7), 0.3),
            "jaw": ((0, -0.02, 1.55), (0.0, -0.1, 1.5), 0.7),
        },
        "Puppet",
    )


def drive_shape(
    face: bpy.types.Object, shape: str, owner: bpy.types.Object, path: str, expression: str = "var"
) -> None:
    """A driver on a shape that reads a property of another object."""
    driver = face.data.shape_keys.key_blocks[shape].driver_add("value").driver
    variable = driver.variables.new()
    variable.name = "var"
    variable.targets[0].id = owner
    variable.targets[0].data_path = path
    driver.expression = expression


def make_slider_face() -> tuple[bpy.types.Object, bpy.types.Object]:
    """Shapes that drivers move; what they read are custom properties of the armature."""
    face = make_face("Driven", ["drv_jaw", "drv_smile", "drv_brow"])
    rig = make_armature({"head": ((0, 0, 0), (0, 0, 1), 0.0)}, "Board")
    face.parent = rig
    for name, top in (("jawOpen", 1.0), ("mouthSmileLeft", 1.0), ("browInnerUp", 10.0)):
        rig[name] = 0.0
        rig.id_properties_ui(name).update(min=0.0, max=top)
    drive_shape(face, "drv_jaw", rig, '["jawOpen"]')
    drive_shape(face, "drv_smile", rig, '["mouthSmileLeft"]')
    drive_shape(face, "drv_brow", rig, '["browInnerUp"]', "var / 10")
    rig.update_tag()
    bpy.context.view_layer.update()
    return rig, face


def bone_at(armature: bpy.types.Object, name: str, frame: float, *, tail: bool = False) -> Vector:
    """Where the head or the tail of a bone is, in its armature, after all constraints."""
    whole = int(frame // 1)
    bpy.context.scene.frame_set(whole, subframe=frame - whole)
    evaluated = armature.evaluated_get(bpy.context.evaluated_depsgraph_get())
    bone = evaluated.pose.bones[name]
    return (bone.tail if tail else bone.head).copy()
