"""maya.utils: calls from other threads, and calls put off until Maya is idle."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from maya._errors import NotInTheFake
from maya._world import world


def executeDeferred(function: Callable[..., Any] | str, *args: Any, **kwargs: Any) -> None:
    """Call it when Maya is idle; safe from any thread. In batch there are no idle events."""
    if isinstance(function, str):
        raise NotInTheFake("executeDeferred of a text")
    world.deferred.append(lambda: function(*args, **kwargs))


def executeInMainThreadWithResult(function: Callable[..., Any] | str, *args: Any, **kw: Any) -> Any:
    """Not here: it blocks a thread until Maya is idle, and does not work in batch."""
    raise NotInTheFake("executeInMainThreadWithResult")


def processIdleEvents() -> None:
    """Maya is idle for a moment: what was put off is called now."""
    world.check_thread()
    waiting, world.deferred = world.deferred, []
    for call in waiting:
        call()
