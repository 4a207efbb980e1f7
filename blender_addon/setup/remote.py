"""What came of the last test of the connection to a daemon on another computer."""

from __future__ import annotations

import bpy


class ConnectionTest:
    """`text` is for people, and empty before the first test."""

    def __init__(self) -> None:
        self.text, self.is_error, self.is_running = "", False, False

    def begin(self, place: str) -> None:
        self._show(f"Trying {place}…", is_error=False, is_running=True)

    def end(self, text: str, *, is_error: bool) -> None:
        self._show(text, is_error=is_error, is_running=False)

    def forget(self) -> None:
        self._show("", is_error=False, is_running=False)

    def _show(self, text: str, *, is_error: bool, is_running: bool) -> None:
        self.text, self.is_error, self.is_running = text, is_error, is_running
        for window in bpy.context.window_manager.windows:
            for area in window.screen.areas:
                if area.type == "PREFERENCES":
                    area.tag_redraw()


connection_test = ConnectionTest()
