"""Nodes, attributes, blendShapes and sets of the in-memory Maya."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def face(maya: Any) -> str:
    """A blendShape "bs" on "face" with the targets jawOpen and smile, whose meshes are gone."""
    from maya import cmds

    base = cmds.polyCube(name="face", constructionHistory=False)[0]
    targets = [cmds.duplicate(base, name=name)[0] for name in ("jawOpen", "smile")]
    cmds.blendShape(*targets, base, name="bs")
    cmds.delete(targets)
    return base


def test_names_are_made_unique(maya: Any) -> None:
    from maya import cmds

    assert [cmds.createNode("transform") for _ in range(2)] == ["transform1", "transform2"]
    assert cmds.rename("transform2", "transform1") == "transform2"
    assert cmds.rename("transform2", "a b!") == "a_b_"
    cmds.createNode("transform", name="transform1", parent="a_b_")  # a name is per parent
    assert cmds.ls("transform1") == ["|transform1", "a_b_|transform1"]


def test_the_hierarchy_can_be_walked(face: str) -> None:
    # CommandsPython/listRelatives
    from maya import cmds

    cmds.group("face", name="all")
    shapes = cmds.listRelatives("face", shapes=True)
    assert shapes == ["faceShape", "faceShapeOrig"]
    assert cmds.listRelatives("face", shapes=True, noIntermediate=True) == ["faceShape"]
    assert cmds.listRelatives("faceShape", parent=True, fullPath=True) == ["|all|face"]
    assert cmds.listRelatives("all", allDescendents=True, type="mesh") == shapes[::-1]
    assert cmds.listRelatives("faceShape") is None
    assert cmds.ls("all", dag=True, type="transform") == ["all", "face"]
    assert cmds.listHistory("face", pruneDagObjects=True) == ["bs"]
    cmds.delete("all")
    assert cmds.ls(type="mesh") == []
    assert cmds.ls(assemblies=True) == ["persp", "top", "front", "side"]


def test_what_fed_a_deleted_node_only_goes_with_it(face: str) -> None:
    # Nodes of these types do not exist without an output; Undo brings all of them back.
    from maya import cmds

    cmds.setKeyframe("bs.smile", time=1, value=1)
    cmds.setKeyframe("face.rx", time=1, value=1)
    cmds.animLayer("Take", override=True, attribute=["bs.smile", "face.rx"])
    cmds.setKeyframe("bs.smile", time=1, value=0, animLayer="Take")
    before = cmds.ls()
    cmds.delete("face")
    assert cmds.ls(type=["animCurve", "animBlendNodeBase", "blendShape", "mesh"]) == []
    assert cmds.animLayer("Take", query=True, attribute=True) is None
    cmds.undo()
    assert cmds.ls() == before
    assert cmds.getAttr("bs.smile") == 0


def test_deformers_are_found_through_connections(face: str) -> None:
    # CommandsPython/listConnections: source and destination, type, plugs, connections.
    from maya import cmds

    assert cmds.listConnections("faceShape", type="blendShape") == ["bs"]
    assert cmds.listConnections("faceShape.inMesh", plugs=True) == ["bs.outputGeometry[0]"]
    assert cmds.listConnections("bs", destination=True, source=False, connections=True) == [
        "bs.outputGeometry[0]",
        "faceShape",
    ]
    assert cmds.listConnections("bs.weight") is None
    with pytest.raises(ValueError, match="No object matches name"):
        cmds.listConnections("bs.nothing")


def test_weights_are_called_by_their_aliases(face: str) -> None:
    # CommandsPython/aliasAttr; public tools get the aliases by listAttr(multi=True).
    from maya import cmds

    assert cmds.listAttr("bs.weight", multi=True) == ["jawOpen", "smile"]
    assert cmds.aliasAttr("bs", query=True) == ["jawOpen", "weight[0]", "smile", "weight[1]"]
    cmds.setAttr("bs.smile", 0.25)
    assert cmds.getAttr("bs.weight[1]") == cmds.getAttr("bs.w[1]") == 0.25
    assert cmds.getAttr("bs.weight") == [(0.0, 0.25)]
    assert cmds.getAttr("bs.weight", multiIndices=True) == [0, 1]
    assert cmds.blendShape("bs", query=True, weight=True) == [0.0, 0.25]
    assert cmds.blendShape("bs", query=True, target=True) is None  # the meshes are gone
    assert cmds.blendShape("bs", query=True, geometry=True) == ["faceShape"]
    cmds.aliasAttr("grin", "bs.weight[1]")
    assert cmds.listAttr("bs.weight", multi=True) == ["jawOpen", "grin"]
    assert not cmds.objExists("bs.smile")
    with pytest.raises(RuntimeError, match="in use"):
        cmds.aliasAttr("jawOpen", "bs.weight[1]")
    cmds.aliasAttr("bs.grin", remove=True)
    assert cmds.listAttr("bs.weight", multi=True) == ["jawOpen", "weight[1]"]


def test_weights_may_leave_the_range_from_0_to_1(face: str) -> None:
    # Only the channel box's slider stops there: soft limits.
    from maya import cmds

    cmds.setAttr("bs.jawOpen", 1.5)
    assert cmds.getAttr("bs.jawOpen") == 1.5
    cmds.setAttr("bs.envelope", 9)
    assert cmds.getAttr("bs.envelope") == 2


def test_deformers_of_one_mesh_form_a_chain(face: str) -> None:
    # CommandsPython/blendShape and skinCluster: by default a new deformer is the last of the chain.
    from maya import cmds

    cmds.duplicate("face", name="blink")
    cmds.blendShape("blink", "face", name="lids")
    bone = cmds.joint(name="neck")
    cmds.skinCluster(bone, "face", name="skin", toSelectedBones=True)
    assert cmds.listHistory("face", pruneDagObjects=True) == ["skin", "lids", "bs"]
    for name in ("bs", "lids"):
        assert cmds.blendShape(name, query=True, geometry=True) == ["faceShape"]
    assert cmds.listConnections("skin.matrix", source=True, type="joint") == ["neck"]
    assert cmds.skinCluster("skin", query=True, influence=True) == ["neck"]


def test_in_between_targets_are_items_of_their_own(face: str) -> None:
    # CommandsPython/blendShape, -inBetween; item = 5000 + 1000 x weight (node reference).
    from maya import cmds

    cmds.duplicate("face", name="jawHalf")
    cmds.blendShape("bs", edit=True, inBetween=True, target=("face", 0, "jawHalf", 0.5))
    items = "bs.inputTarget[0].inputTargetGroup[0].inputTargetItem"
    assert cmds.getAttr(items, multiIndices=True) == [5500, 6000]
    assert cmds.listAttr("bs.weight", multi=True) == ["jawOpen", "smile"]
    with pytest.raises(RuntimeError, match="no shape to be in between"):
        cmds.blendShape("bs", edit=True, inBetween=True, target=("face", 7, "jawHalf", 0.5))


def test_attributes_can_be_added_and_described(maya: Any) -> None:
    # CommandsPython/addAttr, attributeQuery, listAttr
    from maya import cmds

    cmds.spaceLocator(name="ctl")
    cmds.addAttr("ctl", longName="jawOpen", minValue=0, maxValue=1, defaultValue=0, keyable=True)
    cmds.addAttr("ctl", longName="mood", attributeType="enum", enumName="glad:sad=4")
    assert cmds.listAttr("ctl", userDefined=True) == ["jawOpen", "mood"]
    assert "jawOpen" in cmds.listAttr("ctl", keyable=True)
    assert cmds.attributeQuery("jawOpen", node="ctl", range=True) == [0, 1]
    assert not cmds.attributeQuery("mood", node="ctl", minExists=True)
    assert cmds.attributeQuery("jawOpen", node="ctl", attributeType=True) == "double"
    assert cmds.attributeQuery("translateX", node="ctl", attributeType=True) == "doubleLinear"
    assert cmds.attributeQuery("jawOpen", node="ctl", niceName=True) == "Jaw Open"
    assert not cmds.attributeQuery("nothing", node="ctl", exists=True)
    with pytest.raises(RuntimeError, match="does not exist"):
        cmds.attributeQuery("nothing", node="ctl", keyable=True)
    with pytest.raises(RuntimeError, match="already"):
        cmds.addAttr("ctl", longName="jawOpen")
    cmds.setAttr("ctl.jawOpen", 7)
    assert cmds.getAttr("ctl.jawOpen") == 1
    cmds.setAttr("ctl.mood", 4)
    assert cmds.getAttr("ctl.mood", asString=True) == "sad"


def test_values_of_the_wrong_type_are_refused(maya: Any) -> None:
    from maya import cmds

    cmds.spaceLocator(name="ctl")
    cmds.addAttr("ctl", longName="note", dataType="string")
    with pytest.raises(RuntimeError, match="type='string'"):
        cmds.setAttr("ctl.note", "x")
    with pytest.raises(RuntimeError, match="Error reading data element"):
        cmds.setAttr("ctl.tx", "x")
    with pytest.raises(RuntimeError, match="not a string"):
        cmds.setAttr("ctl.tx", "x", type="string")
    with pytest.raises(RuntimeError, match="Error reading data element"):
        cmds.setAttr("ctl.t", 1, 2)
    cmds.setAttr("ctl.t", 1, 2, 3)
    assert cmds.getAttr("ctl.t") == [(1.0, 2.0, 3.0)]
    cmds.setAttr("ctl.note", "x", type="string")
    assert cmds.getAttr("ctl.note") == "x"
    with pytest.raises(RuntimeError, match="no data values"):
        cmds.getAttr("ctl.message")


def test_connections_are_refused_where_there_is_one(maya: Any) -> None:
    # CommandsPython/connectAttr: -force is needed to replace a connection.
    from maya import cmds

    for name in ("a", "b", "c"):
        cmds.spaceLocator(name=name)
    cmds.connectAttr("a.tx", "c.tx")
    with pytest.raises(RuntimeError, match="already has an incoming connection from"):
        cmds.connectAttr("b.tx", "c.tx")
    cmds.connectAttr("b.tx", "c.tx", force=True)
    assert cmds.isConnected("b.tx", "c.tx")
    with pytest.raises(RuntimeError, match="no connection from"):
        cmds.disconnectAttr("a.tx", "c.tx")
    with pytest.raises(RuntimeError, match="cannot be found"):
        cmds.connectAttr("b.tx", "c.nothing")
    cmds.setAttr("b.tx", 3)
    cmds.disconnectAttr("b.tx", "c.tx")
    assert cmds.getAttr("c.tx") == 3  # it keeps the value
    cmds.connectAttr("b.t", "c.t")
    assert cmds.getAttr("c.tx") == 3
    with pytest.raises(RuntimeError, match="locked or connected"):
        cmds.setAttr("c.tx", 1)


def test_between_angles_and_numbers_goes_a_conversion(maya: Any) -> None:
    from maya import cmds

    cmds.spaceLocator(name="ctl")
    cmds.spaceLocator(name="bone")
    cmds.connectAttr("ctl.sx", "bone.rx")
    cmds.setAttr("ctl.sx", 90)
    assert cmds.getAttr("bone.rx") == pytest.approx(90)
    assert cmds.nodeType(cmds.listConnections("bone.rx")[0]) == "unitConversion"
    assert cmds.listConnections("bone.rx", skipConversionNodes=True) == ["ctl"]


def test_locked_nodes_refuse(maya: Any) -> None:
    # CommandsPython/lockNode: no delete, rename, reparent, new attributes or connections.
    from maya import cmds

    cmds.spaceLocator(name="a")
    cmds.spaceLocator(name="b")
    cmds.lockNode("a")
    for deed in (
        lambda: cmds.delete("a"),
        lambda: cmds.rename("a", "c"),
        lambda: cmds.parent("a", "b"),
        lambda: cmds.addAttr("a", longName="x"),
        lambda: cmds.connectAttr("b.tx", "a.tx"),
        lambda: cmds.setAttr("a.tx", 1),
    ):
        with pytest.raises(RuntimeError, match="locked"):
            deed()
    cmds.lockNode("a", lock=False)
    cmds.delete("a")


def test_sets_hold_members(maya: Any) -> None:
    # CommandsPython/sets
    from maya import cmds

    cmds.spaceLocator(name="a")
    cmds.createNode("network", name="n")
    assert cmds.sets("a", "n", name="cast") == "cast"
    assert cmds.sets("cast", query=True) == ["a", "n"]
    assert cmds.sets("a", isMember="cast")
    cmds.sets("a", remove="cast")
    assert cmds.sets("cast", query=True) == ["n"]
    cmds.delete("n")
    assert cmds.sets("cast", query=True) is None
    with pytest.raises(RuntimeError, match="not a set"):
        cmds.sets("a", query=True)


def test_the_selection_follows_deleted_nodes(maya: Any) -> None:
    from maya import cmds

    cmds.spaceLocator(name="a")
    cmds.spaceLocator(name="b")
    cmds.select("a", "b.tx")
    assert cmds.ls(selection=True) == ["a", "b.translateX"]
    cmds.delete("a")
    assert cmds.ls(selection=True) == ["b.translateX"]
    cmds.select(clear=True)
    assert cmds.ls(selection=True) == []
