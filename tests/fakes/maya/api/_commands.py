"""Commands of plug-ins: syntax, arguments, the command itself, registering it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from maya._command import REGISTRY, selected_names
from maya._errors import NotInTheFake
from maya._journal import Call
from maya._world import world
from maya.api._objects import MObject, MSelectionList
from maya.api._values import MAngle, MTime

_running: list[dict[str, Any]] = []


class MSyntax:
    """The flags and objects of a command. Long names have four letters or more, short ones three
    at most: Maya refuses others."""

    kInvalidArgType, kNoArg, kBoolean, kLong, kDouble, kString, kUnsigned = range(7)
    kDistance, kAngle, kTime, kSelectionItem, kLastArgType = range(7, 12)
    kInvalidObjectFormat, kNone, kStringObjects, kSelectionList, kLastObjectFormat = range(5)

    def __init__(self, source: MSyntax | None = None) -> None:
        if source is not None:
            raise NotInTheFake("a copy of an MSyntax")
        self.flags: dict[str, tuple[str, tuple[int, ...]]] = {}  # long -> (short, types)
        self.multi: set[str] = set()
        self.arguments: list[int] = []
        self.objects = (self.kNone, 0, 0)
        self.uses_selection = False
        self.enableQuery = self.enableEdit = False

    def addFlag(self, short: str, long: str, types: int | Sequence[int] = 1) -> MSyntax:
        short, long = short.lstrip("-"), long.lstrip("-")
        if not 1 <= len(short) <= 3 or len(long) < 4:
            raise RuntimeError(f"(kFailure): '-{short}' and '-{long}' are no names of a flag")
        if any(short == other or long == name for name, (other, _t) in self.flags.items()):
            raise RuntimeError(f"(kFailure): '-{short}' or '-{long}' is there already")
        kinds = (types,) if isinstance(types, int) else tuple(types)
        self.flags[long] = (short, () if kinds == (self.kNoArg,) else kinds)
        return self

    def makeFlagMultiUse(self, flag: str, /) -> MSyntax:
        self.multi.add(self.long(flag))
        return self

    def addArg(self, kind: int) -> MSyntax:
        self.arguments.append(kind)
        return self

    def setObjectType(self, kind: int, least: int = 0, most: int = 0, /) -> MSyntax:
        self.objects = (kind, least, most)
        return self

    def useSelectionAsDefault(self, use: bool, /) -> MSyntax:
        self.uses_selection = bool(use)
        return self

    def setMinObjects(self, least: int, /) -> MSyntax:
        self.objects = (self.objects[0], least, self.objects[2])
        return self

    def setMaxObjects(self, most: int, /) -> MSyntax:
        self.objects = (self.objects[0], self.objects[1], most)
        return self

    def long(self, name: str) -> str:
        """Not in Maya: the long name of a flag, or Maya's error."""
        name = name.lstrip("-")
        if name in self.flags:
            return name
        for long, (short, _types) in self.flags.items():
            if short == name:
                return long
        raise TypeError(f"Invalid flag '{name}'")


class MArgList:
    """What a command was called with."""

    def __init__(self) -> None:
        self.objects: list[Any] = []
        self.flags: dict[str, Any] = {}

    def __len__(self) -> int:
        return len(self.objects)

    def asString(self, index: int, /) -> str:
        return str(self.objects[index])

    def asInt(self, index: int, /) -> int:
        return int(self.objects[index])

    def asDouble(self, index: int, /) -> float:
        return float(self.objects[index])


_CHECKS: dict[int, tuple[str, Callable[[Any], bool]]] = {
    MSyntax.kBoolean: ("boolean", lambda v: isinstance(v, bool | int)),
    MSyntax.kLong: ("int", lambda v: isinstance(v, int) and not isinstance(v, bool)),
    MSyntax.kUnsigned: ("uint", lambda v: isinstance(v, int) and v >= 0),
    MSyntax.kString: ("string", lambda v: isinstance(v, str)),
    MSyntax.kSelectionItem: ("string", lambda v: isinstance(v, str)),
}
_NUMBER = ("float", lambda v: isinstance(v, int | float) and not isinstance(v, bool))


