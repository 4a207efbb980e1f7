"""What a rig performs becomes a clip: from an action's curves, or from all that moves the face."""

from __future__ import annotations

import time
from collections.abc import Iterable

import bpy
import numpy as np
import pytest

from blender_addon.baking.bones import BASES_PROPERTY
from blender_addon.reference import Reference
from blender_addon.rig_reader import Passage, Pieces, action_to_read, read_passage
from mynah_shared.errors import BadInputError
from mynah_shared.motion.arkit import ARKIT_BLENDSHAPES, ARKIT_CHANNELS, HEAD_CHANNELS
from mynah_shared.motion.clip import MotionClip
from tests.blender.characters import clip_of, make_face, make_rig
from tests.blender.pace import limit_s
from tests.blender.test_bake import artist_action, bake

pytestmark = [pytest.mark.bpy, pytest.mark.timeout(60)]

BOUND = 0.011  # key reduction


def passage(
    rig: bpy.types.Object,
    action: bpy.types.Action | None = None,
    frames: Iterable[float] = range(1, 61),
) -> Passage:
    found = Reference.to(action) if action else None
    return Passage(Reference.to(rig), found, tuple(map(float, frames)), 24.0, "a take")


def finish(pieces: Pieces[MotionClip]) -> MotionClip:
    shares = []
    while True:
        try:
            shares.append(next(pieces))
        except StopIteration as done:
            assert all(0 <= share <= 1 for share in shares)
            return done.value


def lively(n_frames: int = 60) -> MotionClip:
    clip = clip_of(n_frames)
    rng = np.random.default_rng(0)
    rate = rng.uniform(0.05, 0.2, len(ARKIT_CHANNELS))
    clip.values[:] = 0.5 - 0.5 * np.cos(np.arange(n_frames)[:, None] * rate)
    clip.values[:, 52:] = clip.values[:, 52:] - 0.4
    return clip


def our_action(face: bpy.types.Object) -> bpy.types.Action:
    return face.data.shape_keys.animation_data.action


def test_what_was_baked_is_read_again(face: bpy.types.Object) -> None:
    clip = lively()
    bake(face, clip)
    back = finish(read_passage(passage(face, our_action(face))))
    assert back.channels == ARKIT_CHANNELS
    assert back.fps == 24.0
    assert np.abs(back.values - clip.values).max() <= BOUND


@pytest.mark.parametrize("mode", ["QUATERNION", "XYZ", "ZYX", "YXZ"])
@pytest.mark.parametrize("pose", [0.0, 0.5])
def test_a_head_bone_is_read_in_every_mode(face: bpy.types.Object, mode: str, pose: float) -> None:
    rig = make_rig(mode=mode)
    face.parent = rig
    bone = rig.pose.bones["head"]
    if mode == "QUATERNION":
        bone.rotation_quaternion = (np.cos(pose / 2), 0, np.sin(pose / 2), 0)
    else:
        bone.rotation_euler = (0, pose, 0)
    clip = lively()
    bake(rig, clip)
    action = rig.animation_data.action
    assert BASES_PROPERTY in action
    back = finish(read_passage(passage(rig, action)))
    turned = clip.select(HEAD_CHANNELS).values
    assert np.abs(back.select(HEAD_CHANNELS).values - turned).max() <= 0.02


def test_an_artists_action_tells_only_of_what_it_moves(face: bpy.types.Object) -> None:
    action = artist_action(face, "browInnerUp")
    back = finish(read_passage(passage(face, action, (1, 30))))
    assert back.channels == ("browInnerUp",)
    np.testing.assert_allclose(back.values[:, 0], [0.1, 0.9], atol=1e-6)


def test_an_action_needs_not_be_in_use(face: bpy.types.Object) -> None:
    clip = lively()
    bake(face, clip)
    action = our_action(face)
    for owner in (face.data.shape_keys, face):
        owner.animation_data_clear()
    back = finish(read_passage(passage(face, action)))
    assert np.abs(back.values - clip.values).max() <= BOUND


