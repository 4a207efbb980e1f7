"""Commands of time, units and undo."""

from __future__ import annotations

from typing import Any

from maya._command import Flags, command
from maya._errors import NotInTheFake
from maya._units import ANGLES, LENGTHS, rate_of
from maya._world import world

TIME_CHANGED = "timeChange"
"""The event of `MDGMessage`."""


@command("update/u", "query edit")
def currentTime(objects: tuple[Any, ...], flags: Flags) -> float:
    """Go to a frame or ask for the one that is shown; what was set on keyed plugs is forgotten."""
    if not flags.get("query"):
        if len(objects) != 1 or isinstance(objects[0], str):
            raise TypeError("currentTime takes one number")
        go_to(world.units.ticks(float(objects[0])))
    return world.units.frame(world.time)


def go_to(ticks: int) -> None:
    """Make this the current time."""
    world.journal.put(world, "time", ticks)
    for node in world.scene.nodes.values():
        for path in list(node.pinned):
            world.journal.drop(node.pinned, path)
    world.emit(TIME_CHANGED)
    world.run_jobs("timeChanged")


@command("time/t:s angle/a:s linear/l:s fullName/f updateAnimation/ua", "query")
def currentUnit(objects: tuple[Any, ...], flags: Flags) -> Any:
    """The interface's units. Keys stay at their seconds unless updateAnimation is off."""
    units = world.units
    if flags.get("query"):
        if flags.get("fullName"):
            raise NotInTheFake("currentUnit(fullName=True)")
        asked = {"time": units.time, "angle": units.angle, "linear": units.length}
        told = [value for name, value in asked.items() if flags.get(name)]
        return told[0] if told else units.length
    if "time" in flags:
        name = rate_of(flags["time"])[2]
        if flags.get("updateAnimation") is False:
            raise NotInTheFake("keys that stay at their frames when the unit changes")
        world.journal.put(units, "time", name)
        world.run_jobs("timeUnitChanged")
    for name, field, known in (("angle", "angle", ANGLES), ("linear", "length", LENGTHS)):
        if name in flags:
            if flags[name] not in known:
                raise RuntimeError(f"Invalid {name} unit: {flags[name]}")
            world.journal.put(units, field, flags[name])
    return None


@command("axis/ax:s rotateView/rv", "query")
def upAxis(objects: tuple[Any, ...], flags: Flags) -> Any:
    """Which axis of the world points up: "y" or "z"."""
    if flags.get("query"):
        return world.up_axis
    if flags.get("axis") not in ("y", "z"):
        raise RuntimeError(f"upAxis: {flags.get('axis')!r} is not y or z")
    world.journal.put(world, "up_axis", flags["axis"])
    return None


_RANGE = {
    "minTime": "min",
    "maxTime": "max",
    "animationStartTime": "ast",
    "animationEndTime": "aet",
    "playbackSpeed": "speed",  # 0: every frame, and no sound
}


@command(
    "minTime/min:f maxTime/max:f animationStartTime/ast:f animationEndTime/aet:f loop/l:s "
    "playbackSpeed/ps:f framesPerSecond/fps",
    "query edit",
)
def playbackOptions(objects: tuple[Any, ...], flags: Flags) -> Any:
    """The range of the time slider."""
    if flags.get("query"):
        told = [world.playback[short] for name, short in _RANGE.items() if flags.get(name)]
        if flags.get("framesPerSecond"):
            told.append(float(world.units.fps))
        if not told:
            raise NotInTheFake(f"playbackOptions(query=True) of {sorted(flags)}")
        return told[0]
    for name, short in _RANGE.items():
        if name in flags:
            world.journal.put(world.playback, short, float(flags[name]))
    low, high = world.playback["min"], world.playback["max"]
    if low > high:
        world.journal.put(world.playback, "max", low)
    if "minTime" in flags or "maxTime" in flags:
        world.run_jobs("playbackRangeChanged")
    return 1.0


@command(
    "openChunk/ock closeChunk/cck chunkName/cn:s state/st stateWithoutFlush/swf undoName/un "
    "redoName/rn undoQueueEmpty/uqe redoQueueEmpty/rqe length/l:i infinity/infinity "
    "printQueue/pq",
    "query",
)
def undoInfo(objects: tuple[Any, ...], flags: Flags) -> Any:
    """Chunks of the undo queue, and whether it is kept at all."""
    journal = world.journal
    if flags.get("query"):
        answers = {
            "state": journal.is_on,
            "stateWithoutFlush": journal.is_on,
            "undoName": journal.done[-1].name if journal.done else "",
            "redoName": journal.undone[-1].name if journal.undone else "",
            "undoQueueEmpty": not journal.done,
            "redoQueueEmpty": not journal.undone,
            "chunkName": journal.done[-1].name if journal.done else "",
            "infinity": True,
        }
        told = [value for name, value in answers.items() if flags.get(name)]
        if not told:
            raise NotInTheFake(f"undoInfo(query=True) of {sorted(flags)}")
        return told[0]
    if flags.get("openChunk"):
        journal.open_chunk(flags.get("chunkName") or "")
    elif flags.get("closeChunk"):
        journal.close_chunk()
    elif "state" in flags:
        journal.is_on = bool(flags["state"])
        journal.flush()  # "state" empties the queue, "stateWithoutFlush" leaves it
    elif "stateWithoutFlush" in flags:
        journal.is_on = bool(flags["stateWithoutFlush"])
    else:
        raise NotInTheFake(f"undoInfo of {sorted(flags)}")
    return None


@command()
def undo(objects: tuple[Any, ...], flags: Flags) -> str:
    """Take the last step back."""
    name = world.journal.undo()
    world.run_jobs("Undo")
    return f"Undo: {name}"


@command()
def redo(objects: tuple[Any, ...], flags: Flags) -> str:
    """Make the step again that was taken back last."""
    name = world.journal.redo()
    world.run_jobs("Redo")
    return f"Redo: {name}"


@command()
def flushUndo(objects: tuple[Any, ...], flags: Flags) -> None:
    """Forget all steps."""
    world.journal.flush()


@command("suspend/su")
def refresh(objects: tuple[Any, ...], flags: Flags) -> None:
    """Draw the views, or stop drawing them."""
    if "suspend" in flags:
        world.options["refresh suspended"] = bool(flags["suspend"])
