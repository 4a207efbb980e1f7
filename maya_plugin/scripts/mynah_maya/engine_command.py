"""What `mynahEngine` does: the page Engine without a window."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import engine
from .flags import Flag
from .library import BadInputError, Status, looked, own_key_text
from .session import Session
from .setup.chosen import look_now, status
from .setup.job import set_up

FLAGS = (
    Flag("su", "setUp", "set_up", bool, "Set the engine up, or update it."),
    Flag("rm", "remove", "remove", bool, "Delete the engine that was set up here."),
    Flag("dv", "device", "device", str, "What to set up for: auto (a GPU if there is one) or cpu."),
    Flag("vi", "videos", "videos", int, "1: also install what captures performers in videos; 0."),
    Flag("pk", "package", "package", str, "A zip of the engine's packages; '': from the index."),
    Flag("oe", "ownEngine", "own", str, "The Python of an engine of your own; '': none."),
    Flag("cn", "connect", "connect", str, "Have lines made by the daemon of this connection file."),
    Flag("dc", "disconnect", "disconnect", bool, "Have lines made on this computer again."),
    Flag("mk", "myKey", "my_key", bool, "Only tell your key for a daemon elsewhere."),
    Flag("c", "cancel", "cancel", bool, "Stop setting up."),
    Flag("wt", "wait", "wait", bool, "Wait, and ask the engine, too (as always without windows)."),
)
_DEEDS = ("set_up", "remove", "connect", "disconnect", "my_key", "cancel")


def carry_out(found: dict[str, Any], session: Session, *, waits: bool) -> list[str]:
    """Does what the flags say; returns how things are then, in sentences. Raises `MynahError`."""
    asked = [deed for deed in _DEEDS if found.get(deed)]
    if len(asked) > 1:
        names = [flag.long for flag in FLAGS if flag.field in asked]
        raise BadInputError(f"-{' and -'.join(names)} exclude each other; say one of them.")
    if "my_key" in asked:
        return [own_key_text()]
    if "cancel" in asked:
        set_up.cancel()
    if changes := _settings(found):
        engine.change_settings(session, **changes)
    if "connect" in asked:
        engine.choose_daemon(Path(found["connect"]), session)
    elif "disconnect" in asked:
        engine.use_this_computer(session)
    elif {"set_up", "remove"} & set(asked):
        engine.start(asked[0], session)
        if waits:
            set_up.run_until_done()
            if set_up.ended is not None and set_up.ended.ending != "done":
                raise BadInputError(set_up.ended.text)
    return state_lines(asks_engine=waits)


def state_lines(*, asks_engine: bool) -> list[str]:
    """Which engine is used, and how it is; `asks_engine` may wait for its answer."""
    if set_up.told is not None:
        return [f"The engine is being set up: {set_up.told.text}."]
    looked.forget()
    found = status()
    lines = [f"{found.text}."]
    lines += details(found)
    if asks_engine and found.is_usable:
        lines += engine.running_words(look_now())
    return list(dict.fromkeys(lines))


def details(found: Status) -> list[str]:
    """What was set up here, in sentences."""
    if found.environment is None:
        return []
    stamp = found.environment.stamp
    videos = "captures performers in videos" if stamp.with_videos else "captures no videos"
    told = f"{found.environment.path}: {stamp.megabytes} MB, Python {stamp.python}; {videos}."
    return [told, *filter(None, [stamp.remark])]


def _settings(found: dict[str, Any]) -> dict[str, Any]:
    """The settings among the flags."""
    readers: dict[str, tuple[str, Callable[[Any], Any]]] = {
        "device": ("device", str),
        "videos": ("with_videos", bool),
        "package": ("engine_package", str),
        "own": ("engine", str),
    }
    return {name: read(found[key]) for key, (name, read) in readers.items() if key in found}
