"""The mapper panel: rows, edits, test poses, files; and nothing of it stays where it should not."""

from __future__ import annotations

import time
from pathlib import Path

import bpy
import pytest

from blender_addon.baking.rig import read_rig
from blender_addon.baking.trial import trial
from blender_addon.rig_properties import rig_rows
from blender_addon.rigging.character import stored_text
from blender_addon.rigging.view import read_view
from mynah_shared.motion.arkit import ARKIT_BLENDSHAPES
from mynah_shared.rig.mapping import RigMapping
from tests.blender.characters import clip_of, make_face, value
from tests.blender.rigs import OCULUS, bone_at, make_puppet, make_slider_face
from tests.blender.test_bake import bake

pytestmark = [pytest.mark.bpy, pytest.mark.timeout(60)]


def mapping() -> RigMapping:
    return read_rig(bpy.context.scene.mynah.character).mapping


def choose(character: bpy.types.Object) -> bpy.types.Object:
    bpy.context.scene.mynah.character = character
    return character


def shape_now(face: bpy.types.Object, name: str) -> float:
    bpy.context.view_layer.update()
    evaluated = face.evaluated_get(bpy.context.evaluated_depsgraph_get())
    return evaluated.data.shape_keys.key_blocks[name].value


# --- what is shown -------------------------------------------------------------------------------


def test_the_rows_say_what_and_why(addon: None) -> None:
    names = [name for name in ARKIT_BLENDSHAPES if name not in ("mouthSmileLeft", "mouthFrownLeft")]
    face = choose(make_face("Face", [*names, "Mouth_Smile_L", "mouthFrwnLeft", "wart"]))
    view = read_view(face)
    assert view.titles == ("ARKit 52: 52 of 53 shapes on Face",)
    assert not view.is_own
    levels = {row.name: row.level.value for row in view.rows}
    assert (levels["jawOpen"], levels["Mouth_Smile_L"]) == ("SURE", "SURE")
    assert levels["mouthFrwnLeft"] == "LIKELY"
    row = view.find("mouthFrwnLeft")
    assert row is not None
    assert "one letter away" in row.reason


def test_visemes_beside_finer_shapes_are_told_of(addon: None) -> None:
    face = make_face("Face")
    for name in OCULUS:
        face.shape_key_add(name=f"viseme_{name}", from_mix=False).value = 0.0
    (remark,) = read_view(choose(face)).remarks
    assert remark.startswith("Known and left alone: viseme_")
    assert remark.endswith("more.")


def test_the_list_is_filled_and_anew_when_something_changes(addon: None) -> None:
    puppet = choose(make_puppet())
    assert rig_rows.view_for(puppet) is None  # a panel that is drawn must not change anything
    rig_rows.fill(puppet)
    listed = bpy.context.window_manager.mynah_rig.targets
    assert [item.kind for item in listed] == ["bone"] * 4
    assert rig_rows.view_for(puppet) is not None
    bpy.ops.mynah.set_weight(target=listed[0].name, channel="jawForward", weight=0.5)
    assert rig_rows.view_for(puppet) is None


def test_drawing_takes_next_to_nothing(face: bpy.types.Object) -> None:
    rig_rows.fill(face)
    began = time.thread_time()
    for _ in range(20):
        assert rig_rows.view_for(face) is not None
    assert (time.thread_time() - began) / 20 < 0.004


# --- edits ---------------------------------------------------------------------------------------


def test_weights_channels_and_automatic(face: bpy.types.Object) -> None:
    bpy.ops.mynah.set_weight(target="jawOpen", channel="jawOpen", weight=0.5)
    bpy.ops.mynah.set_weight(target="jawOpen", channel="mouthFunnel", weight=0.25)
    assert mapping().weights["jawOpen"] == {"jawOpen": 0.5, "mouthFunnel": 0.25}
    row = read_view(face).find("jawOpen")
    assert row is not None
    assert (row.level.value, row.reason) == ("OWN", "You have set this.")
    bake(face, clip_of(61, jawOpen=0.8))
    assert value(face, "jawOpen", 31) == pytest.approx(0.4, abs=0.01)
    bpy.ops.mynah.remove_channel(target="jawOpen", channel="mouthFunnel")
    bpy.ops.mynah.remove_channel(target="jawOpen", channel="jawOpen")
    assert "jawOpen" not in mapping().names
    bpy.ops.mynah.automatic_mapping()
    assert stored_text(face) == ""
    assert mapping().weights["jawOpen"] == {"jawOpen": 1.0}


def test_a_wrong_channel_is_a_sentence_and_changes_nothing(face: bpy.types.Object) -> None:
    with pytest.raises(RuntimeError, match="which is no channel of the performance"):
        bpy.ops.mynah.set_weight(target="jawOpen", channel="jawopen", weight=1.0)
    assert stored_text(face) == ""


def test_targets_of_all_kinds_are_added(addon: None) -> None:
    rig, _face = make_slider_face()
    rig["ear"] = 0.0
    choose(rig)
    bpy.ops.mynah.add_target(name="ear", channel="noseSneerLeft", full=2.0)
    bpy.ops.mynah.add_target(
        name="head", channel="cheekPuff", motion="move", axis="up", full=0.1, weight=-1.0
    )
    with pytest.raises(RuntimeError, match="There is no shape, property or bone 'tail'"):
        bpy.ops.mynah.add_target(name="tail", channel="jawOpen")
    bpy.ops.mynah.set_range(target="ear", rest=0.5, full=3.0)
    bake(rig, clip_of(61, noseSneerLeft=1.0, cheekPuff=1.0))
    bpy.context.scene.frame_set(31)
    assert rig["ear"] == pytest.approx(3.0, abs=0.02)
    moved = bone_at(rig, "head", 31) - rig.data.bones["head"].head_local
    assert moved.z == pytest.approx(-0.1, abs=0.002)


