"""Callbacks and messages to the user."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from maya._command import selected_names
from maya._errors import NotInTheFake
from maya._keying import CURVE_EDITED
from maya._scene import Node
from maya._world import world
from maya.api._objects import MObject, MSelectionList
from maya.api._values import MObjectArray, MTime
from maya.cmds import _files, _time


class MMessage:
    """Removing callbacks."""

    kDefaultAction, kDoNotDoAction, kDoAction = 0, 1, 2

    @staticmethod
    def removeCallback(number: int, /) -> None:
        if number not in world.callbacks:
            raise RuntimeError(f"(kInvalidParameter): there is no callback {number}")
        del world.callbacks[number]

    @staticmethod
    def removeCallbacks(numbers: Iterable[int], /) -> None:
        for number in list(numbers):
            MMessage.removeCallback(number)


class MSceneMessage(MMessage):
    """Callbacks at new, open and save. Numbers: Autodesk's Python API 2.0 reference."""

    kBeforeNew, kAfterNew = _files.BEFORE_NEW, _files.AFTER_NEW
    kBeforeOpen, kAfterOpen = _files.BEFORE_OPEN, _files.AFTER_OPEN
    kBeforeSave, kAfterSave = _files.BEFORE_SAVE, _files.AFTER_SAVE
    kBeforeRemoveReference = _files.BEFORE_REMOVE_REFERENCE
    kAfterRemoveReference = _files.AFTER_REMOVE_REFERENCE
    kMayaInitialized, kMayaExiting = 29, 30
    kBeforeNewCheck = _files.BEFORE_NEW_CHECK
    kBeforeOpenCheck, kBeforeSaveCheck = _files.BEFORE_OPEN_CHECK, _files.BEFORE_SAVE_CHECK
    _PLAIN = (kBeforeNew, kAfterNew, kBeforeOpen, kAfterOpen, kBeforeSave, kAfterSave, 16, 17, 30)
    _CHECKS = (kBeforeNewCheck, kBeforeOpenCheck, kBeforeSaveCheck)

    @staticmethod
    def addCallback(message: int, function: Callable[[Any], Any], clientData: Any = None, /) -> int:
        """The function is called with the client data."""
        if message not in MSceneMessage._PLAIN:
            raise NotInTheFake(f"MSceneMessage.addCallback({message})")
        return _register(message, function, clientData)

    @staticmethod
    def addCheckCallback(
        message: int, function: Callable[[Any], bool], clientData: Any = None, /
    ) -> int:
        """The function says whether the deed may go on."""
        if message not in MSceneMessage._CHECKS:
            raise NotInTheFake(f"MSceneMessage.addCheckCallback({message})")
        return _register(message, function, clientData)


class MDGMessage(MMessage):
    """Callbacks when the dependency graph's time changes, also while it plays."""

    @staticmethod
    def addTimeChangeCallback(
        function: Callable[[MTime, Any], Any], /, clientData: Any = None
    ) -> int:
        """The function is called with the time and the client data."""
        if not callable(function):
            raise TypeError("the callback can't be called")

        def call(data: Any) -> None:
            function(MTime.from_ticks(world.time), data)

        return _register(_time.TIME_CHANGED, call, clientData)


class MAnimMessage(MMessage):
    """Callbacks when keys change."""

    @staticmethod
    def addAnimCurveEditedCallback(
        function: Callable[[MObjectArray, Any], Any], clientData: Any = None, /
    ) -> int:
        """The function is called with the curves and the client data; in Maya after a command, here
        at once for each curve."""
        if not callable(function):
            raise TypeError("the callback can't be called")

        def call(node: Node, data: Any) -> None:
            function(MObjectArray([MObject.of(node)]), data)

        return _register(CURVE_EDITED, call, clientData)


def _register(event: Any, function: Callable[..., Any], data: Any) -> int:
    if not callable(function):
        raise TypeError("the callback can't be called")
    number = world.new_id()
    world.callbacks[number] = (event, function, data)
    return number


class MGlobal:
    """Messages to the user, and which Maya this is."""

    kInteractive, kBatch, kLibraryApp, kBaseUIMode = range(4)

    @staticmethod
    def mayaState() -> int:
        return MGlobal.kLibraryApp if world.is_batch else MGlobal.kInteractive

    @staticmethod
    def displayInfo(text: str, /) -> None:
        world.say("info", text)

    @staticmethod
    def displayWarning(text: str, /) -> None:
        world.say("warning", text)

    @staticmethod
    def displayError(text: str, /) -> None:
        world.say("error", text)

    @staticmethod
    def getActiveSelectionList() -> MSelectionList:
        found = MSelectionList()
        for name in selected_names():
            found.add(name)
        return found

    @staticmethod
    def apiVersion() -> int:
        return world.version * 10000 + 300

    @staticmethod
    def mayaVersion() -> str:
        return str(world.version)
