"""maya.api.OpenMaya: what of it is here."""

from __future__ import annotations

from maya.api._commands import (
    MArgDatabase,
    MArgList,
    MArgParser,
    MFnPlugin,
    MPxCommand,
    MSyntax,
    plugin_object,
    synopsis,
)
from maya.api._messages import MDGMessage, MGlobal, MMessage, MSceneMessage
from maya.api._modifiers import MDGModifier
from maya.api._objects import (
    MDagPath,
    MFn,
    MFnBase,
    MFnDagNode,
    MFnDependencyNode,
    MObject,
    MObjectHandle,
    MSelectionList,
    MUuid,
)
from maya.api._plugs import MPlug
from maya.api._values import (
    MAngle,
    MDistance,
    MDoubleArray,
    MIntArray,
    MObjectArray,
    MPlugArray,
    MTime,
    MTimeArray,
)

__all__ = [
    "MAngle",
    "MArgDatabase",
    "MArgList",
    "MArgParser",
    "MDGMessage",
    "MDGModifier",
    "MDagPath",
    "MDistance",
    "MDoubleArray",
    "MFn",
    "MFnBase",
    "MFnDagNode",
    "MFnDependencyNode",
    "MFnPlugin",
    "MGlobal",
    "MIntArray",
    "MMessage",
    "MObject",
    "MObjectArray",
    "MObjectHandle",
    "MPlug",
    "MPlugArray",
    "MPxCommand",
    "MSceneMessage",
    "MSelectionList",
    "MSyntax",
    "MTime",
    "MTimeArray",
    "MUuid",
    "plugin_object",
    "synopsis",
]
