"""maya.OpenMayaUI: the main window's pointer, for wrapInstance.

There is none unless a test puts the pointer of a real Qt window into `world.main_window`.
"""

from __future__ import annotations

from maya._world import world


class MQtUtil:
    """Pointers of Qt objects."""

    @staticmethod
    def mainWindow() -> int | None:
        world.check_thread()
        return None if world.is_batch else world.main_window

    @staticmethod
    def findControl(name: str) -> int | None:
        """The pointer of a widget, if a test has put one into `world.widgets[name]["pointer"]`."""
        world.check_thread()
        return world.widgets.get(name, {}).get("pointer")
