"""Rigs of every sort speak: what counts is what Blender evaluates, not the curves."""

from __future__ import annotations

import time
from pathlib import Path

import bpy
import numpy as np
import pytest
from mathutils import Quaternion, Vector

from blender_addon.baking.actions import Tag
from blender_addon.baking.line import bake_line
from blender_addon.baking.rig import read_rig
from blender_addon.order import collect
from blender_addon.pieces import finish
from blender_addon.reference import Reference
from blender_addon.rig_reader import Passage, read_passage
from blender_addon.rigging.character import store
from mynah_shared.errors import BadInputError
from mynah_shared.motion.clip import MotionClip
from mynah_shared.motion.curves import Interpolation, KeyStyle
from mynah_shared.motion.flame import flame_channels
from mynah_shared.rig.mapping import RigMapping
from mynah_shared.rig.targets import Kind, Motion, Target
from tests.blender.characters import clip_of, f_curves, make_face, value
from tests.blender.pace import limit_s
from tests.blender.rigs import (
    OCULUS,
    VRM,
    bone_at,
    drive_shape,
    make_armature,
    make_puppet,
    make_rigify_face,
    make_slider_face,
)
from tests.blender.test_bake import bake

pytestmark = [pytest.mark.bpy, pytest.mark.timeout(120)]

PEAK = 31
"""The frame at which `clip_of(61)` is at its height."""


def speech(n_frames: int = 120) -> MotionClip:
    """A mouth that opens wide and shuts three times, pressed as for b, m and p."""
    clip = clip_of(n_frames)
    phase = np.sin(np.arange(n_frames) * 6 * np.pi / n_frames)
    clip.column("jawOpen")[:] = 0.5 * np.maximum(phase, 0) + 0.04
    shut = np.maximum(-phase, 0) > 0.8
    clip.column("mouthClose")[:] = np.where(shut, 0.04, 0)
    for name in ("mouthPressLeft", "mouthPressRight"):
        clip.column(name)[:] = np.where(shut, 0.5, 0)
    for name in ("mouthRollLower", "mouthRollUpper"):
        clip.column(name)[:] = np.where(shut, 0.3, 0)
    return clip


def shut_rows(clip: MotionClip) -> np.ndarray:
    return np.flatnonzero(clip.column("mouthClose") > 0)


def read_back(rig: bpy.types.Object, action: bpy.types.Action | None, n: int) -> MotionClip:
    frames = tuple(float(frame) for frame in range(1, n + 1))
    found = Reference.to(action) if action else None
    return finish(read_passage(Passage(Reference.to(rig), found, frames, 24.0, "a take")))


# --- bones ---------------------------------------------------------------------------------------


@pytest.fixture
def rigify(addon: None, tmp_path_factory: pytest.TempPathFactory) -> bpy.types.Object:
    """Rigify's face, generated once and appended then: that takes it some seconds."""
    path = tmp_path_factory.getbasetemp() / "rigify.blend"
    if not path.exists():
        make_rigify_face()
        bpy.ops.wm.save_as_mainfile(filepath=str(path), copy=True)
        bpy.ops.wm.read_factory_settings(use_empty=True)
    with bpy.data.libraries.load(str(path)) as (_there, here):
        here.objects = ["rig"]
    bpy.context.scene.collection.objects.link(bpy.data.objects["rig"])
    bpy.context.view_layer.update()
    return bpy.data.objects["rig"]


def test_a_rigify_face_speaks(rigify: bpy.types.Object) -> None:
    clip = speech()
    clip.column("headYaw")[:] = 0.3
    report = bake(rigify, clip)
    assert report.head == "bone 'head'"
    assert report.n_controls > 20
    assert "jawOpen" not in report.unmatched
    wide, shut = int(np.argmax(clip.column("jawOpen"))), shut_rows(clip)
    gap = {}
    for row in (wide, *shut):
        top = bone_at(rigify, "DEF-lip.T.L", row + 1)
        gap[row] = (top - bone_at(rigify, "DEF-lip.B.L", row + 1)).length
    rest = (
        rigify.data.bones["DEF-lip.T.L"].head_local - rigify.data.bones["DEF-lip.B.L"].head_local
    ).length
    assert gap[wide] > rest + 0.008
    assert max(gap[row] for row in shut) < rest + 0.002
    chin_open = bone_at(rigify, "DEF-chin", wide + 1)
    assert chin_open.z < bone_at(rigify, "DEF-chin", shut[0] + 1).z - 0.005
    nose = bone_at(rigify, "DEF-nose", 1)
    still = rigify.data.bones["DEF-nose"].head_local
    assert nose.x > still.x + 0.01  # the head is turned to its own left


