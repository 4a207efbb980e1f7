"""Amounts and mutes of a baked take: seen at once, no key touched, given up or made keys."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
import pytest

from blender_addon.baking.actions import Tag
from blender_addon.baking.amounts import has_amounts
from blender_addon.baking.line import bake_line
from blender_addon.baking.record import curves_of, read_keys
from blender_addon.baking.takes import on_show, owners_of
from blender_addon.library import KeyStyle, MotionClip
from blender_addon.pieces import finish
from blender_addon.reference import Reference
from mynah_shared.testing.fake_daemon import FakeDaemon
from tests.blender.characters import clip_of, is_edited, make_face, make_rig, value

pytestmark = [pytest.mark.bpy, pytest.mark.timeout(60)]

MOVING = {
    "jawOpen": 0.8,
    "browInnerUp": 0.6,
    "cheekPuff": 0.4,
    "eyeBlinkLeft": 0.9,
    "eyeLookInLeft": 0.5,
    "headYaw": 0.6,
}
TOP = 31.0
"""The frame at which everything is farthest from rest."""


def bake(
    character: bpy.types.Object,
    line: str = "line",
    start: float = 1.0,
    clip: MotionClip | None = None,
) -> bpy.types.Action:
    tag = Tag(line, "00", "model", 0, "neutral", "0", "now")
    made = clip_of(61, **MOVING) if clip is None else clip
    finish(bake_line(Reference.to(character), made, start, 24.0, tag, KeyStyle()))
    take = on_show(owners_of(character), line)
    assert take is not None
    return take


@pytest.fixture
def take(face: bpy.types.Object) -> bpy.types.Action:
    bpy.context.scene.mynah.name = "line"
    return bake(face)


def keys(action: bpy.types.Action) -> dict[object, bytes]:
    return {name: read_keys(f_curve).tobytes() for name, f_curve in curves_of(action).items()}


def turn(owner: bpy.types.Object, frame: float) -> float:
    bpy.context.scene.frame_set(int(frame))
    evaluated = owner.evaluated_get(bpy.context.evaluated_depsgraph_get())
    if owner.type == "ARMATURE":
        return evaluated.pose.bones["head"].rotation_quaternion.normalized().angle
    return evaluated.delta_rotation_euler.to_quaternion().angle


PART_OF = {
    "lips": {"jawOpen"},
    "brows": {"browInnerUp", "cheekPuff"},
    "blinks": {"eyeBlinkLeft"},
    "gaze": {"eyeLookInLeft"},
    "head": set(),
}


@pytest.mark.parametrize("part", PART_OF)
def test_an_amount_scales_its_part_and_no_other(
    face: bpy.types.Object, take: bpy.types.Action, part: str
) -> None:
    shapes = [name for name in MOVING if name != "headYaw"]
    before = {shape: value(face, shape, TOP) for shape in shapes}
    turned = turn(face, TOP)
    setattr(take.mynah_take, part, 0.5)
    for shape in shapes:
        share = 0.5 if shape in PART_OF[part] else 1.0
        assert value(face, shape, TOP) == pytest.approx(share * before[shape], abs=1e-5)
    share = 0.5 if part == "head" else 1.0
    assert turn(face, TOP) == pytest.approx(share * turned, abs=1e-4)


def test_keys_stay_and_one_is_as_baked(face: bpy.types.Object, take: bpy.types.Action) -> None:
    before, shown = keys(take), value(face, "jawOpen", TOP)
    take.mynah_take.lips = 1.4
    take.mynah_take.mute_brows = True
    assert value(face, "jawOpen", TOP) == pytest.approx(1.0)  # the slider's end
    assert value(face, "browInnerUp", TOP) == pytest.approx(0.0, abs=1e-6)
    assert keys(take) == before
    take.mynah_take.lips = 1.0
    take.mynah_take.mute_brows = False
    assert value(face, "jawOpen", TOP) == shown
    assert keys(take) == before
    assert not has_amounts(take)


def test_an_amount_holds_in_a_strip_and_for_its_take_only(
    face: bpy.types.Object, take: bpy.types.Action
) -> None:
    take.mynah_take.lips = 0.25
    other = bake(face, "two", 101.0)
    assert face.data.shape_keys.animation_data.action is None  # both are strips
    assert value(face, "jawOpen", TOP) == pytest.approx(0.2, abs=0.01)
    assert value(face, "jawOpen", 100 + TOP) == pytest.approx(0.8, abs=0.01)
    assert not has_amounts(other)


def test_a_bone_turns_less_about_the_artists_pose(addon: None) -> None:
    rig = make_rig()
    face = make_face()
    face.parent = rig
    bone = rig.pose.bones["head"]
    bone.rotation_quaternion = (0.9689, 0.2474, 0.0, 0.0)
    pose = bone.rotation_quaternion.normalized()
    bpy.context.scene.mynah.character = rig
    bpy.context.scene.mynah.name = "line"
    take = bake(rig)

    def away() -> float:
        bpy.context.scene.frame_set(int(TOP))
        evaluated = rig.evaluated_get(bpy.context.evaluated_depsgraph_get())
        now = evaluated.pose.bones["head"].rotation_quaternion.normalized()
        return pose.rotation_difference(now).angle

    full = away()
    assert full == pytest.approx(0.6, abs=0.02)
    take.mynah_take.head = 0.5
    assert away() == pytest.approx(0.5 * full, rel=0.03)
    take.mynah_take.mute_head = True
    assert away() == pytest.approx(0.0, abs=1e-3)


def test_applied_amounts_are_keys(face: bpy.types.Object, take: bpy.types.Action) -> None:
    curve = next(c for c in curves_of(take).values() if "jawOpen" in c.data_path)
    curve.keyframe_points.insert(20.0, 0.33)  # the artist's own
    curve.update()
    take.mynah_take.lips = 0.5
    take.mynah_take.head = 0.25
    shown = [value(face, "jawOpen", frame) for frame in (10, 20, TOP, 50)]
    turned = turn(face, TOP)
    assert bpy.ops.mynah.apply_amounts() == {"FINISHED"}
    assert not has_amounts(take)
    assert take.mynah_take.lips == take.mynah_take.head == 1.0
    np.testing.assert_allclose(
        [value(face, "jawOpen", frame) for frame in (10, 20, TOP, 50)], shown, atol=1e-5
    )
    assert turn(face, TOP) == pytest.approx(turned, abs=1e-4)
    assert is_edited(take)
    own = curve.keyframe_points[[p.co.x for p in curve.keyframe_points].index(20.0)]
    assert own.co.y == pytest.approx(0.165)


def test_all_parts_as_baked_again(face: bpy.types.Object, take: bpy.types.Action) -> None:
    before = value(face, "jawOpen", TOP)
    take.mynah_take.lips, take.mynah_take.mute_head = 0.3, True
    assert bpy.ops.mynah.reset_amounts() == {"FINISHED"}
    assert not has_amounts(take)
    assert value(face, "jawOpen", TOP) == before
    assert not bpy.ops.mynah.reset_amounts.poll()


def test_a_take_with_amounts_is_an_edited_one(
    face: bpy.types.Object, voice: Path, daemon: FakeDaemon
) -> None:
    bpy.ops.mynah.generate()
    first = on_show(owners_of(face), "line")
    assert first is not None
    first.mynah_take.brows = 0.5
    assert is_edited(first)
    bpy.ops.mynah.generate()
    assert first.name in bpy.data.actions
    assert on_show(owners_of(face), "line") != first


def test_a_range_is_not_redone_over_amounts(
    face: bpy.types.Object, voice: Path, daemon: FakeDaemon
) -> None:
    bpy.ops.mynah.generate()
    take = on_show(owners_of(face), "line")
    assert take is not None
    take.mynah_take.lips = 0.5
    with pytest.raises(RuntimeError, match="press Apply to Keys or As Baked under Take first"):
        bpy.ops.mynah.redo_range(first=10, last=30)


def test_blender_sets_no_key_that_would_be_stretched(
    face: bpy.types.Object, take: bpy.types.Action
) -> None:
    take.mynah_take.lips = 0.5
    block = face.data.shape_keys.key_blocks["jawOpen"]
    before = keys(take)
    assert not block.keyframe_insert("value", frame=15)
    assert keys(take) == before
    take.mynah_take.lips = 1.0
    assert block.keyframe_insert("value", frame=15)
