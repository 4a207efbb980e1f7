"""Lets Blender draw what was heard into the animation editors; without a window, into none."""

from __future__ import annotations

import traceback
from typing import Any

import bpy
from bpy.app.handlers import persistent

from ..session import session
from . import drawing
from .editors import EDITORS, redraw


def _change_handlers() -> tuple[list[Any], ...]:
    known = bpy.app.handlers
    return known.depsgraph_update_post, known.undo_post, known.redo_post, known.load_post


@persistent
def _note_change(*_arguments: object) -> None:
    drawing.look_again()


class Handlers:
    """Blender's handles of what draws; there are none without a window."""

    def __init__(self) -> None:
        self._handles: dict[str, Any] = {}
        self._is_broken = False

    def attach(self) -> None:
        if bpy.app.background:
            return
        for editor in EDITORS.values():
            space = getattr(bpy.types, editor)
            self._handles[editor] = space.draw_handler_add(self._draw, (), "WINDOW", "POST_PIXEL")
        for handlers_of_change in _change_handlers():
            handlers_of_change.append(_note_change)
        session.after_bake.append(redraw)

    def detach(self) -> None:
        if not self._handles:
            return
        session.after_bake.remove(redraw)
        for handlers_of_change in _change_handlers():
            handlers_of_change.remove(_note_change)
        for editor, handle in self._handles.items():
            getattr(bpy.types, editor).draw_handler_remove(handle, "WINDOW")
        drawing.forget()
        self.__init__()

    def _draw(self) -> None:
        if self._is_broken:
            return
        try:
            drawing.draw()
        except Exception:  # a bug, which must not be told at every redraw
            self._is_broken = True
            traceback.print_exc()


handlers = Handlers()
