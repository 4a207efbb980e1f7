# What the plug-in calls of maya.api.OpenMayaAnim, which the stubs of types-maya leave open.
# Import it as `import maya.api.OpenMayaAnim as oma`; `from maya.api import` finds those stubs.
# Names and arguments: Autodesk's Python API 2.0 reference.

from collections.abc import Callable, Sequence
from typing import Any, overload

from maya.api.OpenMaya import (
    MAngle,
    MDGModifier,
    MDoubleArray,
    MFnDependencyNode,
    MIntArray,
    MObject,
    MObjectArray,
    MPlug,
    MTime,
    MTimeArray,
)

class MAnimCurveChange:
    def undoIt(self) -> None: ...
    def redoIt(self) -> None: ...

class MFnAnimCurve(MFnDependencyNode):
    kAnimCurveTA: int
    kAnimCurveTL: int
    kAnimCurveTT: int
    kAnimCurveTU: int
    kAnimCurveUA: int
    kAnimCurveUL: int
    kAnimCurveUT: int
    kAnimCurveUU: int
    kAnimCurveUnknown: int
    kTangentGlobal: int
    kTangentFixed: int
    kTangentLinear: int
    kTangentFlat: int
    kTangentSmooth: int
    kTangentStep: int
    kTangentClamped: int
    kTangentPlateau: int
    kTangentStepNext: int
    kTangentAuto: int
    kConstant: int
    kLinear: int
    kCycle: int
    kCycleRelative: int
    kOscillate: int
    @overload
    def __init__(self) -> None: ...
    @overload
    def __init__(self, object: MObject, /) -> None: ...
    @overload
    def __init__(self, plug: MPlug, /) -> None: ...
    @overload
    def create(
        self, plug: MPlug, animCurveType: int = ..., modifier: MDGModifier = ..., /
    ) -> MObject: ...
    @overload  # a curve's own method, not the one that makes any node
    def create(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, animCurveType: int, modifier: MDGModifier = ..., /
    ) -> MObject: ...
    def timedAnimCurveTypeForPlug(self, plug: MPlug, /) -> int: ...
    @property
    def numKeys(self) -> int: ...
    @property
    def animCurveType(self) -> int: ...
    @property
    def isTimeInput(self) -> bool: ...
    @property
    def isWeighted(self) -> bool: ...
    @property
    def preInfinityType(self) -> int: ...
    @property
    def postInfinityType(self) -> int: ...
    def setIsWeighted(
        self, isWeighted: bool, /, change: MAnimCurveChange | None = None
    ) -> None: ...
    def setPreInfinityType(self, kind: int, /, change: MAnimCurveChange | None = None) -> None: ...
    def setPostInfinityType(self, kind: int, /, change: MAnimCurveChange | None = None) -> None: ...
    def evaluate(self, at: MTime, /) -> float: ...
    def find(self, at: MTime, /) -> int | None: ...
    def findClosest(self, at: MTime, /) -> int: ...
    def input(self, index: int, /) -> MTime: ...
    def value(self, index: int, /) -> float: ...
    def setInput(
        self, index: int, at: MTime, /, change: MAnimCurveChange | None = None
    ) -> None: ...
    def setValue(
        self, index: int, value: float, /, change: MAnimCurveChange | None = None
    ) -> None: ...
    def addKey(
        self,
        at: MTime,
        value: float,
        tangentInType: int = ...,
        tangentOutType: int = ...,
        change: MAnimCurveChange | None = None,
    ) -> int: ...
    def insertKey(
        self, at: MTime, /, breakdown: bool = False, change: MAnimCurveChange | None = None
    ) -> int: ...
    def addKeys(
        self,
        times: MTimeArray | Sequence[MTime],
        values: MDoubleArray | Sequence[float],
        tangentInType: int = ...,
        tangentOutType: int = ...,
        keepExistingKeys: bool = False,
        change: MAnimCurveChange | None = None,
    ) -> MFnAnimCurve: ...
    def addKeysWithTangents(
        self,
        times: MTimeArray | Sequence[MTime],
        values: MDoubleArray | Sequence[float],
        tangentInType: int = ...,
        tangentOutType: int = ...,
        tangentInTypeArray: MIntArray | Sequence[int] | None = None,
        tangentOutTypeArray: MIntArray | Sequence[int] | None = None,
        tangentInXArray: MDoubleArray | Sequence[float] | None = None,
        tangentInYArray: MDoubleArray | Sequence[float] | None = None,
        tangentOutXArray: MDoubleArray | Sequence[float] | None = None,
        tangentOutYArray: MDoubleArray | Sequence[float] | None = None,
        tangentsLockedArray: MIntArray | Sequence[int] | None = None,
        weightsLockedArray: MIntArray | Sequence[int] | None = None,
        convertUnits: bool = True,
        keepExistingKeys: bool = False,
        change: MAnimCurveChange | None = None,
    ) -> MFnAnimCurve: ...
    def remove(self, index: int, /, change: MAnimCurveChange | None = None) -> MFnAnimCurve: ...
    def inTangentType(self, index: int, /) -> int: ...
    def outTangentType(self, index: int, /) -> int: ...
    def setInTangentType(
        self, index: int, tangentType: int, /, change: MAnimCurveChange | None = None
    ) -> MFnAnimCurve: ...
    def setOutTangentType(
        self, index: int, tangentType: int, /, change: MAnimCurveChange | None = None
    ) -> MFnAnimCurve: ...
    def getTangentXY(self, index: int, isInTangent: bool, /) -> tuple[float, float]: ...
    def getTangentAngleWeight(self, index: int, isInTangent: bool, /) -> tuple[MAngle, float]: ...
    def setTangent(
        self,
        index: int,
        x: float,
        y: float,
        isInTangent: bool,
        /,
        change: MAnimCurveChange | None = None,
        convertUnits: bool = True,
    ) -> MFnAnimCurve: ...
    def tangentsLocked(self, index: int, /) -> bool: ...
    def setTangentsLocked(
        self, index: int, locked: bool, /, change: MAnimCurveChange | None = None
    ) -> MFnAnimCurve: ...
    def isBreakdown(self, index: int, /) -> bool: ...

class MAnimMessage:
    @staticmethod
    def addAnimCurveEditedCallback(
        function: Callable[[MObjectArray, Any], Any], clientData: Any = None, /
    ) -> int: ...

class MAnimControl:
    @staticmethod
    def currentTime() -> MTime: ...
    @staticmethod
    def setCurrentTime(time: MTime, /) -> None: ...
    @staticmethod
    def minTime() -> MTime: ...
    @staticmethod
    def maxTime() -> MTime: ...
    @staticmethod
    def animationStartTime() -> MTime: ...
    @staticmethod
    def animationEndTime() -> MTime: ...
    @staticmethod
    def isPlaying() -> bool: ...

class MAnimUtil:
    @staticmethod
    def findAnimation(plug: MPlug, /) -> MObjectArray: ...
    @staticmethod
    def isAnimated(plug: MPlug, checkParent: bool = False, /) -> bool: ...
