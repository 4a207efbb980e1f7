"""Commands of the program itself: versions, folders, plug-ins, events."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from maya._command import Flags, command
from maya._errors import NotInTheFake
from maya._world import world


@command(
    "version/v majorVersion/mjv minorVersion/mnv apiVersion/api batch/b product/p "
    "application/a installedVersion/iv operatingSystem/os macOS/mac currentTime/ct "
    "currentDate/cd qtVersion/qt uiLanguage/uil operatingSystemVersion/osv cutIdentifier/c "
    "win64/w64 linux64/l64"
)
def about(objects: tuple[Any, ...], flags: Flags) -> Any:
    """The program's version and kind; `batch` says whether there are windows."""
    system = {"win32": "win64", "darwin": "mac"}.get(sys.platform, "linux64")
    answers = {
        "version": str(world.version),
        "majorVersion": str(world.version),
        "minorVersion": "3",
        "apiVersion": world.version * 10000 + 300,
        "batch": world.is_batch,
        "product": f"Maya {world.version}",
        "installedVersion": f"Autodesk Maya {world.version}",
        "application": "maya",
        "operatingSystem": system,
        "macOS": system == "mac",
        "linux64": system == "linux64",
        "win64": system == "win64",
        "qtVersion": "5.15.2" if world.version < 2025 else "6.5.3",
        "uiLanguage": "en_US",
    }
    wanted = [name for name in flags if name in answers and flags[name]]
    if len(wanted) != 1:
        raise NotInTheFake(f"about of {sorted(flags)}")
    return answers[wanted[0]]


@command(
    "userAppDir/uad userPrefDir/upd userScriptDir/usd userTmpDir/utd userShelfDir/ush "
    "mayaInstallDir/mid userWorkspaceDir/uwd userBitmapsDir/ubd userPresetsDir/ups"
)
def internalVar(objects: tuple[Any, ...], flags: Flags) -> str:
    """The user's folders, with a slash at the end."""
    home = _home()
    answers = {
        "userAppDir": f"{home}/",
        "userPrefDir": f"{home}/{world.version}/prefs/",
        "userScriptDir": f"{home}/{world.version}/scripts/",
        "userTmpDir": f"{home}/tmp/",
        "userShelfDir": f"{home}/{world.version}/prefs/shelves/",
    }
    wanted = [name for name in flags if name in answers]
    if len(wanted) != 1:
        raise NotInTheFake(f"internalVar of {sorted(flags)}")
    return answers[wanted[0]]


def _home() -> str:
    home = os.environ.get("MAYA_APP_DIR")
    if home is None:
        raise NotInTheFake("MAYA_APP_DIR is not set: a test may not touch the user's own folders")
    return Path(home).as_posix()


@command(
    "event/e:x attributeChange/ac:x nodeDeleted/nd:x conditionChange/cc:x killWithScene/kws "
    "protected/p runOnce/ro kill/k:x exists/ex:i listEvents/le listJobs/lj idleEvent/ie:x "
    "force/f compressUndo/cu uiDeleted/uid:x killAll/ka"
)
def scriptJob(objects: tuple[Any, ...], flags: Flags) -> Any:
    """Call a function at an event; the number of the job comes back."""
    if "exists" in flags:
        return flags["exists"] in world.jobs
    if "kill" in flags:
        numbers = flags["kill"] if isinstance(flags["kill"], list) else [flags["kill"]]
        for number in numbers:
            if number not in world.jobs:
                raise RuntimeError(f"scriptJob: there is no job {number}")
            del world.jobs[number]
        return None
    if flags.get("listJobs"):
        return [f"{number}: event={name!r}" for number, (name, _f, _o) in world.jobs.items()]
    if "event" not in flags:
        raise NotInTheFake(f"scriptJob of {sorted(flags)}")
    if world.is_batch:
        raise NotInTheFake("scriptJob in batch mode, where Maya makes none")
    name, function = flags["event"]
    if name not in _EVENTS:
        raise RuntimeError(f"scriptJob: unknown event '{name}'")
    number = world.new_id()
    world.jobs[number] = (name, function, bool(flags.get("runOnce")))
    return number


_EVENTS = (
    *("NewSceneOpened", "SceneOpened", "SceneSaved", "PostSceneRead", "SelectionChanged"),
    *("timeChanged", "timeUnitChanged", "Undo", "Redo", "quitApplication", "idle", "deleteAll"),
    *("playbackRangeChanged", "NameChanged", "animLayerRefresh", "animLayerRebuild"),
)


@command("quiet/qt name/n:s allPlugins/a")
def loadPlugin(objects: tuple[Any, ...], flags: Flags) -> list[str]:
    """Import a Python file and call its initializePlugin; loading forgets the undo queue."""
    from maya.api.OpenMaya import plugin_object

    names = []
    for text in objects:
        path = _plugin_path(str(text))
        if path.stem in world.plugins:
            continue
        loader = importlib.util.spec_from_file_location(path.stem, path)
        assert loader is not None
        assert loader.loader is not None
        module = importlib.util.module_from_spec(loader)
        loader.loader.exec_module(module)
        if not hasattr(module, "initializePlugin"):
            raise RuntimeError(f"(kFailure): {path.name} has no initializePlugin")
        handle = plugin_object(path.stem, path)
        world.plugins[path.stem] = (module, handle)
        try:
            module.initializePlugin(handle)
        except BaseException:  # as Maya: a plug-in that fails to load is not loaded
            del world.plugins[path.stem]
            raise
        names.append(path.stem)
    world.journal.flush()
    return names


