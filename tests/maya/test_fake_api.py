"""The API 2.0 of the in-memory Maya: handles, plugs, curves in bulk, modifiers, commands."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest


def _plug(name: str) -> Any:
    import maya.api.OpenMaya as om

    return om.MSelectionList().add(name).getPlug(0)


def _times(*frames: float) -> Any:
    import maya.api.OpenMaya as om

    return om.MTimeArray([om.MTime(frame, om.MTime.uiUnit()) for frame in frames])


def _curve(name: str) -> Any:
    """A curve on a plug, connected."""
    import maya.api.OpenMaya as om
    import maya.api.OpenMayaAnim as oma

    curve, modifier = oma.MFnAnimCurve(), om.MDGModifier()
    curve.create(_plug(name), oma.MFnAnimCurve.kAnimCurveUnknown, modifier)
    modifier.doIt()
    return curve


@pytest.fixture
def locator(maya: Any) -> str:
    from maya import cmds

    return cmds.spaceLocator(name="loc")[0]


def test_a_handle_outlives_names_but_not_its_node(locator: str) -> None:
    # API reference MObjectHandle, MFnDependencyNode.uuid
    import maya.api.OpenMaya as om
    from maya import cmds

    found = om.MSelectionList().add("loc").getDependNode(0)
    handle, uuid = om.MObjectHandle(found), om.MFnDependencyNode(found).uuid()
    cmds.rename("loc", "other")
    assert om.MFnDependencyNode(handle.object()).name() == "other"
    assert cmds.ls(uuid.asString()) == ["other"]
    assert om.MSelectionList().add(uuid).getSelectionStrings() == ("other",)
    cmds.delete("other")
    assert not handle.isValid()
    with pytest.raises(RuntimeError, match="Object does not exist"):
        om.MFnDependencyNode(handle.object())
    with pytest.raises(RuntimeError, match="Object does not exist"):
        om.MSelectionList().add(uuid)
    cmds.undo()
    assert handle.isValid()
    cmds.file(new=True, force=True)
    assert not handle.isValid()


def test_names_that_are_nobody_s_are_refused(locator: str) -> None:
    import maya.api.OpenMaya as om

    for name in ("nobody", "loc.nothing", "nobody.tx"):
        with pytest.raises(RuntimeError, match="Object does not exist"):
            om.MSelectionList().add(name)
    with pytest.raises(TypeError):
        om.MSelectionList().add("loc").getPlug(0)
    with pytest.raises(IndexError):
        om.MSelectionList().getDependNode(0)


def test_plugs_read_and_write_internal_units(locator: str) -> None:
    # API reference MPlug: asDouble of an angle is in radians.
    from maya import cmds

    cmds.setAttr("loc.rx", 180)
    plug = _plug("loc.rx")
    assert plug.asDouble() == pytest.approx(math.pi)
    plug.setDouble(math.pi / 2)
    assert cmds.getAttr("loc.rx") == pytest.approx(90)
    cmds.undo()  # the plug's change is on no queue: this takes the setAttr before it
    assert cmds.getAttr("loc.rx") == 0
    cmds.setAttr("loc.rx", lock=True)
    with pytest.raises(RuntimeError, match="locked or connected"):
        plug.setDouble(1)


def test_plugs_know_their_source(locator: str) -> None:
    from maya import cmds

    assert _plug("loc.tx").source().isNull
    cmds.setKeyframe("loc.tx", time=1, value=1)
    plug = _plug("loc.tx")
    assert plug.isDestination
    assert plug.source().name() == "loc_translateX.output"
    assert plug.isFreeToChange() == plug.kNotFreeToChange
    whole = _plug("loc.t")
    assert whole.child(1).partialName() == "ty"
    assert whole.child(1).parent() == whole
    assert [whole.child(i).partialName(useLongNames=True) for i in range(3)] == [
        "translateX",
        "translateY",
        "translateZ",
    ]


def test_weights_are_elements_with_aliases(maya: Any) -> None:
    # API reference MPlug: elementByLogicalIndex, partialName(useAlias), getAliasList.
    import maya.api.OpenMaya as om
    from maya import cmds

    base = cmds.polyCube(name="face", constructionHistory=False)[0]
    cmds.blendShape(cmds.duplicate(base, name="smile")[0], base, name="bs")
    node = om.MFnDependencyNode(om.MSelectionList().add("bs").getDependNode(0))
    weights = node.findPlug("weight", False)
    assert weights.isArray
    assert list(weights.getExistingArrayAttributeIndices()) == [0]
    smile = weights.elementByLogicalIndex(0)
    assert smile == _plug("bs.smile")
    assert smile.array() == weights
    assert not smile.isChild
    with pytest.raises(TypeError, match="no child"):
        smile.parent()
    assert smile.partialName() == "w[0]"
    assert smile.partialName(useLongNames=True) == "weight[0]"
    assert smile.partialName(useAlias=True, includeNodeName=True) == "bs.smile"
    assert node.getAliasList() == (("smile", "weight[0]"),)
    smile.setDouble(0.5)
    assert cmds.getAttr("bs.smile") == 0.5
    with pytest.raises(RuntimeError, match="Cannot find plug"):
        node.findPlug("nothing", False)


def test_many_keys_at_once_take_the_place_of_the_old_ones(locator: str) -> None:
    # API reference MFnAnimCurve.addKeys: keepExistingKeys is False by default.
    import maya.api.OpenMaya as om
    from maya import cmds

    cmds.setKeyframe("loc.tx", time=100, value=5)
    import maya.api.OpenMayaAnim as oma

    curve = oma.MFnAnimCurve(_plug("loc.tx"))
    curve.addKeys(_times(1, 2, 3), om.MDoubleArray([1, 2, 3]))
    assert cmds.keyframe("loc.tx", query=True) == [1, 2, 3]
    curve.addKeys(_times(3, 4), om.MDoubleArray([30, 40]), keepExistingKeys=True)
    assert cmds.keyframe("loc.tx", query=True, valueChange=True) == [1, 2, 30, 40]
    assert curve.numKeys == 4
    with pytest.raises(ValueError, match="2 times but 1 values"):
        curve.addKeys(_times(3, 4), om.MDoubleArray([30]))
    with pytest.raises(TypeError):
        curve.addKeys([3.0, 4.0], [1.0, 2.0])


def test_many_keys_at_once_only_for_angles_lengths_and_numbers_over_time(maya: Any) -> None:
    # API reference MFnAnimCurve.addKeys: kAnimCurveTA, kAnimCurveTL and kAnimCurveTU only.
    import maya.api.OpenMaya as om
    import maya.api.OpenMayaAnim as oma

    curve = oma.MFnAnimCurve()
    curve.create(oma.MFnAnimCurve.kAnimCurveUU)
    with pytest.raises(RuntimeError, match="animCurveUU"):
        curve.addKeys(_times(1), om.MDoubleArray([1]))
    with pytest.raises(TypeError):
        curve.evaluate(om.MTime(1))


def test_a_curve_is_connected_after_the_modifier_did_it(maya: Any, locator: str) -> None:
    # [unverified] which of both Maya does; code has to work with either.
    import maya.api.OpenMaya as om
    import maya.api.OpenMayaAnim as oma
    from maya import cmds

    for at_once in (False, True):
        maya.options["create connects at once"] = at_once
        curve, modifier = oma.MFnAnimCurve(), om.MDGModifier()
        curve.create(_plug("loc.tx"), oma.MFnAnimCurve.kAnimCurveTL, modifier)
        assert cmds.objExists("loc_translateX")
        assert (cmds.listConnections("loc.tx") is not None) == at_once
        modifier.doIt()
        assert cmds.listConnections("loc.tx") == ["loc_translateX"]
        modifier.undoIt()
        assert cmds.listConnections("loc.tx") is None
        assert not cmds.objExists("loc_translateX")
        modifier.doIt()
        assert cmds.listConnections("loc.tx") == ["loc_translateX"]
        modifier.undoIt()


def test_a_curve_can_not_be_put_on_a_locked_or_driven_plug(locator: str) -> None:
    import maya.api.OpenMaya as om
    import maya.api.OpenMayaAnim as oma
    from maya import cmds

    cmds.setAttr("loc.tx", lock=True)
    cmds.connectAttr("loc.sx", "loc.ty")
    cmds.setKeyframe("loc.tz", time=1, value=0)
    for name in ("loc.tx", "loc.ty", "loc.tz"):
        with pytest.raises(RuntimeError, match=r"locked|incoming connection|curve already"):
            oma.MFnAnimCurve().create(_plug(name), 8, om.MDGModifier())
    with pytest.raises(RuntimeError, match="no animation curve"):
        oma.MFnAnimCurve(_plug("loc.rx"))


def test_edits_of_keys_are_undone_by_their_change_only(locator: str) -> None:
    # API reference MAnimCurveChange: a modifier does not record edits of keys.
    import maya.api.OpenMaya as om
    import maya.api.OpenMayaAnim as oma
    from maya import cmds

    cmds.setKeyframe("loc.tx", time=1, value=5)
    curve, change = oma.MFnAnimCurve(_plug("loc.tx")), oma.MAnimCurveChange()
    curve.addKeys(_times(1, 2), om.MDoubleArray([7, 8]), change=change)
    curve.setValue(0, 9, change)
    curve.remove(1, change)
    assert cmds.keyframe("loc.tx", query=True, valueChange=True) == [9]
    change.undoIt()
    assert cmds.keyframe("loc.tx", query=True, valueChange=True) == [5]
    change.redoIt()
    assert cmds.keyframe("loc.tx", query=True, valueChange=True) == [9]


def test_tangents_are_given_in_frames_or_in_seconds(locator: str) -> None:
    # OpenUSD's TsTest_MayapyDriver.py: with convertUnits (the default) x counts frames.
    import maya.api.OpenMaya as om
    import maya.api.OpenMayaAnim as oma
    from maya import cmds

    curve = _curve("loc.rx")
    degrees_a_frame = 2.0
    ways = {True: (1.0, degrees_a_frame), False: (1 / 24, math.radians(degrees_a_frame))}
    for convert, (x, y) in ways.items():
        curve.addKeysWithTangents(
            _times(1, 11),
            om.MDoubleArray([0, math.radians(90)]),
            oma.MFnAnimCurve.kTangentFixed,
            oma.MFnAnimCurve.kTangentFixed,
            tangentInXArray=[x, x],
            tangentInYArray=[y, y],
            tangentOutXArray=[x, x],
            tangentOutYArray=[y, y],
            convertUnits=convert,
        )
        step = cmds.getAttr("loc.rx", time=1.01) - cmds.getAttr("loc.rx", time=1)
        assert step == pytest.approx(degrees_a_frame * 0.01, rel=0.05)
        x_told, y_told = curve.getTangentXY(0, False)  # seconds and radians, of length 1
        assert math.hypot(x_told, y_told) == pytest.approx(1)
        assert y_told / x_told == pytest.approx(math.radians(degrees_a_frame) * 24)
    assert curve.outTangentType(0) == oma.MFnAnimCurve.kTangentFixed


def test_types_that_get_lost_in_the_arrays_are_set_afterwards(locator: str) -> None:
    import maya.api.OpenMaya as om
    import maya.api.OpenMayaAnim as oma
    from maya._errors import NotInTheFake

    curve, step = _curve("loc.tx"), oma.MFnAnimCurve.kTangentStep
    with pytest.raises(NotInTheFake):
        curve.addKeysWithTangents(
            _times(1, 2), om.MDoubleArray([0, 1]), tangentOutTypeArray=[step, step]
        )
    curve.addKeys(_times(1, 2), om.MDoubleArray([0, 1]))
    curve.setOutTangentType(0, step)
    assert curve.evaluate(om.MTime(1.9, om.MTime.uiUnit())) == 0
    assert curve.inTangentType(0) == oma.MFnAnimCurve.kTangentAuto  # the default of new keys


_PLUGIN = """
import maya.api.OpenMaya as om
from maya import cmds