def test_lids_brows_and_smiles_of_rigify_go_the_right_way(rigify: bpy.types.Object) -> None:
    channels = {"eyeBlinkLeft": 1.0, "browInnerUp": 1.0, "mouthSmileRight": 1.0}
    bake(rigify, clip_of(61, **channels))
    for bone, goes in (
        ("DEF-lid.T.L.002", Vector((0, 0, -1))),
        ("DEF-brow.T.R.003", Vector((0, 0, 1))),
        ("DEF-lip.T.R.001", Vector((0, 0, 1))),
    ):
        moved = bone_at(rigify, bone, PEAK) - bone_at(rigify, bone, 1)
        assert moved.dot(goes) > 0.002, bone
    left = bone_at(rigify, "DEF-lip.T.L.001", PEAK) - bone_at(rigify, "DEF-lip.T.L.001", 1)
    assert left.length < 0.004


def test_only_controls_are_keyed(rigify: bpy.types.Object) -> None:
    bake(rigify, clip_of(61, jawOpen=1.0, headPitch=0.2))
    keyed = {path.split('"')[1] for path, _ in f_curves(rigify)}
    assert "jaw_master" in keyed
    assert not [name for name in keyed if name.startswith(("DEF-", "MCH-", "ORG-"))]


@pytest.mark.parametrize("mode", ["QUATERNION", "XYZ", "ZYX"])
def test_a_puppet_with_only_a_jaw_speaks_in_every_mode(mode: str) -> None:
    puppet = make_puppet()
    puppet.pose.bones["jaw"].rotation_mode = mode
    clip = speech()
    report = bake(puppet, clip)
    assert (report.n_controls, report.n_exact + report.n_aliased) == (2, 0)
    wide, shut = int(np.argmax(clip.column("jawOpen"))), shut_rows(clip)
    rest = puppet.data.bones["jaw"].tail_local
    assert bone_at(puppet, "jaw", wide + 1, tail=True).z < rest.z - 0.01
    for row in shut:
        assert (bone_at(puppet, "jaw", row + 1, tail=True) - rest).length < 0.002


@pytest.mark.parametrize("mode", ["QUATERNION", "YXZ"])
def test_the_artists_pose_is_added_to_and_not_twice(mode: str) -> None:
    puppet = make_puppet()
    jaw = puppet.pose.bones["jaw"]
    jaw.rotation_mode = mode
    turned = Quaternion((0, 0, 1), 0.2)
    jaw.rotation_quaternion, jaw.rotation_euler = (
        turned,
        turned.to_euler(mode if mode != "QUATERNION" else "XYZ"),
    )
    jaw.location = (0.01, 0, 0)
    bpy.context.view_layer.update()
    posed = bone_at(puppet, "jaw", 1, tail=True)
    for _ in range(2):
        bake(puppet, clip_of(61, jawOpen=1.0))
        bpy.context.scene.frame_set(PEAK)  # leaves our own turn in the bone
    assert (bone_at(puppet, "jaw", 1, tail=True) - posed).length < 1e-4
    assert bone_at(puppet, "jaw", PEAK, tail=True).z < posed.z - 0.01
    bake(puppet, clip_of(61, jawOpen=1.0), start=101.0, line="another")
    assert (bone_at(puppet, "jaw", 101, tail=True) - posed).length < 1e-4


def test_a_scaled_rig_in_centimetres_moves_as_many_metres() -> None:
    rig = make_armature({"jaw": ((0, 0, 150), (0, -8, 145), 0.0)})
    rig.scale = (0.01, 0.01, 0.01)
    bpy.context.view_layer.update()
    store(
        rig,
        RigMapping(
            {"jaw drop": {"jawOpen": 1.0}},
            targets={"jaw drop": Target(Kind.BONE, "jaw", Motion.MOVE, "up", full=-0.03)},
        ),
    )
    bake(rig, clip_of(61, jawOpen=1.0))
    moved = bone_at(rig, "jaw", PEAK) - bone_at(rig, "jaw", 1)
    assert moved.z == pytest.approx(-3.0, abs=0.05)
    assert Vector(moved.xy).length < 1e-3


