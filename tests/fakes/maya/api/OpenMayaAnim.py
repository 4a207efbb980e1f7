"""maya.api.OpenMayaAnim: curves and the clock. Values are internal units, times are MTime."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from maya._curves import INFINITIES, KNOWN, TANGENTS, Curve, Key
from maya._errors import NotInTheFake
from maya._journal import Step
from maya._keying import OUTPUT_KINDS, curve_kind, curve_of, insert_key, make_curve, put_curve
from maya._plugs import Plug, find_plug
from maya._world import world
from maya.api._messages import MAnimMessage as MAnimMessage
from maya.api._modifiers import MDGModifier
from maya.api._objects import MFnDependencyNode, MObject
from maya.api._plugs import MPlug
from maya.api._values import MAngle, MDoubleArray, MIntArray, MObjectArray, MTime, MTimeArray
from maya.cmds._time import go_to

_NAMES = {number: name for name, number in TANGENTS.items()}
_INFINITY_NAMES = {number: name for name, number in INFINITIES.items()}
_KINDS = ("TA", "TL", "TT", "TU", "UA", "UL", "UT", "UU")


class MAnimCurveChange:
    """Remembers edits of keys, which no MDGModifier does."""

    def __init__(self) -> None:
        self._steps: list[Step] = []
        self._is_undone = False

    def remember(self, steps: Sequence[Step]) -> None:
        """Not in Maya."""
        self._steps += steps

    def undoIt(self) -> None:
        world.check_thread()
        if not self._is_undone:
            with world.journal.unrecorded():
                world.journal.revert(self._steps)
        self._is_undone = True

    def redoIt(self) -> None:
        world.check_thread()
        if self._is_undone:
            with world.journal.unrecorded():
                world.journal.repeat(self._steps)
        self._is_undone = False


class MFnAnimCurve(MFnDependencyNode):
    """The keys of one animCurve node."""

    kAnimCurveTA, kAnimCurveTL, kAnimCurveTT, kAnimCurveTU = range(4)
    kAnimCurveUA, kAnimCurveUL, kAnimCurveUT, kAnimCurveUU, kAnimCurveUnknown = range(4, 9)
    kTangentGlobal, kTangentFixed, kTangentLinear, kTangentFlat, kTangentSmooth = range(5)
    kTangentStep, kTangentSlow, kTangentFast, kTangentClamped, kTangentPlateau = range(5, 10)
    kTangentStepNext, kTangentAuto, kTangentAutoMix, kTangentAutoEase = range(10, 14)
    kTangentAutoCustom = 14
    kConstant, kLinear, kCycle, kCycleRelative, kOscillate = 0, 1, 3, 4, 5

    def __init__(self, source: MObject | MPlug | None = None) -> None:
        if isinstance(source, MPlug):
            node = curve_of(source.plug)
            if node is None:
                raise RuntimeError("(kFailure): no animation curve feeds the plug")
            source = MObject.of(node)
        super().__init__(source)

    def setObject(self, source: MObject) -> MFnAnimCurve:
        if isinstance(source, MObject) and not source.node().is_a("animCurve"):
            raise RuntimeError("(kInvalidParameter): Object is incompatible with this method")
        super().setObject(source)
        return self

    def hasObj(self, source: MObject, /) -> bool:
        return super().hasObj(source) and source.node().is_a("animCurve")

    # making

    def create(self, *arguments: Any) -> MObject:
        """create(plug, type, modifier) or create(type, modifier).

        [unverified]: whether the curve is connected before `modifier.doIt()`. Here it is not,
        unless `world.options["create connects at once"]`: code has to work in both cases.
        """
        parts = list(arguments)
        plug = parts.pop(0) if parts and isinstance(parts[0], MPlug) else None
        if parts and isinstance(parts[0], MObject):
            raise NotInTheFake("MFnAnimCurve.create(node, attribute, …)")
        kind = parts.pop(0) if parts and not isinstance(parts[0], MDGModifier) else 8
        modifier = parts.pop(0) if parts else None
        if parts or not (modifier is None or isinstance(modifier, MDGModifier)):
            raise TypeError("MFnAnimCurve.create: wrong arguments")
        if not isinstance(kind, int) or not 0 <= kind <= 8:
            raise ValueError(f"{kind} is no type of curve")
        name = _curve_type(kind, plug.plug if plug else None)
        return self._create(plug.plug if plug else None, name, modifier)

    def _create(self, plug: Plug | None, kind: str, modifier: MDGModifier | None) -> MObject:
        world.check_thread()
        scene, journal = world.scene, world.journal
        with journal.unrecorded(), journal.record() as steps:
            node = make_curve(plug, kind) if plug is not None else scene.create(kind)
        if modifier is not None and (plug is None or world.options.get("create connects at once")):
            modifier.remember(steps)
        elif modifier is not None and plug is not None:
            journal.revert(steps)
            modifier.do_now(lambda: journal.put(scene.nodes, node.uuid, node))
            output = find_plug(node, "output")
            assert output is not None
            modifier.connect(MPlug.of(output), MPlug.of(plug))
        self._object = MObject.of(node)
        return MObject.of(node)

    def timedAnimCurveTypeForPlug(self, plug: MPlug, /) -> int:
        return _KINDS.index(curve_kind(plug.plug)[9:])

    # the whole curve

    @property
    def _curve(self) -> Curve:
        return self.held.curve

    @property
    def numKeys(self) -> int:
        return len(self._curve.keys)

    @property
    def animCurveType(self) -> int:
        return _KINDS.index(self.held.type[9:])

    @property
    def isTimeInput(self) -> bool:
        return self.held.type[9] == "T"

    @property
    def isUnitlessInput(self) -> bool:
        return not self.isTimeInput

    @property
    def isWeighted(self) -> bool:
        return self._curve.is_weighted

    def setIsWeighted(self, isWeighted: bool, change: MAnimCurveChange | None = None) -> None:
        self._put(replace(self._curve, is_weighted=bool(isWeighted)), change)

    @property
    def preInfinityType(self) -> int:
        return INFINITIES[self._curve.pre]

    @property
    def postInfinityType(self) -> int:
        return INFINITIES[self._curve.post]

    def setPreInfinityType(self, kind: int, change: MAnimCurveChange | None = None) -> None:
        self._put(replace(self._curve, pre=_INFINITY_NAMES[kind]), change)

    def setPostInfinityType(self, kind: int, change: MAnimCurveChange | None = None) -> None:
        self._put(replace(self._curve, post=_INFINITY_NAMES[kind]), change)

    def evaluate(self, at: MTime | float, /) -> float:
        return self._curve.evaluate(self._input(at))

    def _input(self, at: MTime | float) -> float:
        if isinstance(at, MTime) != self.isTimeInput:
            raise TypeError(f"{self.held.type}: the input may not be {type(at).__name__}")
        return at.ticks if isinstance(at, MTime) else float(at)

    def _put(self, curve: Curve, change: MAnimCurveChange | None) -> None:
        with world.journal.unrecorded(), world.journal.record() as steps:
            put_curve(self.held, curve)
        if change is not None:
            change.remember(steps)

    # keys

    def _at(self, index: int) -> Key:
        if not 0 <= index < self.numKeys:
            raise IndexError("index out of bounds")
        return self._curve.keys[index]

    def _replace(self, index: int, change: MAnimCurveChange | None, **fields: Any) -> MFnAnimCurve:
        self._at(index)
        keys = list(self._curve.keys)
        keys[index] = replace(keys[index], **fields)
        self._put(self._curve.with_keys(keys), change)
        return self

    def input(self, index: int, /) -> MTime | float:
        time = self._at(index).time
        return MTime.from_ticks(time) if self.isTimeInput else time

    def setInput(self, index: int, at: MTime | float, change: Any = None) -> MFnAnimCurve:
        moved = self._input(at)
        times = [key.time for i, key in enumerate(self._curve.keys) if i != index]
        before = [t for t in times[:index] if t >= moved]
        if before or any(t <= moved for t in times[index:]):
            raise RuntimeError("(kFailure): a key can't be moved over its neighbours")
        return self._replace(index, change, time=moved)

    def value(self, index: int, /) -> float:
        return self._at(index).value

    def setValue(self, index: int, value: float, change: Any = None) -> MFnAnimCurve:
        return self._replace(index, change, value=float(value))

    def find(self, at: MTime | float, /) -> int | None:
        return self._curve.find(self._input(at))

    def findClosest(self, at: MTime | float, /) -> int:
        place = self._input(at)
        if not self.numKeys:
            raise RuntimeError("(kFailure): the curve has no keys")
        return min(range(self.numKeys), key=lambda i: abs(self._curve.keys[i].time - place))

    def addKey(
        self,
        at: MTime | float,
        value: float,
        tangentInType: int = 0,
        tangentOutType: int = 0,
        change: MAnimCurveChange | None = None,
    ) -> int:
        kinds = _tangent(tangentInType, 0), _tangent(tangentOutType, 1)
        place = self._input(at)
        self._put(self._curve.with_key(Key(place, float(value), *kinds)), change)
        found = self._curve.find(place)
        assert found is not None
        return found

    def insertKey(self, at: MTime, breakdown: bool = False, change: Any = None) -> int:
        with world.journal.unrecorded(), world.journal.record() as steps:
            insert_key(self.held, self._input(at))
        if change is not None:
            change.remember(steps)
        found = self.find(at)
        assert found is not None
        return found

    def addKeys(
        self,
        times: MTimeArray | Sequence[MTime],
        values: MDoubleArray | Sequence[float],
        tangentInType: int = 0,
        tangentOutType: int = 0,
        keepExistingKeys: bool = False,
        change: MAnimCurveChange | None = None,
    ) -> MFnAnimCurve:
        """All keys at once. Without keepExistingKeys the curve loses those that it had."""
        kinds = _tangent(tangentInType, 0), _tangent(tangentOutType, 1)
        places, numbers = self._arrays(times, values)
        keys = [Key(t, v, *kinds) for t, v in zip(places, numbers, strict=True)]
        self._add(keys, keepExistingKeys, change)
        return self

    def addKeysWithTangents(
        self,
        times: MTimeArray | Sequence[MTime],
        values: MDoubleArray | Sequence[float],
        tangentInType: int = 0,
        tangentOutType: int = 0,
        tangentInTypeArray: Any = None,
        tangentOutTypeArray: Any = None,
        tangentInXArray: Any = None,
        tangentInYArray: Any = None,
        tangentOutXArray: Any = None,
        tangentOutYArray: Any = None,
        tangentsLockedArray: Any = None,
        weightsLockedArray: Any = None,
        convertUnits: bool = True,
        keepExistingKeys: bool = False,
        change: MAnimCurveChange | None = None,
    ) -> MFnAnimCurve:
        """Keys with tangents: x and y of each, both positive forwards on either side of the key.

        With convertUnits x counts in the interface's unit of time and y in its unit of value, as
        the authors of OpenUSD's spline tests use it (TsTest_MayapyDriver.py); without, x counts
        seconds and y internal units. They also saw types other than fixed and linear get lost in
        the arrays, so those are refused here: set them afterwards, key by key.
        """
        places, numbers = self._arrays(times, values)
        count = len(places)
        ins = _types(tangentInTypeArray, count, tangentInType, 0)
        outs = _types(tangentOutTypeArray, count, tangentOutType, 1)
        unit = self._slope_unit() if convertUnits else 1.0
        in_slopes = _slopes(tangentInXArray, tangentInYArray, count, unit)
        out_slopes = _slopes(tangentOutXArray, tangentOutYArray, count, unit)
        seconds = 1 / float(world.units.fps) if convertUnits else 1.0
        in_x = [x * seconds for x in _checked(tangentInXArray, MDoubleArray, count) or [0] * count]
        out_x = [
            x * seconds for x in _checked(tangentOutXArray, MDoubleArray, count) or [0] * count
        ]
        locks = _checked(tangentsLockedArray, MIntArray, count) or [1] * count
        _checked(weightsLockedArray, MIntArray, count)
        if ("fixed" in ins and tangentInXArray is None) or (
            "fixed" in outs and tangentOutXArray is None
        ):
            raise NotInTheFake("fixed tangents without x and y")
        keys = [
            Key(t, v, i, o, si, so, bool(lock), False, ix, ox)
            for t, v, i, o, si, so, lock, ix, ox in zip(
                places, numbers, ins, outs, in_slopes, out_slopes, locks, in_x, out_x, strict=True
            )
        ]
        self._add(keys, keepExistingKeys, change)
        return self

    def _slope_unit(self) -> float:
        """One unit of value a frame, in internal units a second."""
        kind = OUTPUT_KINDS[self.held.type[-1]]
        return world.units.from_ui(kind, 1.0) * float(world.units.fps)

    def _arrays(self, times: Any, values: Any) -> tuple[list[int], list[float]]:
        if self.held.type not in ("animCurveTA", "animCurveTL", "animCurveTU"):
            raise RuntimeError(f"(kFailure): many keys at once can't be put on {self.held.type}")
        places = [time.ticks for time in MTimeArray(times)]
        numbers = list(MDoubleArray(values))
        if len(places) != len(numbers):
            raise ValueError(f"{len(places)} times but {len(numbers)} values")
        if any(later <= earlier for earlier, later in pairwise(places)):
            raise NotInTheFake("many keys at once whose times do not grow")
        if any(not math.isfinite(number) for number in numbers):
            raise NotInTheFake("keys that are not finite")
        return places, numbers

    def _add(self, keys: list[Key], keep: bool, change: MAnimCurveChange | None) -> None:
        new = {key.time for key in keys}
        old = [key for key in self._curve.keys if key.time not in new] if keep else []
        self._put(self._curve.with_keys([*old, *keys]), change)

    def remove(self, index: int, change: MAnimCurveChange | None = None) -> MFnAnimCurve:
        self._at(index)
        kept = [key for i, key in enumerate(self._curve.keys) if i != index]
        self._put(self._curve.with_keys(kept), change)
        return self

    # tangents

    def inTangentType(self, index: int, /) -> int:
        return TANGENTS[self._at(index).in_type]

    def outTangentType(self, index: int, /) -> int:
        return TANGENTS[self._at(index).out_type]

    def setInTangentType(self, index: int, kind: int, change: Any = None) -> MFnAnimCurve:
        slope = self._curve.slopes[index][0]
        return self._replace(index, change, in_type=_tangent(kind, 0), in_slope=slope)

    def setOutTangentType(self, index: int, kind: int, change: Any = None) -> MFnAnimCurve:
        slope = self._curve.slopes[index][1]
        return self._replace(index, change, out_type=_tangent(kind, 1), out_slope=slope)

    def getTangentXY(self, index: int, isInTangent: bool, /) -> tuple[float, float]:
        """The tangent in seconds and internal units, of length 1 as curves without weights have."""
        self._at(index)
        if self.isWeighted:
            raise NotInTheFake("getTangentXY of a weighted curve")
        angle = math.atan(self._curve.slopes[index][0 if isInTangent else 1])
        return math.cos(angle), math.sin(angle)

    def getTangentAngleWeight(self, index: int, isInTangent: bool, /) -> tuple[MAngle, float]:
        x, y = self.getTangentXY(index, isInTangent)
        return MAngle(math.atan2(y, x)), 1.0

    def setTangent(
        self,
        index: int,
        x: float,
        y: float,
        isInTangent: bool,
        change: MAnimCurveChange | None = None,
        convertUnits: bool = True,
    ) -> MFnAnimCurve:
        if self.isWeighted:
            raise NotInTheFake("setTangent on a weighted curve")
        slope = (y / x if x else 0.0) * (self._slope_unit() if convertUnits else 1.0)
        sides = ("in", "out") if self._at(index).is_locked else ("in" if isInTangent else "out",)
        fields = {f"{side}_type": "fixed" for side in sides}
        return self._replace(index, change, **fields, **{f"{side}_slope": slope for side in sides})

    def tangentsLocked(self, index: int, /) -> bool:
        return self._at(index).is_locked

    def setTangentsLocked(self, index: int, locked: bool, change: Any = None) -> MFnAnimCurve:
        return self._replace(index, change, is_locked=bool(locked))

    def weightsLocked(self, index: int, /) -> bool:
        return False

    def isBreakdown(self, index: int, /) -> bool:
        return self._at(index).is_breakdown


def _curve_type(kind: int, plug: Plug | None) -> str:
    if kind < 8:
        return f"animCurve{_KINDS[kind]}"
    return curve_kind(plug) if plug is not None else "animCurveTU"


def _tangent(number: int, side: int) -> str:
    if not isinstance(number, int) or number not in _NAMES:
        raise ValueError(f"{number} is no type of tangent")
    name = world.default_tangents[side] if number == 0 else _NAMES[number]
    if name not in KNOWN:
        raise NotInTheFake(f"the tangent type {name}")
    return name


def _types(given: Any, count: int, default: int, side: int) -> list[str]:
    numbers = _checked(given, MIntArray, count)
    if numbers is None:
        return [_tangent(default, side)] * count
    names = [_tangent(number, side) for number in numbers]
    lost = {name for name in names if name not in ("fixed", "linear")}
    if lost:
        raise NotInTheFake(f"addKeysWithTangents: {sorted(lost)} in an array of types")
    return names


def _slopes(xs: Any, ys: Any, count: int, unit: float) -> list[float]:
    if (xs is None) != (ys is None):
        raise ValueError("x and y of tangents belong together")
    if xs is None:
        return [0.0] * count
    pairs = zip(_checked(xs, MDoubleArray, count), _checked(ys, MDoubleArray, count), strict=True)
    return [y / x * unit if x else 0.0 for x, y in pairs]


def _checked(given: Any, kind: Any, count: int) -> Any:
    if given is None:
        return None
    found = list(kind(given))
    if len(found) != count:
        raise ValueError(f"{count} keys, but an array of {len(found)}")
    return found


class MAnimControl:
    """The clock and the range of the time slider."""

    @staticmethod
    def currentTime() -> MTime:
        return MTime.from_ticks(world.time)

    @staticmethod
    def setCurrentTime(time: MTime, /) -> None:
        world.check_thread()
        with world.journal.unrecorded():
            go_to(time.ticks)

    @staticmethod
    def minTime() -> MTime:
        return MTime(world.playback["min"], MTime.uiUnit())

    @staticmethod
    def maxTime() -> MTime:
        return MTime(world.playback["max"], MTime.uiUnit())

    @staticmethod
    def animationStartTime() -> MTime:
        return MTime(world.playback["ast"], MTime.uiUnit())

    @staticmethod
    def animationEndTime() -> MTime:
        return MTime(world.playback["aet"], MTime.uiUnit())

    @staticmethod
    def isPlaying() -> bool:
        return False


class MAnimUtil:
    """What animates a plug."""

    @staticmethod
    def findAnimation(plug: MPlug, /) -> MObjectArray:
        node = curve_of(plug.plug)
        return MObjectArray([MObject.of(node)] if node else [])

    @staticmethod
    def isAnimated(plug: MPlug, checkParent: bool = False, /) -> bool:
        if not isinstance(plug, MPlug):
            raise NotInTheFake("MAnimUtil.isAnimated of anything but a plug")
        return curve_of(plug.plug) is not None
