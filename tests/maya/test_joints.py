"""Heads, jaws and controls: the character's own axes, whichever way the joint lies."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mynah_shared.rig.mapping import RigMapping
from mynah_shared.rig.targets import Kind, Motion, Target
from tests.maya.faces import PLUGIN, make_clip, make_head, values_at, wave_of
from tests.maya.test_baking import FRAMES, bake

NOD = RigMapping(
    {"nod": {"headPitch": 1.0}},
    targets={"nod": Target(Kind.BONE, "head", Motion.TURN, "left", full=57.29578)},
)


@pytest.fixture(autouse=True)
def plugin(maya: Any) -> None:
    from maya import cmds

    cmds.loadPlugin(str(PLUGIN))


@pytest.mark.parametrize("order", ["xyz", "yzx", "zxy", "xzy", "yxz", "zyx"])
def test_euler_angles_lead_back_in_every_order(order: str) -> None:
    from mynah_maya.baking.turns import from_euler, to_euler

    angles = np.cumsum(np.random.default_rng(3).normal(0, 4, (200, 3)), axis=0)
    turns = from_euler(angles, order)
    back = to_euler(turns, order, angles[0])
    assert np.abs(from_euler(back, order) - turns).max() < 1e-9
    assert np.abs(np.diff(back, axis=0)).max() < 90, "an angle jumps a full turn"


def test_mayas_order_of_angles() -> None:
    # rotateOrder xyz: about x first. y (0, 1, 0) by 90 about x becomes z, by 90 about z stays so
    from mynah_maya.baking.turns import from_euler

    turned = from_euler([90, 0, 90], "xyz")[0] @ [0, 1, 0]
    assert np.allclose(turned, [0, 0, 1])
    turned = from_euler([90, 0, 90], "zyx")[0] @ [0, 1, 0]
    assert np.allclose(turned, [-1, 0, 0])


def test_a_head_turns_about_the_characters_axes() -> None:
    make_head()
    clip = make_clip(headPitch=0.3 * wave_of(48))
    bake(clip, names=("head",))
    expected = np.degrees(clip.column("headPitch"))
    assert np.abs(values_at("head.rotateX", FRAMES) - expected).max() < 0.2
    assert np.abs(values_at("head.rotateY", FRAMES)).max() < 0.1


@pytest.mark.parametrize("up", ["y", "z"])
def test_a_joint_that_lies_differently_turns_the_same_way(up: str) -> None:
    from maya import cmds

    from mynah_maya.baking.turns import from_euler

    cmds.upAxis(axis=up)
    make_head("neck")
    cmds.setAttr("neck.jointOrientZ", 90)
    cmds.setAttr("neck.rotateY", 20)  # a pose, which the head's own axes follow
    cmds.joint(name="head")
    cmds.setAttr("head.jointOrientX", -90)
    cmds.setAttr("head.rotateZ", 10)
    cmds.setAttr("head.rotateOrder", 3)
    clip = make_clip(headPitch=0.3 * wave_of(48))
    bake(clip, names=("head",), mapping=NOD)
    rest = from_euler([0, 0, 90])[0] @ from_euler([-90, 0, 0])[0]
    base = from_euler([0, 0, 10], "xzy")[0]
    shown = np.stack([values_at(f"head.rotate{axis}", FRAMES) for axis in "XYZ"], axis=1)
    turned = rest @ from_euler(shown, "xzy") @ base.T @ rest.T
    wanted = from_euler(np.degrees(clip.column("headPitch"))[:, None] * [1, 0, 0])
    assert np.abs(turned - wanted).max() < 0.006


def test_a_second_bake_adds_to_the_artists_pose_not_to_the_first_take() -> None:
    from maya import cmds

    make_head()
    cmds.setAttr("head.rotateX", 7)
    clip = make_clip(headPitch=0.3 - 0.3 * wave_of(48))
    for seed in (0, 1, 1):
        bake(clip, names=("head",), seed=seed)
        expected = 7 + np.degrees(clip.column("headPitch"))
        assert np.abs(values_at("head.rotateX", FRAMES) - expected).max() < 0.2
    assert cmds.getAttr("head.rotateX", time=1) == pytest.approx(7)


def test_own_axes_moves_and_slides() -> None:
    from maya import cmds

    cmds.createNode("transform", name="board")
    cmds.createNode("nurbsCurve", name="boardShape", parent="board")
    cmds.setAttr("board.translateZ", lock=True)
    make_head("jaw")
    cmds.setAttr("jaw.translateY", 3)
    mapping = RigMapping(
        {"slide": {"jawOpen": 1.0}, "turn": {"jawOpen": 1.0}, "move": {"jawOpen": 1.0}},
        targets={
            "slide": Target(Kind.BONE, "board", Motion.SLIDE, "y", full=-1.0),
            "turn": Target(Kind.BONE, "jaw", Motion.TURN, "z", full=-20.0),
            "move": Target(Kind.BONE, "jaw", Motion.MOVE, "up", full=-0.01),
        },
    )
    clip = make_clip(jawOpen=wave_of(48))
    bake(clip, names=("board", "jaw"), mapping=mapping)
    opened = clip.column("jawOpen")
    assert np.abs(values_at("board.translateY", FRAMES) + opened).max() < 0.011
    assert np.abs(values_at("jaw.rotateZ", FRAMES) + 20 * opened).max() < 0.21
    assert np.abs(values_at("jaw.translateY", FRAMES) - 3 + opened).max() < 0.011


def test_a_joint_that_something_else_moves_stays_still_with_a_reason() -> None:
    from maya import cmds

    make_head("jaw")
    make_head("head")
    cmds.setAttr("head.rotateX", lock=True)
    report = bake(
        make_clip(jawOpen=wave_of(48), headPitch=0.2 * wave_of(48)), names=("jaw", "head")
    )
    assert any("'head' stays still: 'head.rotateX' is locked" in said for said in report.remarks)
    assert np.ptp(values_at("jaw.rotateX", FRAMES)) > 5


def test_covered_animation_is_told() -> None:
    from maya import cmds

    make_head()
    cmds.setKeyframe("head.rotateY", time=1, value=0)
    cmds.setKeyframe("head.rotateY", time=90, value=40)
    report = bake(make_clip(headPitch=0.2 * wave_of(48)), names=("head",))
    assert any("covers your own animation of head" in said for said in report.remarks)
    assert cmds.getAttr("head.rotateY", time=90) == pytest.approx(40)


def test_other_units_of_angle_and_length() -> None:
    from maya import cmds

    make_head("neck")
    cmds.setAttr("neck.jointOrientZ", 90)
    cmds.joint(name="head")
    cmds.currentUnit(angle="rad", linear="m")
    cmds.setAttr("head.rotateX", 0.1)
    mapping = RigMapping(
        {"nod": {"headPitch": 1.0}, "move": {"jawOpen": 1.0}},
        targets={
            "nod": NOD.target("nod"),
            "move": Target(Kind.BONE, "head", Motion.MOVE, "left", full=0.02),
        },
    )
    clip = make_clip(headPitch=0.3 * wave_of(48), jawOpen=wave_of(48))
    bake(clip, names=("head",), mapping=mapping)
    pitch, opened = clip.column("headPitch"), clip.column("jawOpen")
    # the neck lies on its side: the character's left is the joint's -y
    assert np.abs(values_at("head.translateY", FRAMES) + 0.02 * opened).max() < 3e-4
    assert np.abs(values_at("head.rotateY", FRAMES) + pitch).max() < 0.01
    cmds.currentUnit(angle="deg", linear="cm")
    shown = values_at("head.rotateY", FRAMES)
    assert np.abs(shown + np.degrees(pitch)).max() < 0.5