class MArgParser:
    """The arguments of a call, read by its syntax."""

    def __init__(self, syntax: MSyntax, arguments: MArgList, /) -> None:
        self._syntax = syntax
        self._modes = {"query": False, "edit": False}
        self._uses: dict[str, list[tuple[Any, ...]]] = {}
        for name, value in arguments.flags.items():
            mode = {"q": "query", "e": "edit"}.get(name, name)
            allowed = {"query": syntax.enableQuery, "edit": syntax.enableEdit}
            if allowed.get(mode) and name not in syntax.flags:
                self._modes[mode] = bool(value)
                continue
            long = syntax.long(name)
            if long in self._uses:
                raise TypeError(f"Flag '{long}' is given twice")
            self._uses[long] = self._read(long, value, syntax)
        self._objects = self._read_objects(arguments.objects)

    def _read(self, long: str, value: Any, syntax: MSyntax) -> list[tuple[Any, ...]]:
        types = syntax.flags[long][1]
        if not types:
            if not isinstance(value, bool | int):
                raise TypeError(f"Flag '{long}' must be passed a boolean argument")
            return [()] if value else []
        uses = [value]
        if isinstance(value, list | tuple) and long in syntax.multi:
            uses = list(value)
        elif isinstance(value, list):
            raise TypeError(f"Flag '{long}' can't be given several times")
        found = []
        for one in uses:
            parts = tuple(one) if isinstance(one, list | tuple) else (one,)
            if len(parts) != len(types):
                raise TypeError(f"Flag '{long}' takes {len(types)} arguments, got {len(parts)}")
            for part, kind in zip(parts, types, strict=True):
                expected, fits = _CHECKS.get(kind, _NUMBER)
                if not fits(part):
                    raise TypeError(
                        f"Invalid arguments for flag '{long}'.  "
                        f"Expected {expected}, got {type(part).__name__}"
                    )
            found.append(parts)
        return found

    def _read_objects(self, given: list[Any]) -> list[Any]:
        kind, least, most = self._syntax.objects
        if self._syntax.arguments:
            raise NotInTheFake("MSyntax.addArg: use objects")
        if kind == MSyntax.kNone:
            if given:
                raise RuntimeError("The command takes no objects")
            return []
        if not given and self._syntax.uses_selection:
            given = list(selected_names())
        if len(given) < least or (most and len(given) > most):
            raise RuntimeError(f"The command takes {least} to {most or 'any number of'} objects")
        if kind == MSyntax.kSelectionList:
            picked = MSelectionList()
            for name in given:
                picked.add(name)
        return given

    @property
    def isQuery(self) -> bool:
        return self._modes["query"]

    @property
    def isEdit(self) -> bool:
        return self._modes["edit"]

    @property
    def numberOfFlagsUsed(self) -> int:
        return sum(bool(uses) for uses in self._uses.values())

    def isFlagSet(self, flag: str) -> bool:
        return bool(self._uses.get(self._syntax.long(flag)))

    def numberOfFlagUses(self, flag: str) -> int:
        return len(self._uses.get(self._syntax.long(flag), ()))

    def _argument(self, flag: str, index: int) -> Any:
        uses = self._uses.get(self._syntax.long(flag))
        if not uses:
            raise RuntimeError(f"(kInvalidParameter): The flag '{flag}' is not set")
        return uses[0][index]

    def flagArgumentString(self, flag: str, index: int, /) -> str:
        return str(self._argument(flag, index))

    def flagArgumentDouble(self, flag: str, index: int, /) -> float:
        return float(self._argument(flag, index))

    flagArgumentFloat = flagArgumentDouble

    def flagArgumentInt(self, flag: str, index: int, /) -> int:
        return int(self._argument(flag, index))

    def flagArgumentBool(self, flag: str, index: int, /) -> bool:
        return bool(self._argument(flag, index))

    def flagArgumentMTime(self, flag: str, index: int, /) -> MTime:
        return MTime(float(self._argument(flag, index)), MTime.uiUnit())

    def flagArgumentMAngle(self, flag: str, index: int, /) -> MAngle:
        return MAngle(MAngle.uiToInternal(float(self._argument(flag, index))))

    def getFlagArgumentList(self, flag: str, occurrence: int, /) -> MArgList:
        found = MArgList()
        found.objects = list(self._uses[self._syntax.long(flag)][occurrence])
        return found

    def getObjectStrings(self) -> tuple[str, ...]:
        if self._syntax.objects[0] != MSyntax.kStringObjects:
            raise RuntimeError("(kFailure): the syntax has no objects as strings")
        return tuple(str(one) for one in self._objects)


class MArgDatabase(MArgParser):
    """The same, with objects as a selection list."""

    def getObjectList(self) -> MSelectionList:
        if self._syntax.objects[0] != MSyntax.kSelectionList:
            raise RuntimeError("(kFailure): the syntax has no objects as a selection list")
        found = MSelectionList()
        for name in self._objects:
            found.add(name)
        return found