def test_strips_drivers_and_modifiers_are_read_without_moving_the_scene(
    face: bpy.types.Object,
) -> None:
    rig = make_rig()
    face.modifiers.new("Armature", "ARMATURE").object = rig
    first, second = clip_of(60, jawOpen=0.8, headYaw=0.4), clip_of(60, jawOpen=0.3)
    bake(face, first, 1.0, "one")
    bake(face, second, 61.0, "two")
    driver = face.data.shape_keys.key_blocks["browInnerUp"].driver_add("value").driver
    driver.expression = "frame / 200"
    bpy.context.scene.frame_set(7)
    face.data.shape_keys.key_blocks["tongueOut"].value = 0.25  # unkeyed, so it must not be lost
    bpy.context.view_layer.update()
    assert action_to_read(face) is None
    back = finish(read_passage(passage(face, None, range(1, 121))))
    jaw = np.concatenate([first.column("jawOpen"), second.column("jawOpen")])
    assert np.abs(back.column("jawOpen") - jaw).max() <= BOUND
    np.testing.assert_allclose(back.column("browInnerUp"), np.arange(1, 121) / 200, atol=1e-5)
    assert np.abs(back.column("headYaw")[:60] - first.column("headYaw")).max() <= 0.02
    assert bpy.context.scene.frame_current == 7
    assert face.data.shape_keys.key_blocks["tongueOut"].value == 0.25
    assert len(bpy.data.scenes) == 1
    assert face.users_scene == (bpy.context.scene,)


def test_merged_and_split_shapes_are_led_back() -> None:
    face = make_face(shapes=["jawOpen", "mouthSmile", "browInnerUp_L", "browInnerUp_R"])
    bake(face, clip_of(60, jawOpen=0.8, mouthSmileLeft=0.6, mouthSmileRight=0.6, browInnerUp=0.4))
    back = finish(read_passage(passage(face, our_action(face), [30.5])))
    assert set(back.channels) == {"jawOpen", "mouthSmileLeft", "mouthSmileRight", "browInnerUp"}
    row = dict(zip(back.channels, back.values[0], strict=True))
    assert row["mouthSmileLeft"] == pytest.approx(0.6, abs=BOUND)
    assert row["mouthSmileRight"] == pytest.approx(0.6, abs=BOUND)
    assert row["browInnerUp"] == pytest.approx(0.4, abs=BOUND)


def test_of_several_meshes_the_face_rules(face: bpy.types.Object) -> None:
    teeth = make_face("Teeth", ["jawOpen", "jawLeft"])
    teeth.parent = face
    clip = lively()
    bake(face, clip)
    action = our_action(face)
    teeth.data.shape_keys.animation_data_clear()
    back = finish(read_passage(passage(face, None)))
    assert np.abs(back.column("jawOpen") - clip.column("jawOpen")).max() <= BOUND
    assert set(finish(read_passage(passage(face, action))).channels) == set(ARKIT_CHANNELS)


def test_no_piece_of_1000_frames_of_60_targets_holds_blender_up(face: bpy.types.Object) -> None:
    teeth = make_face("Teeth", [f"{name}_L" for name in ("mouthPucker", "mouthFunnel")])
    teeth.parent = face
    bake(face, lively(1000))
    wanted = passage(face, our_action(face), range(1, 1001))
    pieces, spent_s = read_passage(wanted), [time.thread_time()]  # not what other programs take
    for _share in pieces:
        spent_s.append(time.thread_time())
    assert len(spent_s) > 200
    assert np.diff(spent_s).max() < limit_s()
    assert sum(np.diff(spent_s)) < 0.5


@pytest.mark.parametrize(
    ("shapes", "sentence"),
    [((), "'Bare' has no shape keys with ARKit names"), (("wart",), "choose the mesh of a face")],
)
def test_a_rig_without_a_face_is_a_sentence(shapes: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(BadInputError, match=sentence):
        finish(read_passage(passage(make_face("Bare", shapes))))


def test_an_action_of_something_else_is_a_sentence(face: bpy.types.Object) -> None:
    face.keyframe_insert("location", frame=1)
    action = face.animation_data.action
    with pytest.raises(BadInputError, match=f"'{action.name}' moves no shape of 'Face'"):
        finish(read_passage(passage(face, action)))


def test_what_vanishes_meanwhile_is_a_sentence(face: bpy.types.Object) -> None:
    bake(face, lively())
    action = our_action(face)
    pieces = read_passage(passage(face, action))
    next(pieces)
    bpy.data.actions.remove(action)
    with pytest.raises(BadInputError, match="was deleted"):
        finish(pieces)
    pieces = read_passage(passage(face))
    bpy.data.objects.remove(face)
    with pytest.raises(BadInputError, match="The rig 'Face' was deleted"):
        finish(pieces)


def test_undo_between_two_pieces_does_no_harm(face: bpy.types.Object) -> None:
    clip = lively()
    bake(face, clip)
    bpy.ops.ed.undo_push(message="baked")
    face.location.x = 1
    bpy.ops.ed.undo_push(message="moved")
    pieces = read_passage(passage(face, our_action(face)))
    next(pieces)
    bpy.ops.ed.undo()
    back = finish(pieces)
    assert np.abs(back.values - clip.values).max() <= BOUND
    assert back.channels[:52] == ARKIT_BLENDSHAPES