def _plugin_path(text: str) -> Path:
    folders = [Path(p) for p in os.environ.get("MAYA_PLUG_IN_PATH", "").split(os.pathsep) if p]
    for path in (Path(text), *(folder / text for folder in folders)):
        for found in (path, path.with_name(f"{path.name}.py")):
            if found.is_file():
                return found
    raise RuntimeError(f'Plug-in, "{text}", was not found on MAYA_PLUG_IN_PATH.')


@command("force/f addCallback/ac:x removeCallback/rc:x")
def unloadPlugin(objects: tuple[Any, ...], flags: Flags) -> list[str]:
    """Call a plug-in's uninitializePlugin; refused while the undo queue holds its commands."""
    names = []
    for text in objects:
        name = Path(str(text)).stem
        if name not in world.plugins:
            raise RuntimeError(f'Plug-in, "{text}", is not loaded.')
        module, handle = world.plugins[name]
        own = set(handle.plugin_commands)
        used = {entry.name for entry in (*world.journal.done, *world.journal.undone)}
        if own & used and not flags.get("force"):
            raise RuntimeError(f'Plug-in, "{name}", is in use and can\'t be unloaded.')
        _uninitialise(module, handle)
        left = [command for command in handle.plugin_commands if command in world.commands]
        if left:
            raise RuntimeError(f"{name} left commands registered: {', '.join(left)}")
        del world.plugins[name]
        names.append(name)
    world.journal.flush()
    return names


def _uninitialise(module: ModuleType, handle: Any) -> None:
    if not hasattr(module, "uninitializePlugin"):
        raise RuntimeError("(kFailure): the plug-in has no uninitializePlugin")
    module.uninitializePlugin(handle)


@command(
    "loaded/l registered/r listPlugins/ls path/p version/v vendor/vd name/n command/c "
    "autoload/a:b pluginsInUse/pu unloadOk/uo",
    "query edit",
)
def pluginInfo(objects: tuple[Any, ...], flags: Flags) -> Any:
    """Which plug-ins are loaded, from where, with which commands."""
    if flags.get("listPlugins"):
        return list(world.plugins) or None
    name = Path(str(objects[0])).stem
    if flags.get("loaded"):
        return name in world.plugins
    if name not in world.plugins:
        raise RuntimeError(f"{name} is not a registered plug-in")
    handle = world.plugins[name][1]
    if flags.get("edit"):
        return None
    answers = {
        "path": handle.plugin_path.as_posix(),
        "name": name,
        "version": handle.plugin_version,
        "vendor": handle.plugin_vendor,
        "command": list(handle.plugin_commands) or None,
        "registered": True,
    }
    wanted = [key for key in flags if key in answers]
    if not wanted:
        raise NotInTheFake(f"pluginInfo of {sorted(flags)}")
    return answers[wanted[0]]


@command("rootDirectory/rd expandName/en:s fullName/fn directory/dir:s openWorkspace/o", "query")
def workspace(objects: tuple[Any, ...], flags: Flags) -> Any:
    """The project; relative paths count from its root."""
    root = f"{_home()}/projects/default/"
    if "expandName" in flags:
        path = Path(str(flags["expandName"]))
        return path.as_posix() if path.is_absolute() else (Path(root) / path).as_posix()
    if flags.get("query") and (flags.get("rootDirectory") or flags.get("fullName")):
        return root if flags.get("rootDirectory") else root.rstrip("/")
    raise NotInTheFake(f"workspace of {sorted(flags)}")


@command("state/st", "query")
def autoKeyframe(objects: tuple[Any, ...], flags: Flags) -> Any:
    """Whether changes of keyed attributes set keys by themselves; they never do here."""
    if flags.get("query"):
        return False
    if flags.get("state"):
        raise NotInTheFake("autoKeyframe(state=True)")
    return None


@command("lowestPriority/lp list/ls evaluateNext/en lowPriority/low")
def evalDeferred(objects: tuple[Any, ...], flags: Flags) -> None:
    """Call a function when Maya is idle."""
    if not callable(objects[0]):
        raise NotInTheFake("evalDeferred of a text")
    world.deferred.append(objects[0])


@command("abort/a force/f exitCode/ec:i")
def quit_(objects: tuple[Any, ...], flags: Flags) -> None:
    """End Maya."""
    raise NotInTheFake("quit")


@command("language/lng:s")
def help_(objects: tuple[Any, ...], flags: Flags) -> str:
    """The synopsis of a command of a plug-in."""
    from maya.api.OpenMaya import synopsis

    name = str(objects[0])
    if name not in world.commands:
        raise NotInTheFake(f"help of {name}")
    return synopsis(name)
