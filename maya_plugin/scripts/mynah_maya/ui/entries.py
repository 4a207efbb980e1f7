"""What shelf and menu run: Python as text, so that it works in whatever session it is kept for."""

from __future__ import annotations

PLUGIN = "mynah_plugin"
_LOAD = f"from maya import cmds\ncmds.loadPlugin('{PLUGIN}', quiet=True)\n"
GENERATE = f"{_LOAD}cmds.mynahGenerate()"
BATCH = f"{_LOAD}cmds.mynahBatch()"
VOICE = f"{_LOAD}from mynah_maya.ui import voice_dock\nvoice_dock.show()"


def opening(page: str) -> str:
    """Opens the window at one of its pages."""
    return f"{_LOAD}from mynah_maya.ui import dock\ndock.show({page!r})"
