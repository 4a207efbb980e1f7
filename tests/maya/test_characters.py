"""From what is chosen to what can be keyed: by name, on all nodes of a face, with reasons."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mynah_shared.errors import BadInputError
from tests.maya.faces import PLUGIN, make_clip, make_face, make_head, values_at, wave_of
from tests.maya.test_baking import FRAMES, bake, clip_of_talk


@pytest.fixture(autouse=True)
def plugin(maya: Any) -> None:
    from maya import cmds

    cmds.loadPlugin(str(PLUGIN))


def read(*names: str) -> Any:
    from mynah_maya.character import find_character, read_rig

    return read_rig(find_character(names))


def test_shapes_are_found_by_name_and_never_by_index() -> None:
    # RIVALS: the best rival connects by index what it knows no name for
    make_face(shapes=("squish", "jaw_open", "Mouth_Smile_L", "wobble", "mouth_close"))
    clip = make_clip(jawOpen=wave_of(48), mouthSmileLeft=wave_of(48, 0.7), eyeBlinkLeft=wave_of(48))
    bake(clip)
    assert np.abs(values_at("faceBS.jaw_open", FRAMES) - clip.column("jawOpen")).max() < 0.0101
    smile = values_at("faceBS.Mouth_Smile_L", FRAMES)
    assert np.abs(smile - clip.column("mouthSmileLeft")).max() < 0.0101
    assert values_at("faceBS.squish", FRAMES).max() == values_at("faceBS.wobble", FRAMES).max() == 0


def test_a_rig_without_known_names_is_refused_in_a_sentence() -> None:
    make_face(shapes=("squish", "wobble"))
    with pytest.raises(BadInputError, match=r"Nothing of 'face' .* such as jawOpen"):
        bake(clip_of_talk())


def test_all_blend_shapes_of_a_group_are_keyed() -> None:
    from maya import cmds

    make_face("face", ("jawOpen", "browInnerUp"), blend="faceBS")
    make_face("teeth", ("jawOpen",), blend="teethBS")
    cmds.group("face", "teeth", name="hero")
    clip = clip_of_talk()
    bake(clip, names=("hero",))
    for plug in ("faceBS.jawOpen", "teethBS.jawOpen"):
        assert np.abs(values_at(plug, FRAMES) - clip.column("jawOpen")).max() < 0.0101


def test_a_set_and_a_blend_shape_node_are_characters_too() -> None:
    from maya import cmds

    make_face("face", ("jawOpen",), blend="faceBS")
    cmds.sets("face", name="hero_set")
    assert read("hero_set").blend_shapes[0].node.name == "faceBS"
    assert read("faceBS").blend_shapes[0].shapes == ("jawOpen",)


def test_locked_driven_and_in_between_shapes_are_reported() -> None:
    from maya import cmds

    make_face(shapes=("jawOpen", "jawLeft", "jawRight", "mouthFunnel"))
    cmds.setAttr("faceBS.jawLeft", lock=True)
    cmds.spaceLocator(name="ctrl")
    cmds.connectAttr("ctrl.translateX", "faceBS.jawRight")
    half = cmds.polyCube(name="half", constructionHistory=False)[0]
    cmds.blendShape("faceBS", edit=True, inBetween=True, target=("face", 0, half, 0.5))
    rig = read("face")
    assert rig.blend_shapes[0].shapes == ("jawOpen", "mouthFunnel")
    said = " ".join(rig.remarks)
    assert "locked and were left alone: jawLeft" in said
    assert "moved by a connection and were left alone: jawRight" in said
    assert "jawOpen at 0.5" in said


def test_set_driven_keys_count_as_driven() -> None:
    from maya import cmds

    make_face(shapes=("jawOpen", "jawLeft"))
    cmds.spaceLocator(name="ctrl")
    cmds.createNode("animCurveUU", name="driven")
    cmds.connectAttr("ctrl.translateX", "driven.input")
    cmds.connectAttr("driven.output", "faceBS.jawLeft")
    assert read("face").blend_shapes[0].shapes == ("jawOpen",)


def make_file(tmp_path: Path) -> str:
    """A character's file: face, head joint, control."""
    from maya import cmds

    cmds.group(empty=True, name="geo")
    make_face(shapes=("jawOpen", "browInnerUp"))
    cmds.parent("face", "geo")
    make_head("head")
    cmds.select(clear=True)
    cmds.createNode("transform", name="main_ctrl")
    cmds.createNode("nurbsCurve", name="main_ctrlShape", parent="main_ctrl")
    path = str(tmp_path / "hero.ma")
    cmds.file(rename=path)
    cmds.file(save=True)
    cmds.file(new=True, force=True)
    return path