def test_a_slide_takes_the_place_of_the_slider(addon: None) -> None:
    board = make_armature({"CTRL_blink": ((0, 0, 0), (0, 1, 0), 0.0)})
    slider = board.pose.bones["CTRL_blink"]
    slider.location = (0.3, 0.4, 0.0)
    targets = {"blink": Target(Kind.BONE, "CTRL_blink", Motion.SLIDE, "y")}
    store(board, RigMapping({"blink": {"eyeBlinkLeft": 1.0}}, targets=targets))
    bake(board, clip_of(61, eyeBlinkLeft=0.8))
    bpy.context.scene.frame_set(PEAK)
    assert slider.location.y == pytest.approx(0.8, abs=0.01)
    assert slider.location.x == pytest.approx(0.3)
    bpy.context.scene.frame_set(1)
    assert slider.location.y == pytest.approx(0.0, abs=0.01)


def test_eyes_and_lids_turn_about_the_characters_axes(addon: None) -> None:
    rig = make_armature(
        {
            "head": ((0, 0, 0), (0, 0, 1), 0.0),
            "eye.L": ((0.03, 0, 0.5), (0.03, -0.05, 0.5), 1.1),
            "jaw": ((0, 0, 0.3), (0, -0.1, 0.25), 0.0),
        }
    )
    bake(rig, clip_of(61, eyeLookOutLeft=1.0, jawOpen=0.5))
    rest = rig.data.bones["eye.L"].tail_local
    assert bone_at(rig, "eye.L", PEAK, tail=True).x > rest.x + 0.01  # the left eye, to the left


# --- shapes --------------------------------------------------------------------------------------


def test_a_head_with_vrms_vowels_only_speaks(addon: None) -> None:
    face = make_face("VRoid", VRM)
    clip = speech()
    bake(face, clip)
    wide, shut = int(np.argmax(clip.column("jawOpen"))), shut_rows(clip)
    mouth = [name for name in VRM if not name.startswith(("blink", "happy"))]
    assert sum(value(face, name, wide + 1) for name in mouth) > 0.3
    for row in shut:
        assert sum(value(face, name, row + 1) for name in mouth) < 0.05


def test_oculus_visemes_press_for_m(addon: None) -> None:
    face = make_face("Avatar", [f"viseme_{name}" for name in OCULUS])
    clip = speech()
    report = bake(face, clip)
    assert report.n_aliased >= 14
    wide, shut = int(np.argmax(clip.column("jawOpen"))), shut_rows(clip)
    assert max(value(face, "viseme_PP", row + 1) for row in shut) > 0.5
    opening = [f"viseme_{name}" for name in ("aa", "E", "I", "O", "U")]
    assert sum(value(face, name, wide + 1) for name in opening) > 0.3
    assert max(sum(value(face, name, row + 1) for name in opening) for row in shut) < 0.1


def test_stepped_visemes_close_too(addon: None) -> None:
    face = make_face("Avatar", [f"viseme_{name}" for name in OCULUS])
    clip = speech()
    bake(face, clip, style=KeyStyle(Interpolation.stepped, 3, 0.01))
    opening = [f"viseme_{name}" for name in ("aa", "E", "I", "O", "U")]
    shut = shut_rows(clip)
    assert min(sum(value(face, name, row + 1) for name in opening) for row in shut) < 0.1


def test_meshes_that_an_armature_deforms_go_in_one_go(addon: None) -> None:
    rig = make_armature({"head": ((0, 0, 0), (0, 0, 1), 0.0)})
    face, teeth = make_face("Head"), make_face("Teeth", ["Jaw_Open"])
    lashes, stranger = make_face("Lashes", ["eyeBlinkLeft"]), make_face("Stranger", ["jawOpen"])
    face.parent = rig
    teeth.modifiers.new("Armature", "ARMATURE").object = rig
    lashes.parent = face
    report = bake(face, clip_of(61, jawOpen=0.8, eyeBlinkLeft=0.6, headYaw=0.2))
    assert value(face, "jawOpen", PEAK) == pytest.approx(0.8, abs=0.02)
    assert value(teeth, "Jaw_Open", PEAK) == pytest.approx(0.8, abs=0.02)
    assert value(lashes, "eyeBlinkLeft", PEAK) == pytest.approx(0.6, abs=0.02)
    assert stranger.data.shape_keys.animation_data is None
    (action,) = bpy.data.actions
    assert len(action.slots) == 4
    assert report.head == "bone 'head'"


def test_each_mesh_is_cut_to_its_own_slider(addon: None) -> None:
    face, beard = make_face("Head"), make_face("Beard", ["jawOpen"])
    beard.parent = face
    beard.data.shape_keys.key_blocks["jawOpen"].slider_max = 0.5
    bake(face, clip_of(61, jawOpen=0.8))
    assert value(face, "jawOpen", PEAK) == pytest.approx(0.8, abs=0.02)
    assert value(beard, "jawOpen", PEAK) == pytest.approx(0.5, abs=0.01)


