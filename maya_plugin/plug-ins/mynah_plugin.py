"""Mynah as Maya loads it: its commands, and nothing that runs before one of them is called."""

from __future__ import annotations

import maya.api.OpenMaya as om


def maya_useNewAPI() -> None:
    """Tells Maya that this plug-in speaks the Python API 2.0."""


def initializePlugin(plugin: om.MObject) -> None:
    """Register the commands."""
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


def uninitializePlugin(plugin: om.MObject) -> None:
    """Give up what is under way and take the commands away."""
    from mynah_maya import commands

    commands.shut_down()
    function = om.MFnPlugin(plugin)
    for command in commands.COMMANDS:
        function.deregisterCommand(command.name)