def test_referenced_characters_are_keyed_in_the_scene(tmp_path: Path) -> None:
    from maya import cmds

    path = make_file(tmp_path)
    for space in ("hero", "villain"):
        cmds.file(path, reference=True, namespace=space)
    clip = make_clip(jawOpen=wave_of(48), headYaw=0.5 * wave_of(48))
    bake(clip, names=("hero:",))
    assert np.abs(values_at("hero:faceBS.jawOpen", FRAMES) - clip.column("jawOpen")).max() < 0.0101
    assert values_at("hero:head.rotateY", FRAMES).max() > 20
    assert values_at("villain:faceBS.jawOpen", FRAMES).max() == 0, "the namesake moved"
    bake(clip, names=("villain",), line="other")
    cmds.file(rename=str(tmp_path / "shot.ma"))
    cmds.file(save=True)
    cmds.file(new=True, force=True)
    cmds.file(str(tmp_path / "shot.ma"), open=True)
    for space in ("hero", "villain"):
        shown = values_at(f"{space}:faceBS.jawOpen", FRAMES)
        assert np.abs(shown - clip.column("jawOpen")).max() < 0.0101


def test_a_control_stands_for_its_namespace(tmp_path: Path) -> None:
    from maya import cmds

    cmds.file(make_file(tmp_path), reference=True, namespace="hero")
    cmds.select("hero:main_ctrl")
    rig = read()
    assert rig.name == "hero"
    assert [blend.node.name for blend in rig.blend_shapes] == ["hero:faceBS"]
    assert set(rig.bones) == {"head", "main_ctrl"}


def test_names_that_mean_nothing_get_a_sentence() -> None:
    from maya import cmds

    with pytest.raises(BadInputError, match="no node, set or namespace 'nobody'"):
        read("nobody")
    cmds.select(clear=True)
    with pytest.raises(BadInputError, match="No character is chosen"):
        read()
    cmds.polyCube(name="box", constructionHistory=False)
    with pytest.raises(BadInputError, match="nothing that can be keyed"):
        read("box")


def test_custom_attributes_take_part_within_their_range() -> None:
    from maya import cmds

    from mynah_shared.rig.mapping import RigMapping
    from mynah_shared.rig.targets import Kind, Target

    make_face(shapes=("browInnerUp",))
    cmds.addAttr("face", longName="mouth", attributeType="double", keyable=True, min=0, max=5)
    cmds.addAttr("face", longName="tilt", attributeType="doubleAngle", keyable=True)
    mapping = RigMapping(
        {"mouth": {"jawOpen": 1.0}, "tilt": {"jawOpen": 1.0}},
        targets={
            "mouth": Target(Kind.PROPERTY, "mouth", owner="face", full=10.0),
            "tilt": Target(Kind.PROPERTY, "tilt", full=30.0),
        },
    )
    bake(make_clip(jawOpen=wave_of(48)), mapping=mapping)
    assert values_at("face.mouth", FRAMES).max() == pytest.approx(5.0, abs=0.1)
    tilt = values_at("face.tilt", FRAMES)
    assert np.abs(tilt - 30 * wave_of(48)).max() < 0.31


def test_an_attribute_called_like_a_shape_is_proposed() -> None:
    from maya import cmds

    cmds.createNode("transform", name="face_ctrl")
    cmds.addAttr("face_ctrl", longName="jawOpen", attributeType="double", keyable=True)
    clip = clip_of_talk()
    bake(clip, names=("face_ctrl",))
    assert np.abs(values_at("face_ctrl.jawOpen", FRAMES) - clip.column("jawOpen")).max() < 0.0101


def test_renaming_and_deleting_between_choice_and_bake() -> None:
    from maya import cmds

    from mynah_maya.baking.line import bake_line
    from mynah_maya.baking.record import Tag
    from mynah_maya.character import find_character
    from mynah_shared.motion.curves import KeyStyle

    make_face()
    chosen = find_character(("face",))
    cmds.rename("face", "visage")
    clip = clip_of_talk()
    bake_line(chosen, clip, 10 / 24, Tag("a", "a.wav", 0), KeyStyle())
    assert np.abs(values_at("faceBS.jawOpen", FRAMES) - clip.column("jawOpen")).max() < 0.0101
    cmds.delete("visage")
    before = set(cmds.ls())
    with pytest.raises(BadInputError, match="'face' was deleted"):
        bake_line(chosen, clip, 10 / 24, Tag("b", "b.wav", 0), KeyStyle())
    assert set(cmds.ls()) == before


def test_what_deforms_a_live_target_is_not_of_the_face() -> None:
    from maya import cmds

    target = cmds.polyCube(name="jawOpen", constructionHistory=False)[0]
    helper = cmds.polyCube(name="jawLeft", constructionHistory=False)[0]
    cmds.blendShape(helper, target, name="targetBS")
    mesh = cmds.polyCube(name="face", constructionHistory=False)[0]
    cmds.blendShape(target, mesh, name="faceBS")
    assert "targetBS" in cmds.listHistory("face")
    assert [blend.node.name for blend in read("face").blend_shapes] == ["faceBS"]


def test_a_rig_of_flames_expressions_asks_for_flame(tmp_path: Path) -> None:
    from mynah_maya.order import Wish, order_of
    from tests.maya.faces import make_voice

    make_face(shapes=[f"Exp{i}" for i in range(1, 21)])
    wish = Wish(audio=make_voice(tmp_path / "line.wav"), characters=("face",))
    assert order_of(wish).line.representation == "flame"