def maya_useNewAPI():
    pass


class Move(om.MPxCommand):
    def doIt(self, args):
        given = om.MArgDatabase(syntax(), args)
        names = given.getObjectStrings()
        self.plug = om.MSelectionList().add(names[0] + ".tx").getPlug(0)
        self.value = given.flagArgumentDouble("by", 0) if given.isFlagSet("by") else 1.0
        self.redoIt()
        self.setResult([names[0]] * given.numberOfFlagUses("tag"))

    def redoIt(self):
        self.old = self.plug.asDouble()
        self.plug.setDouble(self.old + self.value)

    def undoIt(self):
        self.plug.setDouble(self.old)

    def isUndoable(self):
        return True


def syntax():
    made = om.MSyntax()
    made.addFlag("by", "byAmount", om.MSyntax.kDouble)
    made.addFlag("tag", "tagName", om.MSyntax.kString)
    made.makeFlagMultiUse("tag")
    made.setObjectType(om.MSyntax.kStringObjects, 1, 1)
    return made


def initializePlugin(plugin):
    om.MFnPlugin(plugin, "Tests", "1.0", "Any").registerCommand("testMove", Move, syntax)


def uninitializePlugin(plugin):
    om.MFnPlugin(plugin).deregisterCommand("testMove")
"""


@pytest.fixture
def plugin(locator: str, tmp_path: Path) -> str:
    from maya import cmds

    path = tmp_path / "test_move.py"
    path.write_text(_PLUGIN, encoding="utf-8")
    cmds.loadPlugin(str(path))
    return str(path)


def test_a_plug_in_s_command_runs_and_is_undone(plugin: str) -> None:
    # API reference MPxCommand: doIt, undoIt, redoIt, isUndoable.
    from maya import cmds

    assert cmds.testMove("loc", byAmount=3, tagName=["a", "b"]) == ["loc", "loc"]
    assert cmds.testMove("loc", by=4.0) == []
    assert cmds.getAttr("loc.tx") == 7
    cmds.undo()
    assert cmds.getAttr("loc.tx") == 3
    cmds.undo()
    assert cmds.getAttr("loc.tx") == 0
    cmds.redo()
    assert cmds.getAttr("loc.tx") == 3
    assert "-byAmount Float" in cmds.help("testMove")


def test_its_syntax_refuses_before_it_runs(plugin: str) -> None:
    from maya import cmds

    with pytest.raises(TypeError, match="Invalid flag 'how'"):
        cmds.testMove("loc", how=3)
    with pytest.raises(TypeError, match="Expected float, got str"):
        cmds.testMove("loc", byAmount="far")
    with pytest.raises(RuntimeError, match="objects"):
        cmds.testMove("loc", "loc")
    assert cmds.getAttr("loc.tx") == 0


def test_a_loaded_plug_in_can_be_asked_for_and_unloaded(plugin: str) -> None:
    # CommandsPython/unloadPlugin and flushUndo: a plug-in whose commands are on the undo queue is
    # in use, so the queue has to be flushed before.
    from maya import cmds

    assert cmds.pluginInfo("test_move", query=True, loaded=True)
    assert cmds.pluginInfo("test_move", query=True, command=True) == ["testMove"]
    assert cmds.pluginInfo("test_move", query=True, path=True) == plugin
    cmds.testMove("loc")
    with pytest.raises(RuntimeError, match="in use"):
        cmds.unloadPlugin("test_move")
    cmds.flushUndo()
    cmds.unloadPlugin("test_move")
    assert not cmds.pluginInfo("test_move", query=True, loaded=True)
    with pytest.raises(AttributeError):
        cmds.testMove("loc")
    with pytest.raises(RuntimeError, match="was not found"):
        cmds.loadPlugin("nowhere")


@pytest.mark.parametrize(("short", "long"), [("b", "by"), ("long", "longer"), ("by", "b")])
def test_names_of_flags_that_maya_does_not_take(maya: Any, short: str, long: str) -> None:
    # MSyntax::addFlag: short names have up to three letters, long ones at least four.
    import maya.api.OpenMaya as om

    with pytest.raises(RuntimeError, match="no names of a flag"):
        om.MSyntax().addFlag(short, long, om.MSyntax.kString)


def test_the_shelf_and_menus_remember_their_buttons(maya: Any) -> None:
    # The pattern of public installers: the shelf that is shown, found by $gShelfTopLevel.
    from maya import cmds, mel

    top = mel.eval("$t=$gShelfTopLevel")
    shelf = cmds.tabLayout(top, query=True, selectTab=True)
    assert shelf == "Custom"
    assert cmds.shelfLayout(shelf, query=True, childArray=True) is None
    button = cmds.shelfButton(parent=f"{top}|{shelf}", label="Go", command="x", sourceType="python")
    assert cmds.shelfButton(button, query=True, label=True) == "Go"
    cmds.deleteUI(button)
    with pytest.raises(RuntimeError, match="not found"):
        cmds.shelfButton(button, query=True, label=True)
    cmds.menu("Mynah", parent=mel.eval("$t=$gMainWindow"), label="Mynah")
    cmds.menuItem(parent="MayaWindow|Mynah", label="Window")
    assert cmds.menu("Mynah", query=True, numberOfItems=True) == 1
    cmds.deleteUI("Mynah", menu=True)
    assert not cmds.menu("Mynah", exists=True)