# --- properties and drivers ----------------------------------------------------------------------


def test_what_drivers_read_is_keyed_and_the_face_moves(addon: None) -> None:
    rig, face = make_slider_face()
    mapping = read_rig(rig).mapping
    store(
        rig,
        RigMapping(
            {**mapping.weights, "browInnerUp": {"browInnerUp": 1.0}},
            "",
            mapping.shows,
            {
                **mapping.targets,
                "browInnerUp": Target(Kind.PROPERTY, "browInnerUp", full=10.0),
            },
        ),
    )
    report = bake(rig, clip_of(61, jawOpen=0.8, mouthSmileLeft=0.5, browInnerUp=0.6))
    assert report.n_controls >= 3
    assert '["jawOpen"]' in {path for path, _ in f_curves(rig)}
    assert face.data.shape_keys.animation_data.action is None
    assert value(face, "drv_jaw", PEAK) == pytest.approx(0.8, abs=0.02)
    assert value(face, "drv_smile", PEAK) == pytest.approx(0.5, abs=0.02)
    assert value(face, "drv_brow", PEAK) == pytest.approx(0.6, abs=0.02)


def test_a_property_on_a_bone_and_a_whole_number(addon: None) -> None:
    rig = make_armature({"ctrl": ((0, 0, 0), (0, 0, 1), 0.0)})
    rig.pose.bones["ctrl"]["jawOpen"] = 0.0
    rig["steps"] = 0
    targets = {
        "jawOpen": Target(Kind.PROPERTY, "jawOpen", owner="ctrl"),
        "steps": Target(Kind.PROPERTY, "steps", full=4.0),
    }
    store(
        rig, RigMapping({"jawOpen": {"jawOpen": 1.0}, "steps": {"jawOpen": 1.0}}, targets=targets)
    )
    bake(rig, clip_of(61, jawOpen=1.0))
    seen = []
    for frame in range(1, 62):
        bpy.context.scene.frame_set(frame)
        evaluated = rig.evaluated_get(bpy.context.evaluated_depsgraph_get())
        seen.append((evaluated.pose.bones["ctrl"]["jawOpen"], evaluated["steps"]))
    assert seen[PEAK - 1] == (pytest.approx(1.0, abs=0.02), 4)
    assert {steps for _jaw, steps in seen} == {0, 1, 2, 3, 4}


def test_controls_of_another_armature_that_drivers_read(addon: None) -> None:
    """As Faceit's: a rig beside the character, known only through the drivers of its shapes."""
    face = make_face("Head", ["mouth", "lids"])
    board = make_armature({"jawOpen_ctrl": ((0, 0, 0), (0, 0, 0.1), 0.0)}, "Controls")
    drive_shape(face, "mouth", board, 'pose.bones["jawOpen_ctrl"].location[1]')
    bpy.context.view_layer.update()
    targets = {"jaw": Target(Kind.BONE, "jawOpen_ctrl", Motion.SLIDE, "y")}
    store(face, RigMapping({"jaw": {"jawOpen": 1.0}}, targets=targets))
    bake(face, clip_of(61, jawOpen=0.7))
    assert value(face, "mouth", PEAK) == pytest.approx(0.7, abs=0.02)


# --- FLAME ---------------------------------------------------------------------------------------


def test_a_flame_rig_gets_flames_components(addon: None) -> None:
    face = make_face("Flame", [f"Exp{i}" for i in range(1, 51)])
    for block in face.data.shape_keys.key_blocks:
        block.slider_min, block.slider_max = -10.0, 10.0
    rig = make_armature(
        {
            "neck": ((0, 0, 0), (0, 0, 0.1), 0.0),
            "jaw": ((0, 0, 0.1), (0, -0.1, 0.05), 0.4),
            "left_eye": ((0.03, 0, 0.2), (0.03, -0.02, 0.2), 0.0),
            "right_eye": ((-0.03, 0, 0.2), (-0.03, -0.02, 0.2), 0.0),
        }
    )
    face.parent = rig
    assert read_rig(rig).mapping.representation == "flame"
    values = np.zeros((61, 62), np.float32)
    channels = flame_channels(50)
    bump = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(61) / 60)
    values[:, channels.index("exp000")] = -2.5 * bump
    values[:, channels.index("jawPoseX")] = 0.3 * bump
    bake(rig, MotionClip(24.0, channels, values))
    assert value(face, "Exp1", PEAK) == pytest.approx(-2.5, abs=0.05)
    rest = rig.data.bones["jaw"].tail_local
    assert bone_at(rig, "jaw", PEAK, tail=True).z < rest.z - 0.02


