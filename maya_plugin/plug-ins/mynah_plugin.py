"""Mynah as Maya loads it: commands, shelf and menu, and nothing that runs before one is used."""

from __future__ import annotations

import sys

import maya.api.OpenMaya as om
from maya import cmds


def maya_useNewAPI() -> None:
    """Tells Maya that this plug-in speaks the Python API 2.0."""


def initializePlugin(plugin: om.MObject) -> None:
    """Register the commands and, with windows, add shelf and menu."""
    try:
        from mynah_maya import commands
        from mynah_maya.library import __version__
    except ImportError as error:
        om.MGlobal.displayError(
            f"Mynah can't be loaded, because its part '{error.name}' is missing. If that is numpy "
            "or zmq, run: mayapy -m pip install numpy pyzmq; else unpack Mynah's zip again."
        )
        raise
    function = om.MFnPlugin(plugin, "Mynah", __version__, "Any")
    for command in commands.COMMANDS:
        function.registerCommand(command.name, command.creator, command.make_syntax)
    commands.start_up()
    if not cmds.about(batch=True):
        from mynah_maya.ui import menu, shelf

        shelf.add_soon()
        menu.add_soon()


def uninitializePlugin(plugin: om.MObject) -> None:
    """Give up what is under way and take the commands away."""
    from mynah_maya import commands

    if not cmds.about(batch=True):
        from mynah_maya.ui import menu, shelf

        shelf.remove()
        menu.remove()
        for name in ("mynah_maya.ui.dock", "mynah_maya.ui.voice_dock"):
            if name in sys.modules:  # it was opened
                sys.modules[name].close()
    commands.shut_down()
    function = om.MFnPlugin(plugin)
    for command in commands.COMMANDS:
        function.deregisterCommand(command.name)