class MPxCommand:
    """The base of a plug-in's command."""

    def doIt(self, args: MArgList) -> None:
        raise NotImplementedError("doIt")

    def redoIt(self) -> None:
        raise NotImplementedError("redoIt")

    def undoIt(self) -> None:
        raise NotImplementedError("undoIt")

    def isUndoable(self) -> bool:
        return False

    def hasSyntax(self) -> bool:
        return True

    @staticmethod
    def setResult(result: Any, /) -> None:
        if not isinstance(result, bool | int | float | str | list | tuple):
            raise TypeError(f"setResult: {type(result).__name__} is no result of a command")
        _running[-1]["result"] = list(result) if isinstance(result, tuple) else result

    @staticmethod
    def appendToResult(result: Any, /) -> None:
        earlier = _running[-1].setdefault("result", [])
        if not isinstance(earlier, list):
            raise TypeError("appendToResult: the result is no list")
        earlier.append(result)

    @staticmethod
    def clearResult() -> None:
        _running[-1].pop("result", None)

    @staticmethod
    def displayInfo(text: str, /, showLineNumber: bool = False) -> None:
        world.say("info", text)

    @staticmethod
    def displayWarning(text: str, /, showLineNumber: bool = False) -> None:
        world.say("warning", text)

    @staticmethod
    def displayError(text: str, /, showLineNumber: bool = False) -> None:
        world.say("error", text)


class _PluginCommand:
    """What `cmds` calls."""

    def __init__(
        self, name: str, creator: Callable[[], MPxCommand], syntax: MSyntax | None
    ) -> None:
        self.name, self.creator, self.syntax = name, creator, syntax

    def __call__(self, *objects: Any, **flags: Any) -> Any:
        world.check_thread()
        arguments = MArgList()
        for one in objects:
            arguments.objects += list(one) if isinstance(one, list | tuple) else [one]
        if flags and self.syntax is None:
            raise TypeError(f"Invalid flag '{next(iter(flags))}'")
        arguments.flags = flags
        if self.syntax is not None:
            MArgParser(self.syntax, arguments)  # unknown flags never reach doIt
        made = self.creator()
        if not isinstance(made, MPxCommand):
            raise TypeError(f"{self.name}: the creator made no MPxCommand")
        _running.append({})
        try:
            # [unverified]: that commands called inside doIt are undone together with this one.
            with world.journal.record() as steps:
                made.doIt(arguments)
            result = _running[-1].get("result")
        finally:
            _running.pop()
        is_query = bool(flags.get("query") or flags.get("q"))
        if made.isUndoable() and not is_query:
            steps.append(Call(made.undoIt, made.redoIt))
        world.journal.add(self.name, steps)
        return result


def plugin_object(name: str, path: Path) -> MObject:
    """Not in Maya: what initializePlugin is given."""
    made = MObject()
    made.plugin_name, made.plugin_path = name, path  # type: ignore[attr-defined]
    made.plugin_vendor = made.plugin_version = ""  # type: ignore[attr-defined]
    made.plugin_commands = []  # type: ignore[attr-defined]
    return made


class MFnPlugin:
    """Registers and removes what a plug-in brings."""

    def __init__(
        self,
        plugin: Any,
        vendor: str = "Unknown",
        version: str = "Unknown",
        apiVersion: str = "Any",
    ) -> None:
        if not hasattr(plugin, "plugin_commands"):
            raise TypeError("MFnPlugin needs the object that initializePlugin was given")
        self._plugin = plugin
        if vendor != "Unknown":
            plugin.plugin_vendor, plugin.plugin_version = vendor, version

    def name(self) -> str:
        return self._plugin.plugin_name

    def vendor(self) -> str:
        return self._plugin.plugin_vendor

    @property
    def version(self) -> str:
        return self._plugin.plugin_version

    def loadPath(self) -> str:
        return self._plugin.plugin_path.parent.as_posix()

    def registerCommand(
        self,
        name: str,
        creator: Callable[[], MPxCommand],
        createSyntaxFunc: Callable[[], MSyntax] | None = None,
        /,
    ) -> MFnPlugin:
        if name in world.commands or name in REGISTRY:
            raise RuntimeError(f"(kFailure): The command '{name}' is registered already")
        syntax = createSyntaxFunc() if createSyntaxFunc else None
        world.commands[name] = _PluginCommand(name, creator, syntax)
        self._plugin.plugin_commands.append(name)
        return self

    def deregisterCommand(self, name: str, /) -> MFnPlugin:
        if name not in world.commands:
            raise RuntimeError(f"(kFailure): The command '{name}' is not registered")
        del world.commands[name]
        return self


def synopsis(name: str) -> str:
    """Not in Maya: what the command help prints."""
    syntax = world.commands[name].syntax
    names = {2: "on|off", 3: "Int", 4: "Float", 5: "String", 6: "UnsignedInt", 9: "Time"}
    lines = [f"Synopsis: {name} [flags] [String...]", "Flags:"]
    for long, (short, types) in (syntax.flags if syntax else {}).items():
        shown = " ".join(names.get(kind, "Value") for kind in types)
        lines.append(f"   -{short} -{long} {shown}".rstrip())
    return "\n".join(lines)
