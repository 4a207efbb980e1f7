"""Scenes, references, namespaces and callbacks of the in-memory Maya."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def rig(maya: Any, tmp_path: Path) -> str:
    """A file with a face: blendShape with two targets, a head joint, a locked and a driven plug."""
    from maya import cmds

    face = cmds.polyCube(name="face", constructionHistory=False)[0]
    targets = [cmds.duplicate(face, name=name)[0] for name in ("jawOpen", "smile")]
    cmds.blendShape(*targets, face, name="bs")
    cmds.delete(targets)
    cmds.joint(name="head")
    cmds.addAttr("head", longName="note", dataType="string")
    cmds.setAttr("head.tx", lock=True)
    cmds.connectAttr("face.ty", "head.ty")
    path = str(tmp_path / "rig.ma")
    cmds.file(rename=path)
    cmds.file(save=True)
    cmds.file(new=True, force=True)
    return path


@pytest.fixture
def referenced(rig: str) -> str:
    from maya import cmds

    cmds.file(rig, reference=True, namespace="hero")
    return rig


def test_a_saved_scene_comes_back_whole(maya: Any, tmp_path: Path) -> None:
    from maya import cmds

    cmds.currentUnit(time="pal")
    cmds.spaceLocator(name="loc")
    cmds.setKeyframe("loc.tx", time=3, value=1)
    cmds.setKeyframe("loc.tx", time=9, value=5)
    cmds.keyTangent("loc.tx", time=(3, 3), outAngle=30)
    cmds.animLayer("Take", override=True, attribute=["loc.tx"])
    cmds.setKeyframe("loc.tx", time=3, value=7, animLayer="Take")
    cmds.addAttr("loc", longName="mood", attributeType="enum", enumName="glad:sad", keyable=True)
    values = [cmds.getAttr("loc.tx", time=frame / 3) for frame in range(30)]
    uuid = cmds.ls("loc", uuid=True)
    path = str(tmp_path / "a.ma")
    cmds.file(rename=path)
    assert cmds.file(query=True, modified=True)
    cmds.file(save=True, type="mayaAscii")
    assert not cmds.file(query=True, modified=True)
    cmds.file(new=True)
    assert not cmds.objExists("loc")
    cmds.file(path, open=True)
    assert cmds.currentUnit(query=True, time=True) == "pal"
    assert [cmds.getAttr("loc.tx", time=frame / 3) for frame in range(30)] == values
    assert cmds.getAttr("loc.mood", asString=True) == "glad"
    assert cmds.ls("loc", uuid=True) == uuid
    assert cmds.file(query=True, sceneName=True) == path


def test_the_hierarchy_comes_back_below_references_too(
    maya: Any, referenced: str, tmp_path: Path
) -> None:
    from maya import cmds

    cmds.spaceLocator(name="inner")
    cmds.parent("inner", "hero:head")
    cmds.spaceLocator(name="first")
    cmds.group("first", name="outer")  # made after its member
    paths = cmds.ls("inner", "first", long=True)
    path = str(tmp_path / "shot.ma")
    cmds.file(rename=path)
    cmds.file(save=True)
    cmds.file(path, open=True)
    assert (
        cmds.ls("inner", "first", long=True)
        == paths
        == ["|hero:face|hero:head|inner", "|outer|first"]
    )


def test_unsaved_work_is_not_thrown_away_without_force(maya: Any, tmp_path: Path) -> None:
    from maya import cmds

    cmds.createNode("network")
    with pytest.raises(RuntimeError, match="Unsaved changes"):
        cmds.file(new=True)
    with pytest.raises(RuntimeError, match="No file name specified"):
        cmds.file(save=True)
    with pytest.raises(RuntimeError, match="File not found"):
        cmds.file(str(tmp_path / "none.ma"), open=True, force=True)
    assert cmds.ls(type="network") == ["network1"]


def test_callbacks_come_before_and_after_a_new_scene(maya: Any, tmp_path: Path) -> None:
    # API reference MSceneMessage; MMessage.removeCallback.
    import maya.api.OpenMaya as om
    from maya import cmds

    told: list[Any] = []
    cmds.createNode("transform", name="old")

    def tell(data: Any) -> None:
        told.append((data, cmds.objExists("old")))

    ids = [
        om.MSceneMessage.addCallback(om.MSceneMessage.kBeforeNew, tell, "before"),
        om.MSceneMessage.addCallback(om.MSceneMessage.kAfterNew, tell, "after"),
    ]
    job = cmds.scriptJob(event=["NewSceneOpened", lambda: told.append("job")])
    cmds.file(new=True, force=True)
    assert told == [("before", True), ("after", False), "job"]
    om.MMessage.removeCallbacks(ids)
    cmds.scriptJob(kill=job)
    cmds.file(new=True, force=True)
    assert len(told) == 3
    with pytest.raises(RuntimeError, match="no callback"):
        om.MMessage.removeCallback(ids[0])


def test_a_check_callback_can_forbid(maya: Any) -> None:
    import maya.api.OpenMaya as om
    from maya import cmds

    om.MSceneMessage.addCheckCallback(om.MSceneMessage.kBeforeNewCheck, lambda _data: False)
    with pytest.raises(RuntimeError, match="cancelled by user supplied callback"):
        cmds.file(new=True, force=True)


def test_referenced_nodes_know_their_file(maya: Any, referenced: str) -> None:
    # CommandsPython/referenceQuery
    from maya import cmds

    assert cmds.ls("hero:*", type="blendShape") == ["hero:bs"]
    assert cmds.listAttr("hero:bs.weight", multi=True) == ["jawOpen", "smile"]
    assert cmds.referenceQuery("hero:bs", isNodeReferenced=True)
    assert cmds.referenceQuery("hero:bs", filename=True) == referenced
    assert cmds.referenceQuery("hero:bs", referenceNode=True) == "heroRN"
    assert cmds.referenceQuery("hero:bs", namespace=True) == ":hero"
    assert cmds.file(query=True, reference=True) == [referenced]
    assert cmds.ls("hero:face", referencedNodes=True) == ["hero:face"]
    cmds.createNode("transform", name="own")
    assert not cmds.referenceQuery("own", isNodeReferenced=True)
    with pytest.raises(RuntimeError, match="not from a referenced file"):
        cmds.referenceQuery("own", filename=True)


def test_referenced_nodes_can_be_keyed_but_not_deleted_renamed_or_moved(
    maya: Any, referenced: str
) -> None:
    # Maya help, "Limitations of file referencing": no delete, rename or reparent.
    from maya import cmds

    cmds.setKeyframe("hero:bs.jawOpen", time=1, value=1)
    assert cmds.getAttr("hero:bs.jawOpen") == 1
    cmds.setAttr("hero:face.tx", 3)
    with pytest.raises(RuntimeError, match="read only"):
        cmds.delete("hero:face")
    with pytest.raises(RuntimeError, match="Cannot rename a read only node"):
        cmds.rename("hero:face", "villain")
    cmds.group(empty=True, name="all")
    with pytest.raises(RuntimeError, match="read only"):
        cmds.parent("hero:face", "all")
    with pytest.raises(RuntimeError, match="Cannot lock or unlock the referenced"):
        cmds.lockNode("hero:face")
    with pytest.raises(RuntimeError, match="is locked in the referenced file"):
        cmds.setAttr("hero:head.tx", lock=False)
    with pytest.raises(RuntimeError, match="locked or connected"):
        cmds.setAttr("hero:head.ty", 1)
    cmds.addAttr("hero:face", longName="mynah", dataType="string")


def test_changes_on_references_are_saved_with_the_scene(
    maya: Any, referenced: str, tmp_path: Path
) -> None:
    from maya import cmds

    cmds.setKeyframe("hero:bs.jawOpen", time=1, value=0.75)
    cmds.setAttr("hero:head.note", "kept", type="string")
    cmds.addAttr("hero:face", longName="mynah", dataType="string")
    cmds.setAttr("hero:face.mynah", "record", type="string")
    cmds.animLayer("Take", override=True, attribute=["hero:head.rx"])
    cmds.setKeyframe("hero:head.rx", time=1, value=15, animLayer="Take")
    path = str(tmp_path / "shot.ma")
    cmds.file(rename=path)
    cmds.file(save=True)
    cmds.file(new=True)
    cmds.file(path, open=True)
    assert cmds.getAttr("hero:bs.jawOpen") == 0.75
    assert cmds.getAttr("hero:head.note") == "kept"
    assert cmds.getAttr("hero:face.mynah") == "record"
    assert cmds.getAttr("hero:head.rx") == pytest.approx(15)
    cmds.animLayer("Take", edit=True, mute=True)
    assert cmds.getAttr("hero:head.rx") == 0


def test_an_unloaded_reference_is_gone_until_it_is_loaded(maya: Any, referenced: str) -> None:
    from maya import cmds

    cmds.setAttr("hero:face.tx", 3)
    cmds.file(unloadReference="heroRN")
    assert not cmds.objExists("hero:face")
    assert not cmds.referenceQuery("heroRN", isLoaded=True)
    cmds.file(loadReference="heroRN")
    assert cmds.getAttr("hero:face.tx") == 3
    cmds.file(referenced, removeReference=True)
    assert cmds.ls(type="reference") == []
    assert not cmds.objExists("hero:face")


def test_a_layer_s_members_come_back_with_their_reference(maya: Any, referenced: str) -> None:
    from maya import cmds

    cmds.file(referenced, reference=True, namespace="other")
    cmds.animLayer("Take", override=True, attribute=["hero:bs.smile", "other:bs.smile"])
    cmds.setKeyframe("hero:bs.smile", time=1, value=0.5, animLayer="Take")
    cmds.file(unloadReference="heroRN")
    assert cmds.animLayer("Take", query=True, attribute=True) == ["other:bs.smile"]
    cmds.file(loadReference="heroRN")
    assert sorted(cmds.animLayer("Take", query=True, attribute=True)) == [
        "hero:bs.smile",
        "other:bs.smile",
    ]
    assert cmds.getAttr("hero:bs.smile") == 0.5


def test_keys_in_a_referenced_file_are_not_edited(maya: Any, rig: str, tmp_path: Path) -> None:
    # Preferences > Animation: "Allow referenced animation curves to be edited" is off by default.
    import maya.api.OpenMaya as om
    import maya.api.OpenMayaAnim as oma
    from maya import cmds

    cmds.file(rig, open=True)
    cmds.setKeyframe("bs.smile", time=1, value=1)
    cmds.file(save=True)
    cmds.file(new=True)
    cmds.file(rig, reference=True, namespace="hero")
    assert cmds.getAttr("hero:bs.smile") == 1
    with pytest.raises(RuntimeError, match="referenced file"):
        cmds.setKeyframe("hero:bs.smile", time=1, value=0)
    with pytest.raises(RuntimeError, match="referenced file"):
        cmds.cutKey("hero:bs.smile")
    curve = oma.MFnAnimCurve(om.MSelectionList().add("hero:bs.smile").getPlug(0))
    with pytest.raises(RuntimeError, match="referenced file"):
        curve.addKeys([om.MTime(1)], [0.0])


def test_the_same_file_twice_has_two_namespaces(maya: Any, referenced: str) -> None:
    from maya import cmds

    cmds.file(referenced, reference=True, namespace="hero")
    assert cmds.ls(type="blendShape", recursive=True) == ["hero:bs", "hero1:bs"]
    assert cmds.referenceQuery("hero1:bs", filename=True) == f"{referenced}{{1}}"
    assert cmds.referenceQuery("hero1:bs", filename=True, withoutCopyNumber=True) == referenced


def test_namespaces(maya: Any) -> None:
    # CommandsPython/namespace and namespaceInfo
    from maya import cmds

    cmds.namespace(add="hero")
    cmds.createNode("transform", name="hero:head")
    assert cmds.ls("head") == []
    assert cmds.ls("*:head") == ["hero:head"]
    assert cmds.ls("*head") == []  # a star stays within its namespace
    assert cmds.ls("head", recursive=True) == ["hero:head"]
    assert cmds.namespaceInfo("hero", listNamespace=True) == ["hero:head"]
    assert "hero" in cmds.namespaceInfo(listOnlyNamespaces=True)
    with pytest.raises(RuntimeError, match="exists already"):
        cmds.namespace(add="hero")
    with pytest.raises(RuntimeError, match="not empty"):
        cmds.namespace(removeNamespace="hero")
    cmds.namespace(removeNamespace="hero", mergeNamespaceWithRoot=True)
    assert cmds.ls("head") == ["head"]
    assert not cmds.namespace(exists="hero")
