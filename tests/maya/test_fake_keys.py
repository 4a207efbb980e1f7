"""Keys and curves of the in-memory Maya, against its documentation."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st


@pytest.fixture
def locator(maya: Any) -> str:
    from maya import cmds

    return cmds.spaceLocator(name="loc")[0]


def test_keyframe_tells_what_setkeyframe_set(locator: str) -> None:
    # CommandsPython/setKeyframe and keyframe: times and values in the interface's units.
    from maya import cmds

    assert cmds.setKeyframe("loc.translateX", time=1, value=2) == 1
    assert cmds.setKeyframe("loc", attribute="translateX", time=5.5, value=-4) == 1
    assert cmds.keyframe("loc.tx", query=True) == [1.0, 5.5]
    assert cmds.keyframe("loc.tx", query=True, valueChange=True) == [2.0, -4.0]
    both = cmds.keyframe("loc.tx", query=True, timeChange=True, valueChange=True)
    assert both == [1.0, 2.0, 5.5, -4.0]
    assert cmds.keyframe("loc.tx", query=True, keyframeCount=True) == 2
    assert cmds.keyframe("loc", query=True, name=True) == ["loc_translateX"]
    assert cmds.keyframe("loc.tx", query=True, time=(2, 9)) == [5.5]
    assert cmds.keyframe("loc.tx", query=True, time=(1, 5.5)) == [1.0, 5.5]  # both ends belong
    assert cmds.keyframe("loc.ty", query=True) is None


@pytest.mark.parametrize(
    ("attribute", "kind"),
    [("tx", "animCurveTL"), ("rx", "animCurveTA"), ("sx", "animCurveTU"), ("v", "animCurveTU")],
)
def test_the_curve_s_type_follows_the_attribute(locator: str, attribute: str, kind: str) -> None:
    # Nodes/animCurve: input and output types of the eight kinds.
    from maya import cmds

    cmds.setKeyframe(f"loc.{attribute}", time=1, value=1)
    curve = cmds.listConnections(f"loc.{attribute}", source=True, destination=False)[0]
    assert cmds.nodeType(curve) == kind


def test_getattr_follows_the_current_time(locator: str) -> None:
    from maya import cmds

    for frame, value in ((1, 0), (11, 100)):
        cmds.setKeyframe(
            "loc.tx", time=frame, value=value, inTangentType="linear", outTangentType="linear"
        )
    cmds.currentTime(6)
    assert cmds.getAttr("loc.tx") == pytest.approx(50)
    assert cmds.getAttr("loc.tx", time=11) == 100
    assert cmds.getAttr("loc.tx", time=500) == 100  # constant infinity


def test_a_value_set_on_a_keyed_plug_lasts_until_the_time_changes(locator: str) -> None:
    # CommandsPython/getAttr, -settable: locked or connected is not settable, keys are.
    from maya import cmds

    cmds.setKeyframe("loc.tx", time=1, value=5)
    assert cmds.getAttr("loc.tx", settable=True)
    cmds.setAttr("loc.tx", 9)
    assert cmds.getAttr("loc.tx") == 9
    cmds.currentTime(2)
    assert cmds.getAttr("loc.tx") == 5
    cmds.currentTime(1)
    cmds.setAttr("loc.tx", 9)
    cmds.setKeyframe("loc.tx")
    cmds.currentTime(2)
    assert cmds.getAttr("loc.tx") == 9


def test_angles_are_degrees_for_commands_and_radians_inside(locator: str) -> None:
    import maya.api.OpenMaya as om
    import maya.api.OpenMayaAnim as oma
    from maya import cmds

    cmds.setKeyframe("loc.rx", time=1, value=180)
    curve = oma.MFnAnimCurve(om.MSelectionList().add("loc.rx").getPlug(0))
    assert curve.value(0) == pytest.approx(math.pi)
    assert cmds.getAttr("loc.rx") == pytest.approx(180)


def test_stepped_tangents_hold(locator: str) -> None:
    # CommandsPython/keyTangent: step holds to the next key, stepnext jumps to it.
    from maya import cmds

    for frame, value in ((1, 0), (5, 1), (9, 4)):
        cmds.setKeyframe("loc.tx", time=frame, value=value, outTangentType="step")
    assert cmds.getAttr("loc.tx", time=4.99) == 0
    assert cmds.getAttr("loc.tx", time=5) == 1
    cmds.keyTangent("loc.tx", outTangentType="stepnext")
    assert cmds.getAttr("loc.tx", time=1.01) == 1


def test_auto_tangents_do_not_overshoot(locator: str) -> None:
    from maya import cmds

    for frame, value in ((1, 0), (5, 1), (6, 1.1), (20, 0)):
        cmds.setKeyframe("loc.tx", time=frame, value=value)
    values = [cmds.getAttr("loc.tx", time=1 + i / 10) for i in range(191)]
    assert min(values) >= 0
    assert max(values) <= 1.1


def test_infinity(locator: str) -> None:
    # CommandsPython/setInfinity
    from maya import cmds

    for frame, value in ((1, 0), (11, 10)):
        cmds.setKeyframe(
            "loc.tx", time=frame, value=value, inTangentType="linear", outTangentType="linear"
        )
    told = {}
    for kind in ("constant", "linear", "cycle", "cycleRelative", "oscillate"):
        cmds.setInfinity("loc.tx", postInfinite=kind)
        assert cmds.setInfinity("loc.tx", query=True, postInfinite=True) == [kind]
        told[kind] = cmds.getAttr("loc.tx", time=14)
    assert told["constant"] == 10
    assert told["linear"] == pytest.approx(13)
    assert told["cycle"] == pytest.approx(3)
    assert told["cycleRelative"] == pytest.approx(13)
    assert told["oscillate"] == pytest.approx(7)


def test_cutkey_takes_keys_and_with_the_last_one_the_curve(locator: str) -> None:
    # CommandsPython/cutKey; the attribute keeps the value it had.
    from maya import cmds

    for frame in (1, 5, 9):
        cmds.setKeyframe("loc.tx", time=frame, value=frame)
    assert cmds.cutKey("loc", attribute="tx", time=(2, 6)) == 1
    assert cmds.keyframe("loc.tx", query=True) == [1.0, 9.0]
    cmds.currentTime(9)
    assert cmds.cutKey("loc.tx") == 2
    assert cmds.ls(type="animCurve") == []
    assert cmds.getAttr("loc.tx") == 9


def test_an_inserted_key_leaves_the_shape(locator: str) -> None:
    # CommandsPython/setKeyframe -insert: "inserts keys without changing the shape of the curve".
    from maya import cmds

    for frame, value in ((1, 0), (5, 3), (9, 1), (14, 8)):
        cmds.setKeyframe("loc.tx", time=frame, value=value)
    before = [cmds.getAttr("loc.tx", time=1 + i / 7) for i in range(92)]
    cmds.setKeyframe("loc.tx", time=7, insert=True)
    assert 7.0 in cmds.keyframe("loc.tx", query=True)
    after = [cmds.getAttr("loc.tx", time=1 + i / 7) for i in range(92)]
    assert after == pytest.approx(before, abs=1e-4)


def test_keys_can_be_moved_but_their_values_stay(locator: str) -> None:
    from maya import cmds

    for frame in (1, 2, 3):
        cmds.setKeyframe("loc.tx", time=frame, value=frame * 10)
    cmds.keyframe("loc.tx", edit=True, relative=True, timeChange=100)
    assert cmds.keyframe("loc.tx", query=True) == [101, 102, 103]
    cmds.keyframe("loc.tx", edit=True, index=(1, 1), valueChange=7)
    assert cmds.keyframe("loc.tx", query=True, valueChange=True) == [10, 7, 30]


def test_locked_and_connected_plugs_take_no_keys(locator: str) -> None:
    from maya import cmds

    cmds.setAttr("loc.tx", lock=True)
    with pytest.raises(RuntimeError, match="locked"):
        cmds.setKeyframe("loc.tx", time=1, value=1)
    with pytest.raises(RuntimeError, match="locked or connected"):
        cmds.setAttr("loc.tx", 1)
    cmds.spaceLocator(name="driver")
    cmds.connectAttr("driver.ty", "loc.ty")
    with pytest.raises(RuntimeError, match="incoming connection"):
        cmds.setKeyframe("loc.ty", time=1, value=1)
    with pytest.raises(RuntimeError, match="locked or connected"):
        cmds.setAttr("loc.ty", 1)
    assert not cmds.getAttr("loc.ty", settable=True)
    # without an attribute only what can be keyed is
    assert cmds.setKeyframe("loc.tz", time=1, value=1) == 1


def test_driven_keys_follow_another_attribute(locator: str) -> None:
    # CommandsPython/setDrivenKeyframe: the curve's input is the driver, so time does not matter.
    from maya import cmds

    cmds.spaceLocator(name="ctl")
    for at, value in ((0, 0), (1, 90)):
        cmds.setDrivenKeyframe(
            "loc.rx",
            currentDriver="ctl.ty",
            driverValue=at,
            value=value,
            inTangentType="linear",
            outTangentType="linear",
        )
    curve = cmds.listConnections("loc.rx", source=True, destination=False)[0]
    assert cmds.nodeType(curve) == "animCurveUA"
    cmds.setAttr("ctl.ty", 0.5)
    assert cmds.getAttr("loc.rx") == pytest.approx(45)
    cmds.setKeyframe("ctl.ty", time=1, value=0)
    cmds.setKeyframe("ctl.ty", time=9, value=1, inTangentType="linear")
    assert cmds.getAttr("loc.rx", time=9) == pytest.approx(90)
    assert cmds.keyframe(curve, query=True, floatChange=True) == [0, 1]


def test_equal_neighbours_are_level_whatever_their_tangents(locator: str) -> None:
    # OpenUSD's TsTest_MayapyDriver.py on Maya 2023: a segment between equal values is flat.
    from maya import cmds

    cmds.setKeyframe("loc.tx", time=1, value=1)
    cmds.setKeyframe("loc.tx", time=25, value=1)
    cmds.keyTangent("loc.tx", lock=False)
    cmds.keyTangent("loc.tx", outAngle=60, inAngle=-60)
    assert cmds.getAttr("loc.tx", time=13) == 1


def _bezier(points: list[tuple[float, float]], x: float) -> float:
    """The reference: a cubic Bezier whose inner points lie a third of the way, found by halving."""
    low, high = 0.0, 1.0
    for _ in range(80):
        u = (low + high) / 2
        if _polynomial([p[0] for p in points], u) < x:
            low = u
        else:
            high = u
    return _polynomial([p[1] for p in points], low)


def _polynomial(p: list[float], u: float) -> float:
    v = 1 - u
    return v**3 * p[0] + 3 * u * v * v * p[1] + 3 * u * u * v * p[2] + u**3 * p[3]


_KEY = st.tuples(
    st.integers(1, 40), st.floats(-5, 5), st.floats(-3, 3), st.sampled_from([False, True])
)


_REACH = st.floats(0.1, 1.0)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(out=_REACH, into=_REACH, slopes=st.tuples(st.floats(-3, 3), st.floats(-3, 3)), at=_REACH)
def test_weighted_tangents_have_a_length(
    maya: Any, out: float, into: float, slopes: tuple[float, float], at: float
) -> None:
    # OpenUSD's TsTest_MayapyDriver.py: x and y of a tangent are three times its inner point.
    import maya.api.OpenMaya as om
    import maya.api.OpenMayaAnim as oma

    maya.reset()
    unit, length = om.MTime.uiUnit(), 10.0
    curve = oma.MFnAnimCurve()
    curve.create(oma.MFnAnimCurve.kAnimCurveTU)
    curve.setIsWeighted(True)
    reaches = [out * length * 3, into * length * 3]
    rises = [slope * reach for slope, reach in zip(slopes, reaches, strict=True)]
    curve.addKeysWithTangents(
        om.MTimeArray([om.MTime(0, unit), om.MTime(length, unit)]),
        om.MDoubleArray([0, 5]),
        oma.MFnAnimCurve.kTangentFixed,
        oma.MFnAnimCurve.kTangentFixed,
        tangentInXArray=reaches,
        tangentInYArray=rises,
        tangentOutXArray=reaches,
        tangentOutYArray=rises,
    )
    points = [
        (0.0, 0.0),
        (out * length, slopes[0] * out * length),
        (length - into * length, 5 - slopes[1] * into * length),
        (length, 5.0),
    ]
    told = curve.evaluate(om.MTime(at * length, unit))
    assert told == pytest.approx(_bezier(points, at * length), abs=1e-3)


def test_new_curves_are_weighted_where_the_artist_prefers_it(locator: str) -> None:
    # CommandsPython/keyTangent, -weightedTangents with -global: what new curves will be.
    from maya import cmds

    assert cmds.keyTangent(g=True, query=True, weightedTangents=True) == [False]
    cmds.keyTangent(g=True, weightedTangents=True)
    cmds.setKeyframe("loc.tx", time=1, value=0)
    assert cmds.keyTangent("loc.tx", query=True, weightedTangents=True) == [True]
    cmds.keyTangent("loc.tx", edit=True, weightedTangents=False)
    assert cmds.keyTangent("loc.tx", query=True, weightedTangents=True) == [False]


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(keys=st.lists(_KEY, min_size=2, max_size=6), at=st.floats(0, 1))
def test_curves_with_fixed_tangents_are_bezier_curves(maya: Any, keys: list, at: float) -> None:
    # The devkit's animation engine: without weights the tangent points are a third of the way.
    import maya.api.OpenMaya as om
    import maya.api.OpenMayaAnim as oma

    maya.reset()
    unit = om.MTime.uiUnit()
    frames = [sum(key[0] for key in keys[: i + 1]) for i in range(len(keys))]
    values = [key[1] + i * 1e-3 for i, key in enumerate(keys)]
    slopes = [key[2] for key in keys]
    curve = oma.MFnAnimCurve()
    curve.create(oma.MFnAnimCurve.kAnimCurveTU)
    curve.addKeysWithTangents(
        om.MTimeArray([om.MTime(frame, unit) for frame in frames]),
        om.MDoubleArray(values),
        oma.MFnAnimCurve.kTangentFixed,
        oma.MFnAnimCurve.kTangentFixed,
        tangentInXArray=[1.0] * len(keys),
        tangentInYArray=slopes,
        tangentOutXArray=[1.0] * len(keys),
        tangentOutYArray=slopes,
    )
    frame = frames[0] + at * (frames[-1] - frames[0])
    i = max(k for k in range(len(frames) - 1) if frames[k] <= frame)
    reach = (frames[i + 1] - frames[i]) / 3
    points = [
        (frames[i], values[i]),
        (frames[i] + reach, values[i] + slopes[i] * reach),
        (frames[i + 1] - reach, values[i + 1] - slopes[i + 1] * reach),
        (frames[i + 1], values[i + 1]),
    ]
    expected = _bezier(points, frame) if values[i] != values[i + 1] else values[i]
    assert curve.evaluate(om.MTime(frame, unit)) == pytest.approx(expected, abs=1e-5)
