"""Head motion turns the right thing about the right axes and adds to the artist's pose."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
from mathutils import Euler, Matrix, Quaternion, Vector

from tests.blender.characters import clip_of, f_curves, make_rig
from tests.blender.test_bake import bake

pytestmark = pytest.mark.bpy

NOD, TURN, TILT = (
    {"headPitch": 0.3},
    {"headYaw": 0.3},
    {"headRoll": 0.3},
)
UP, FRONT, LEFT = Vector((0, 0, 1)), Vector((0, -1, 0)), Vector((1, 0, 0))


def turned(owner_matrix: Matrix, rest: Matrix) -> Matrix:
    """How the head's own axes are turned in its rest space."""
    return (owner_matrix @ rest.inverted()).to_3x3()


def head_matrix(owner: bpy.types.Object, bone: str, frame: int) -> Matrix:
    bpy.context.scene.frame_set(frame)
    evaluated = owner.evaluated_get(bpy.context.evaluated_depsgraph_get())
    return evaluated.pose.bones[bone].matrix.copy() if bone else evaluated.matrix_world.copy()


def rotation_of(channels: dict[str, float]) -> Matrix:
    """Chin down is +x, own left +z, own right -y, for a head that looks along -y."""
    pitch, yaw, roll = (channels.get(name, 0.0) for name in ("headPitch", "headYaw", "headRoll"))
    return (
        Matrix.Rotation(yaw, 3, "Z")
        @ Matrix.Rotation(pitch, 3, "X")
        @ Matrix.Rotation(-roll, 3, "Y")
    )


def angle_between(a: Matrix, b: Matrix) -> float:
    return a.to_quaternion().rotation_difference(b.to_quaternion()).angle


@pytest.mark.parametrize("channels", [NOD, TURN, TILT, NOD | TURN | TILT])
@pytest.mark.parametrize("mode", ["QUATERNION", "XYZ", "ZYX"])
def test_a_head_bone_turns_about_the_heads_axes(
    face: bpy.types.Object, channels: dict[str, float], mode: str
) -> None:
    rig = make_rig(mode=mode)
    face.parent = rig
    rest = rig.data.bones["head"].matrix_local
    report = bake(rig, clip_of(61, **channels))
    assert report.head == "bone 'head'"
    got = turned(head_matrix(rig, "head", 31), rest)
    assert angle_between(got, rotation_of(channels)) < 0.01


def test_directions_are_those_of_the_conventions(face: bpy.types.Object) -> None:
    for channels, axis, goes in ((NOD, FRONT, -UP), (TURN, FRONT, LEFT), (TILT, UP, -LEFT)):
        bake(face, clip_of(61, **channels))
        assert (head_matrix(face, "", 31).to_3x3() @ axis).dot(goes) == pytest.approx(0.3, abs=0.02)


@pytest.mark.parametrize("mode", ["QUATERNION", "XYZ"])
def test_without_armature_the_object_turns_and_keeps_its_own_rotation(
    face: bpy.types.Object, mode: str
) -> None:
    face.rotation_mode = mode
    own = Euler((0.1, -0.2, 1.5))
    face.rotation_euler, face.rotation_quaternion = own, own.to_quaternion()
    bake(face, clip_of(61, **NOD))
    assert Euler(face.rotation_euler) == own
    got = head_matrix(face, "", 31).to_3x3()
    assert angle_between(got, own.to_matrix() @ rotation_of(NOD)) < 0.01
    assert all(path.startswith("delta_rotation") for path, _ in f_curves(face))


def test_a_posed_head_is_added_to_and_not_twice(face: bpy.types.Object) -> None:
    rig = make_rig()
    face.parent = rig
    pose = Quaternion((0, 1, 0), 0.5)
    rig.pose.bones["head"].rotation_quaternion = pose
    for _ in range(2):
        bake(rig, clip_of(61, **TURN))
        bpy.context.scene.frame_set(31)  # leaves our own turn in the property
    bpy.context.scene.frame_set(1)
    got = rig.pose.bones["head"].rotation_quaternion
    assert got.rotation_difference(pose).angle < 0.005
    rest = rig.data.bones["head"].matrix_local.to_3x3()
    posed = rest @ pose.to_matrix() @ rest.inverted()
    turn = turned(head_matrix(rig, "head", 31), rig.data.bones["head"].matrix_local)
    assert angle_between(turn, posed @ rotation_of(TURN)) < 0.01


@pytest.mark.parametrize("name", ["Head", "mixamorig:Head", "DEF-head", "c_head.x", "skull"])
def test_bone_names(face: bpy.types.Object, name: str) -> None:
    rig = make_rig(name)
    face.parent = rig
    report = bake(rig, clip_of(**NOD))
    if name == "skull":
        assert report.head == "The head stays still: 'Rig' has no bone called head."
        assert rig.animation_data is None
    else:
        assert report.head == f"bone '{name}'"


def test_the_armature_is_found_through_the_modifier(face: bpy.types.Object) -> None:
    rig = make_rig()
    face.modifiers.new("Armature", "ARMATURE").object = rig
    assert bake(face, clip_of(**NOD)).head == "bone 'head'"
    assert rig.animation_data.action == face.data.shape_keys.animation_data.action


def test_a_still_head_is_not_keyed(face: bpy.types.Object) -> None:
    assert bake(face, clip_of(jawOpen=0.5)).head == "The head stays still."
    assert face.animation_data is None


def test_axis_angle_and_drivers_are_named(face: bpy.types.Object) -> None:
    face.rotation_mode = "AXIS_ANGLE"
    assert "choose quaternion or Euler" in bake(face, clip_of(**NOD)).head
    face.rotation_mode = "XYZ"
    face.driver_add("delta_rotation_euler", 0)
    assert "moved by a driver" in bake(face, clip_of(**NOD)).head


def test_the_artists_own_object_action_is_kept(face: bpy.types.Object) -> None:
    face.keyframe_insert("location", frame=1)
    theirs = face.animation_data.action
    report = bake(face, clip_of(61, **TURN))
    assert face.animation_data.action == theirs
    assert f"'{theirs.name}' was kept" in report.remarks[0]
    assert angle_between(head_matrix(face, "", 31).to_3x3(), rotation_of(TURN)) < 0.01


def test_euler_curves_never_jump(face: bpy.types.Object) -> None:
    rig = make_rig(mode="XYZ")
    face.parent = rig
    rig.pose.bones["head"].rotation_euler = (3.1, 0.4, -3.1)
    clip = clip_of(100)
    for channel in ("headPitch", "headYaw", "headRoll"):
        clip.column(channel)[:] = 0.4 * np.sin(np.arange(100) / 9 + len(channel))
    bake(rig, clip)
    for curve in f_curves(rig).values():
        steps = np.diff([curve.evaluate(frame) for frame in range(1, 101)])
        assert np.abs(steps).max() < 0.3
