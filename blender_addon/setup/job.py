"""The set-up that Blender watches: a timer looks after it and redraws what shows it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import bpy

from ..library import TICK_S, Order, SetUp, SetUpError
from .places import find_python

_NO_PYTHON = (
    "This Blender brings no Python program to set up the engine with: install the engine with "
    "Python 3.11 to 3.13 and name that as your own engine."
)


class BlenderSetUp(SetUp):
    """At most one at a time, with Blender's own Python."""

    def __init__(self) -> None:
        super().__init__(_python)

    def start(self, order: Order, then: Callable[[], None] = lambda: None) -> None:
        super().start(order, then)
        if not bpy.app.background and not bpy.app.timers.is_registered(_tick):
            # the engine has nothing to do with the file: another may be opened meanwhile
            bpy.app.timers.register(_tick, first_interval=TICK_S, persistent=True)

    def close(self) -> None:
        super().close()
        if bpy.app.timers.is_registered(_tick):
            bpy.app.timers.unregister(_tick)


def _python() -> Path:
    python = find_python()
    if python is None:
        raise SetUpError(_NO_PYTHON)
    return python


set_up = BlenderSetUp()


def _tick() -> float | None:
    before = (set_up.told, set_up.ended)
    set_up.pump()
    if before != (set_up.told, set_up.ended):
        redraw_areas("VIEW_3D", "PREFERENCES")
    return TICK_S if set_up.is_busy else None


def redraw_areas(*kinds: str) -> None:
    """Have the areas of these kinds drawn anew."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type in kinds:
                area.tag_redraw()
