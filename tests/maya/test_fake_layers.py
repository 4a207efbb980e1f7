"""Animation layers of the in-memory Maya."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def layered(maya: Any) -> str:
    """loc.tx is 2 below; a layer "Take" with loc.tx keyed to 10."""
    from maya import cmds

    cmds.spaceLocator(name="loc")
    cmds.setKeyframe("loc.tx", time=1, value=2)
    cmds.animLayer("Take", override=True)
    cmds.animLayer("Take", edit=True, attribute=["loc.tx", "loc.ty"])
    cmds.setKeyframe("loc.tx", time=1, value=10, animLayer="Take")
    return "Take"


def test_the_first_layer_brings_the_root(maya: Any) -> None:
    from maya import cmds

    assert cmds.animLayer(query=True, root=True) is None
    assert cmds.animLayer("Take") == "Take"
    assert cmds.animLayer(query=True, root=True) == "BaseAnimation"
    assert cmds.animLayer("BaseAnimation", query=True, children=True) == ["Take"]
    assert cmds.animLayer("Take", query=True, parent=True) == "BaseAnimation"
    assert cmds.animLayer("Take", exists=True)
    assert not cmds.animLayer("Other", exists=True)
    with pytest.raises(RuntimeError, match="Cannot find an animation layer"):
        cmds.animLayer("Other", query=True, mute=True)


@pytest.mark.parametrize(("weight", "expected"), [(1.0, 10.0), (0.5, 6.0), (0.0, 2.0)])
def test_an_override_layer_covers_what_is_below_by_its_weight(
    layered: str, weight: float, expected: float
) -> None:
    # CommandsPython/animLayer: -override, -weight, -passthrough (on by default).
    from maya import cmds

    cmds.animLayer("Take", edit=True, weight=weight)
    assert cmds.getAttr("loc.tx") == pytest.approx(expected)


def test_muted_layers_do_nothing_and_solo_mutes_the_others(layered: str) -> None:
    from maya import cmds

    cmds.animLayer("Take", edit=True, mute=True)
    assert cmds.getAttr("loc.tx") == 2
    cmds.animLayer("Take", edit=True, mute=False)
    cmds.animLayer("Other")
    cmds.animLayer("Other", edit=True, solo=True)
    assert cmds.getAttr("loc.tx") == 2
    cmds.animLayer("Other", edit=True, solo=False)
    assert cmds.getAttr("loc.tx") == 10


def test_an_additive_layer_adds(maya: Any) -> None:
    from maya import cmds

    cmds.spaceLocator(name="loc")
    cmds.setKeyframe("loc.tx", time=1, value=2)
    cmds.animLayer("More", attribute=["loc.tx"])
    assert cmds.getAttr("loc.tx") == 2
    cmds.setKeyframe("loc.tx", time=1, value=3, animLayer="More")
    assert cmds.getAttr("loc.tx") == 5
    cmds.animLayer("More", edit=True, weight=0.5)
    assert cmds.getAttr("loc.tx") == pytest.approx(3.5)


def test_a_layer_on_top_covers_the_one_below(layered: str) -> None:
    from maya import cmds

    cmds.animLayer("Top", override=True, attribute=["loc.tx"])
    cmds.setKeyframe("loc.tx", time=1, value=-7, animLayer="Top")
    assert cmds.getAttr("loc.tx") == -7
    cmds.animLayer("Top", edit=True, weight=0)
    assert cmds.getAttr("loc.tx") == 10
    assert cmds.animLayer(["loc.tx"], query=True, affectedLayers=True) == [
        "BaseAnimation",
        "Take",
        "Top",
    ]


def test_layers_are_made_of_blend_nodes(layered: str) -> None:
    # Saved scenes: node_attribute_layer, weightB from foregroundWeight, dagSetMembers, blendNodes.
    from maya import cmds

    blend = cmds.listConnections("loc.tx", source=True, destination=False)[0]
    assert (blend, cmds.nodeType(blend)) == ("loc_translateX_Take", "animBlendNodeAdditiveDL")
    assert cmds.listConnections(f"{blend}.weightB", plugs=True) == ["Take.foregroundWeight"]
    assert cmds.listConnections(f"{blend}.inputA") == ["loc_translateX"]
    assert cmds.animLayer("Take", query=True, layeredPlug="loc.tx") == f"{blend}.inputB"
    assert cmds.animLayer("Take", query=True, attribute=True) == [
        "loc.translateX",
        "loc.translateY",
    ]
    assert cmds.animLayer("Take", query=True, blendNodes=True) == [blend, "loc_translateY_Take"]
    curve = cmds.animLayer("Take", query=True, findCurveForPlug="loc.tx")
    assert cmds.keyframe(curve[0], query=True, valueChange=True) == [10]
    assert cmds.animLayer("Take", query=True, findCurveForPlug="loc.ty") is None
    assert cmds.animLayer("BaseAnimation", query=True, findCurveForPlug="loc.tx") == [
        "loc_translateX"
    ]


def test_rotations_share_one_blend_node(maya: Any) -> None:
    # A public key tool: rotations are keyed at animBlendNodeAdditiveRotation.inputBX, Y, Z.
    from maya import cmds

    cmds.spaceLocator(name="loc")
    cmds.animLayer("Take", override=True, attribute=["loc.rotate"])
    assert cmds.ls(type="animBlendNodeBase") == ["loc_rotate_Take"]
    cmds.setKeyframe("loc.ry", time=1, value=30, animLayer="Take")
    assert cmds.animLayer("Take", query=True, layeredPlug="loc.ry") == "loc_rotate_Take.inputBY"
    assert cmds.getAttr("loc.rotate")[0] == pytest.approx((0, 30, 0))


def test_without_a_layer_s_name_keys_go_to_the_selected_layer_or_the_base(layered: str) -> None:
    from maya import cmds

    cmds.setKeyframe("loc.tx", time=5, value=4)
    assert cmds.keyframe("loc_translateX", query=True) == [1, 5]
    cmds.animLayer("Take", edit=True, selected=True)
    cmds.setKeyframe("loc.tx", time=9, value=4)
    curve = cmds.animLayer("Take", query=True, findCurveForPlug="loc.tx")[0]
    assert cmds.keyframe(curve, query=True) == [1, 9]
    assert cmds.animLayer(["loc.tx"], query=True, bestLayer=True) == "Take"


def test_a_locked_layer_takes_no_keys(layered: str) -> None:
    # CommandsPython/animLayer, -lock: a locked layer takes no keys.
    from maya import cmds

    cmds.animLayer("Take", edit=True, lock=True)
    with pytest.raises(RuntimeError, match="locked"):
        cmds.setKeyframe("loc.tx", time=3, value=1, animLayer="Take")
    with pytest.raises(RuntimeError, match="not on the layer"):
        cmds.setKeyframe("loc.tz", time=3, value=1, animLayer="Take")


def test_a_deleted_layer_leaves_what_was_below(layered: str) -> None:
    from maya import cmds

    cmds.delete("Take")
    assert cmds.getAttr("loc.tx") == 2
    assert cmds.listConnections("loc.tx") == ["loc_translateX"]
    assert cmds.ls(type="animBlendNodeBase") == []
    cmds.undo()
    assert cmds.getAttr("loc.tx") == 10
    cmds.redo()
    assert cmds.getAttr("loc.tx") == 2


def test_one_attribute_can_leave_a_layer(layered: str) -> None:
    from maya import cmds

    cmds.animLayer("Take", edit=True, removeAttribute="loc.tx")
    assert cmds.getAttr("loc.tx") == 2
    assert cmds.animLayer("Take", query=True, attribute=True) == ["loc.translateY"]


def test_driven_attributes_can_not_be_put_on_a_layer(maya: Any) -> None:
    from maya import cmds

    cmds.spaceLocator(name="loc")
    cmds.spaceLocator(name="driver")
    cmds.connectAttr("driver.tx", "loc.tx")
    cmds.animLayer("Take", override=True)
    with pytest.raises(RuntimeError, match="incoming connection"):
        cmds.animLayer("Take", edit=True, attribute="loc.tx")


def test_a_keyed_layer_weight_fades(layered: str) -> None:
    from maya import cmds

    for frame, weight in ((1, 0), (11, 1)):
        cmds.setKeyframe(
            "Take.weight", time=frame, value=weight, inTangentType="linear", outTangentType="linear"
        )
    assert cmds.getAttr("loc.tx", time=1) == 2
    assert cmds.getAttr("loc.tx", time=6) == pytest.approx(6)
    assert cmds.getAttr("loc.tx", time=11) == 10