def test_a_flame_rig_asks_for_flame(voice: Path) -> None:
    face = make_face("Flame", [f"Exp{i}" for i in range(1, 51)])
    assert finish(collect(bpy.context, face).read()).representation == "flame"
    other = collect(bpy.context, make_face("Other"))
    assert finish(other.read()).representation == "arkit"


# --- what a rig tells of a performance -----------------------------------------------------------


def test_the_style_of_a_bone_rig_is_read_back(rigify: bpy.types.Object) -> None:
    clip = clip_of(
        61, jawOpen=0.6, browInnerUp=0.7, eyeBlinkLeft=0.8, eyeBlinkRight=0.8, headYaw=0.3
    )
    bake(rigify, clip)
    for action in (rigify.animation_data.action, None):
        back = read_back(rigify, action, 61)
        assert np.abs(back.column("headYaw") - clip.column("headYaw")).max() < 0.02
        assert back.column("eyeBlinkLeft")[PEAK - 1] == pytest.approx(0.8, abs=0.1)
        assert back.column("browInnerUp")[PEAK - 1] == pytest.approx(0.7, abs=0.1)
        # a mouth that only opens shows how far the lips part, which here is as far as the jaw drops
        assert back.column("jawOpen")[PEAK - 1] == pytest.approx(0.6, abs=0.15)


@pytest.mark.parametrize("kind", ["rigify", "visemes"])
def test_no_piece_of_3000_frames_holds_blender_up(
    kind: str, request: pytest.FixtureRequest
) -> None:
    if kind == "rigify":
        character = request.getfixturevalue("rigify")
    else:
        character = make_face("Avatar", [f"viseme_{name}" for name in OCULUS])
    clip = speech(3000)
    clip.column("headYaw")[:] = 0.3 * np.sin(np.arange(3000) / 20)
    longest = []
    for seed in range(3):  # the first time the names are read and the presets loaded
        tag = Tag("line", "00", "model", seed, "neutral", "0", "now")
        pieces = bake_line(Reference.to(character), clip, 1.0, 24.0, tag, KeyStyle())
        spent_s = [time.thread_time()]  # not what other programs take
        for _share in pieces:
            spent_s.append(time.thread_time())
        longest.append(np.diff(spent_s).max())
    assert len(spent_s) > 20
    assert min(longest[1:]) < limit_s()


def test_the_style_of_visemes_is_read_back(addon: None) -> None:
    face = make_face("Avatar", [f"viseme_{name}" for name in OCULUS])
    clip = speech()
    bake(face, clip)
    back = read_back(face, face.data.shape_keys.animation_data.action, clip.n_frames)
    known = clip.column("jawOpen")
    assert np.corrcoef(back.column("jawOpen"), known)[0, 1] > 0.8


def test_sliders_are_read_back(addon: None) -> None:
    rig, _face = make_slider_face()
    clip = clip_of(61, jawOpen=0.8, mouthSmileLeft=0.5)
    bake(rig, clip)
    back = read_back(rig, rig.animation_data.action, 61)
    assert np.abs(back.column("mouthSmileLeft") - clip.column("mouthSmileLeft")).max() < 0.02


# --- obstacles -----------------------------------------------------------------------------------


def test_axis_angle_and_driven_bones_are_named(addon: None) -> None:
    puppet = make_puppet()
    puppet.pose.bones["head"].rotation_mode = "AXIS_ANGLE"
    report = bake(puppet, clip_of(61, jawOpen=0.5, headYaw=0.2))
    assert any("'head' of 'Puppet' is set to axis-angle" in remark for remark in report.remarks)
    assert "jaw" in {path.split('"')[1] for path, _ in f_curves(puppet)}


def test_a_rig_without_a_face_is_a_sentence(addon: None) -> None:
    rig = make_armature({"spine": ((0, 0, 0), (0, 0, 1), 0.0)})
    with pytest.raises(BadInputError, match="none of its bones has a name that Mynah knows"):
        bake(rig, clip_of(61, jawOpen=0.5))


def test_a_mapping_that_is_no_mapping_is_a_sentence(face: bpy.types.Object) -> None:
    face.mynah_rig = '{"schema": 9}'
    with pytest.raises(BadInputError, match="The mapping that is kept on 'Face' can't be read"):
        bake(face, clip_of(61, jawOpen=0.5))
