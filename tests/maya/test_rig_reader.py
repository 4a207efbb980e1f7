"""What a rig performs becomes a clip: by all that moves it, or by what one take's layer says."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest

from mynah_shared.errors import BadInputError
from mynah_shared.motion.arkit import ARKIT_BLENDSHAPES, ARKIT_CHANNELS, HEAD_CHANNELS
from mynah_shared.motion.clip import MotionClip
from mynah_shared.pieces import Pieces
from mynah_shared.rig.mapping import RigMapping
from mynah_shared.rig.targets import Kind, Motion, Target
from tests.maya.faces import PLUGIN, make_clip, make_face, make_head, values_at, wave_of
from tests.maya.test_baking import FRAMES, bake

BOUND = 0.011  # key reduction


@pytest.fixture(autouse=True)
def plugin(maya: Any) -> None:
    from maya import cmds

    cmds.loadPlugin(str(PLUGIN))


def passage(*names: str, frames: Iterable[float] = FRAMES, **rest: Any) -> Any:
    from mynah_maya.character import find_character
    from mynah_maya.rig_reader import Passage

    return Passage(find_character(names), tuple(frames), 24.0, "a take", **rest)


def read(*names: str, **rest: Any) -> MotionClip:
    from mynah_maya.rig_reader import read_passage

    return finish(read_passage(passage(*names, **rest)))


def finish(pieces: Pieces[MotionClip]) -> MotionClip:
    """The clip, and no piece takes long or moves the playhead."""
    from maya import cmds

    here = cmds.currentTime(query=True)
    while True:
        begin_s = time.perf_counter()
        try:
            assert 0 <= next(pieces) <= 1
        except StopIteration as done:
            return done.value
        assert time.perf_counter() - begin_s < 1.0
        assert cmds.currentTime(query=True) == here


def layer_of(report: Any) -> Any:
    from mynah_maya.reference import Reference

    return Reference.to(report.layer)


def lively(rows: int = 48) -> MotionClip:
    clip = make_clip(24.0, rows)
    rate = np.random.default_rng(0).uniform(0.05, 0.2, len(ARKIT_CHANNELS))
    clip.values[:] = 0.5 - 0.5 * np.cos(np.arange(rows)[:, None] * rate)
    clip.values[:, 52:] -= 0.4
    return clip


def test_what_was_baked_is_read_again() -> None:
    from maya import cmds

    make_face()
    make_head()
    cmds.group("face", "head", name="hero")
    clip = lively()
    bake(clip, names=("hero",))
    found = read("hero")
    assert set(found.channels) == set(ARKIT_CHANNELS)
    assert np.abs(found.select(ARKIT_CHANNELS).values - clip.values).max() < BOUND


def test_the_artists_own_animation_is_read() -> None:
    from maya import cmds

    make_face(shapes=("jawOpen", "mouthFunnel"))
    for frame, value in ((10, 0.0), (30, 0.8)):
        cmds.setKeyframe("faceBS.jawOpen", time=frame, value=value)
    cmds.setAttr("faceBS.mouthFunnel", 0.25)
    found = read("face")
    assert np.allclose(found.column("jawOpen"), values_at("faceBS.jawOpen", FRAMES), atol=1e-6)
    assert np.allclose(found.column("mouthFunnel"), 0.25)


def test_shapes_that_controls_drive_or_that_are_locked_are_read_too() -> None:
    from maya import cmds

    make_face(shapes=("jawOpen", "jawLeft"))
    cmds.spaceLocator(name="ctrl")
    cmds.connectAttr("ctrl.translateX", "faceBS.jawOpen")
    cmds.setKeyframe("ctrl.translateX", time=10, value=0)
    cmds.setKeyframe("ctrl.translateX", time=40, value=0.6)
    cmds.setAttr("faceBS.jawLeft", 0.5)
    cmds.setAttr("faceBS.jawLeft", lock=True)
    found = read("face")
    assert np.allclose(found.column("jawOpen"), values_at("ctrl.translateX", FRAMES), atol=1e-6)
    assert np.allclose(found.column("jawLeft"), 0.5)


@pytest.mark.parametrize("up", ["y", "z"])
@pytest.mark.parametrize("unit", ["deg", "rad"])
def test_a_head_that_lies_differently_is_read_about_the_characters_axes(up: str, unit: str) -> None:
    from maya import cmds

    cmds.upAxis(axis=up)
    make_face(shapes=("jawOpen",))
    make_head("neck")
    cmds.setAttr("neck.jointOrientZ", 90)
    cmds.joint(name="head")
    cmds.setAttr("head.jointOrientX", -90)
    cmds.setAttr("head.rotateZ", 10)
    cmds.setAttr("head.rotateOrder", 3)
    cmds.group("face", "neck", name="hero")
    cmds.currentUnit(angle=unit)
    rows = np.arange(48)
    turns = {"headPitch": 0.3 * wave_of(48), "headYaw": 0.4 * np.sin(rows / 7)}
    clip = make_clip(headRoll=0.2 * np.cos(rows / 9), jawOpen=wave_of(48), **turns)
    report = bake(clip, names=("hero",))
    for layer in (None, layer_of(report)):
        found = read("hero", layer=layer)
        for channel in HEAD_CHANNELS:
            assert np.abs(found.column(channel) - clip.column(channel)).max() < 0.012, channel


def test_slides_moves_and_turns_of_controls_are_read() -> None:
    from maya import cmds

    cmds.createNode("transform", name="board")
    cmds.createNode("nurbsCurve", name="boardShape", parent="board")
    make_head("jaw")
    cmds.setAttr("jaw.translateY", 3)
    mapping = RigMapping(
        {
            "slide": {"mouthSmileLeft": 1.0},
            "across": {"mouthLeft": 1.0, "mouthRight": -1.0},
            "turn": {"jawOpen": 1.0},
            "move": {"jawForward": 1.0},
        },
        targets={
            "slide": Target(Kind.BONE, "board", Motion.SLIDE, "y", full=-1.0),
            "across": Target(Kind.BONE, "board", Motion.SLIDE, "x", full=2.0),
            "turn": Target(Kind.BONE, "jaw", Motion.TURN, "z", full=-20.0),
            "move": Target(Kind.BONE, "jaw", Motion.MOVE, "front", full=0.01),
        },
    )
    sway = np.sin(np.arange(48) / 6)
    clip = make_clip(
        jawOpen=wave_of(48),
        jawForward=wave_of(48, 0.7),
        mouthSmileLeft=wave_of(48, 0.9),
        mouthLeft=np.maximum(sway, 0),
        mouthRight=np.maximum(-sway, 0),
    )
    bake(clip, names=("board", "jaw"), mapping=mapping)
    found = read("board", "jaw", mapping=mapping)
    for channel in ("jawOpen", "jawForward", "mouthSmileLeft", "mouthLeft", "mouthRight"):
        assert np.abs(found.column(channel) - clip.column(channel)).max() < 0.02, channel


def test_sliders_of_a_range_of_their_own_are_read() -> None:
    from maya import cmds

    cmds.spaceLocator(name="ui")
    cmds.addAttr("ui", longName="open", attributeType="double", keyable=True)
    cmds.setKeyframe("ui.open", time=10, value=0)
    cmds.setKeyframe("ui.open", time=50, value=10)
    mapping = RigMapping(
        {"open": {"jawOpen": 1.0}}, targets={"open": Target(Kind.PROPERTY, "open", full=10.0)}
    )
    found = read("ui", mapping=mapping)
    assert np.allclose(found.column("jawOpen"), values_at("ui.open", FRAMES) / 10, atol=1e-6)


def test_of_a_take_what_its_own_layer_says_is_read() -> None:
    from maya import cmds

    make_face()
    first, second = make_clip(jawOpen=wave_of(48)), make_clip(jawOpen=wave_of(48, 0.4))
    one = bake(first)
    bake(second, seed=1)  # mutes the first
    over = cmds.animLayer("mine", override=True)
    cmds.animLayer(over, edit=True, attribute="faceBS.jawOpen")
    cmds.setKeyframe("faceBS.jawOpen", time=20, value=1.0, animLayer=over)
    found = read("face", layer=layer_of(one))
    assert np.abs(found.column("jawOpen") - first.column("jawOpen")).max() < BOUND
    assert np.allclose(read("face").column("jawOpen"), values_at("faceBS.jawOpen", FRAMES))


def test_teeth_do_not_count_against_the_face() -> None:
    from maya import cmds

    make_face("face", ARKIT_BLENDSHAPES, blend="faceBS")
    make_face("teeth", ("jaw_open",), blend="teethBS")
    cmds.group("face", "teeth", name="hero")
    cmds.setKeyframe("faceBS.jawOpen", time=10, value=0.6)
    assert np.allclose(read("hero").column("jawOpen"), 0.6)


def test_reading_survives_renaming_and_tells_of_deletion_and_another_rate() -> None:
    from maya import cmds

    from mynah_maya.rig_reader import read_passage

    make_face(shapes=("jawOpen",))
    cmds.setKeyframe("faceBS.jawOpen", time=10, value=0)
    cmds.setKeyframe("faceBS.jawOpen", time=50, value=1)
    frames = [1 + i / 100 for i in range(20000)]
    reading = read_passage(passage("face", frames=frames))
    next(reading)
    cmds.rename("faceBS", "otherBS")
    next(reading)
    cmds.currentUnit(time="pal")
    with pytest.raises(BadInputError, match="rate was changed while 'a take' was read"):
        next(reading)
    reading = read_passage(passage("face", frames=frames))
    next(reading)
    cmds.delete("otherBS")
    with pytest.raises(BadInputError, match="'otherBS' was deleted while its animation was read"):
        next(reading)


def test_what_can_not_be_read_is_told_before() -> None:
    from maya import cmds

    from mynah_maya.rig_reader import check_passage, passage_of

    make_face(shapes=("squish",))
    with pytest.raises(BadInputError, match=r"no shapes with ARKit names"):
        check_passage(passage("face"))
    make_face("hero", ("jawOpen",), blend="heroBS")
    gone = passage("hero", layer=layer_of(bake(make_clip(jawOpen=wave_of(48)), names=("hero",))))
    cmds.delete(gone.layer.find())
    with pytest.raises(BadInputError, match="The layer 'mynah_line_0' was deleted"):
        check_passage(gone)
    with pytest.raises(BadInputError, match="frames 9 to 3 of 'hero' are none"):
        passage_of(gone.rig, 9, 3)
    deleted = passage("hero")
    cmds.delete("hero")
    with pytest.raises(BadInputError, match="The rig 'hero' was deleted"):
        check_passage(deleted)


def test_a_referenced_rig_is_read(tmp_path: Any) -> None:
    from maya import cmds

    make_face(shapes=("jawOpen",))
    cmds.setKeyframe("faceBS.jawOpen", time=10, value=0.3)
    cmds.file(rename=str(tmp_path / "rig.ma"))
    cmds.file(save=True, type="mayaAscii")
    cmds.file(new=True, force=True)
    cmds.file(str(tmp_path / "rig.ma"), reference=True, namespace="hero")
    assert np.allclose(read("hero:").column("jawOpen"), 0.3)