def test_one_side_becomes_as_the_other(face: bpy.types.Object) -> None:
    bpy.ops.mynah.set_weight(target="mouthSmileLeft", channel="mouthSmileLeft", weight=0.5)
    bpy.ops.mynah.mirror_mapping(direction="LEFT")
    assert mapping().weights["mouthSmileRight"] == {"mouthSmileRight": 0.5}


def test_files_lead_from_one_character_to_another(face: bpy.types.Object, tmp_path: Path) -> None:
    path = tmp_path / "face.json"
    bpy.ops.mynah.set_weight(target="jawOpen", channel="jawOpen", weight=0.25)
    bpy.ops.mynah.save_mapping(filepath=str(path))
    assert RigMapping.load(path).weights["jawOpen"] == {"jawOpen": 0.25}
    choose(make_face("Other", ["jawOpen", "eyeBlinkLeft"]))
    bpy.ops.mynah.load_mapping(filepath=str(path))
    assert mapping().weights == {
        "jawOpen": {"jawOpen": 0.25},
        "eyeBlinkLeft": {"eyeBlinkLeft": 1.0},
    }
    path.write_text('{"schema": 2, "targets": {"jawOpen": {"drives": {}}}}')
    with pytest.raises(RuntimeError, match="is not usable"):
        bpy.ops.mynah.load_mapping(filepath=str(path))
    assert mapping().weights["jawOpen"] == {"jawOpen": 0.25}


def test_every_edit_is_one_step(face: bpy.types.Object) -> None:
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.mynah.set_weight(target="jawOpen", channel="jawOpen", weight=0.25)
    bpy.ops.ed.undo_push(message="Set Weight")  # which Blender does itself at a button
    bpy.ops.ed.undo()
    assert stored_text(bpy.data.objects["Face"]) == ""


# --- the dry run and the test pose ---------------------------------------------------------------


def test_a_dry_run_keys_nothing(addon: None) -> None:
    choose(make_puppet())
    assert bpy.ops.mynah.dry_run() == {"FINISHED"}
    assert not bpy.data.actions


def test_a_test_pose_shows_and_leaves_nothing(addon: None) -> None:
    puppet = choose(make_puppet())
    puppet.pose.bones["jaw"].rotation_quaternion = (0.98, 0.0, 0.2, 0.0)
    bpy.context.view_layer.update()
    before = tuple(puppet.pose.bones["jaw"].rotation_quaternion)
    rest = bone_at(puppet, "jaw", 1, tail=True)
    (name,) = [n for n in mapping().names if "jaw" in n]
    bpy.ops.mynah.test_pose(target=name)
    bpy.context.view_layer.update()
    evaluated = puppet.evaluated_get(bpy.context.evaluated_depsgraph_get())
    assert evaluated.pose.bones["jaw"].tail.z < rest.z - 0.01
    bpy.ops.mynah.test_pose(target=name)
    assert tuple(puppet.pose.bones["jaw"].rotation_quaternion) == before
    assert not bpy.data.actions
    assert not trial.target


def test_a_test_pose_over_a_line_and_of_a_slider(addon: None) -> None:
    rig, face = make_slider_face()
    choose(rig)
    bake(rig, clip_of(61, jawOpen=0.4))
    bpy.context.scene.frame_set(1)
    bpy.ops.mynah.test_pose(target="jawOpen")
    assert shape_now(face, "drv_jaw") == pytest.approx(1.0)
    bpy.ops.mynah.test_pose(target="jawOpen")
    assert shape_now(face, "drv_jaw") == pytest.approx(0.0, abs=0.01)
    assert value(face, "drv_jaw", 31) == pytest.approx(0.4, abs=0.02)


def test_a_test_pose_of_a_shape_on_several_meshes(face: bpy.types.Object) -> None:
    teeth = make_face("Teeth", ["jawOpen"])
    teeth.parent = face
    face.data.shape_keys.key_blocks["jawOpen"].value = 0.25
    bpy.ops.mynah.test_pose(target="jawOpen")
    assert shape_now(face, "jawOpen") == shape_now(teeth, "jawOpen") == 1.0
    bpy.ops.mynah.test_pose(target="jawOpen")
    assert (shape_now(face, "jawOpen"), shape_now(teeth, "jawOpen")) == (0.25, 0.0)


def test_a_test_pose_never_gets_into_a_file(face: bpy.types.Object, tmp_path: Path) -> None:
    bpy.ops.mynah.test_pose(target="jawOpen")
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "scene.blend"))
    assert not trial.target
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "scene.blend"))
    face = bpy.data.objects["Face"]
    assert face.data.shape_keys.key_blocks["jawOpen"].value == 0.0


def test_what_is_deleted_in_a_test_pose_does_no_harm(face: bpy.types.Object) -> None:
    teeth = make_face("Teeth", ["jawOpen"])
    teeth.parent = face
    bpy.ops.mynah.test_pose(target="jawOpen")
    bpy.data.objects.remove(teeth)
    face.shape_key_remove(face.data.shape_keys.key_blocks["jawOpen"])
    trial.release()
    assert not trial.target
