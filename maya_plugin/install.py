"""Drag this file into Maya's view: Mynah is installed for this user, and loaded.

It tells Maya where this folder is, so the folder must stay where it is. Done again, also from the
folder of another version, it corrects what Maya was told.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from maya import cmds

MODULE = Path(__file__).resolve().parent
PLUGIN = "mynah_plugin"
_HERE = "./mynah"
"""Where the packed .mod file says that the module is, seen from itself."""


class InstallError(Exception):
    """Why Mynah can't be installed, and the remedy."""


def onMayaDroppedPythonFile(*_: object) -> None:
    """Maya's name for what it calls when a file is dropped."""
    try:
        sentence = install()
    except InstallError as error:
        cmds.confirmDialog(title="Mynah", message=str(error), button=["OK"], icon="critical")
        return
    cmds.confirmDialog(title="Mynah", message=sentence, button=["OK"], icon="information")


def install(module: Path = MODULE) -> str:
    """Write the .mod file, load the plug-in now and from now on; returns what to tell the user.
    Raises `InstallError`."""
    file = write_mod(module)
    plugin = module / "plug-ins" / f"{PLUGIN}.py"
    if cmds.pluginInfo(PLUGIN, query=True, loaded=True):
        loaded = Path(str(cmds.pluginInfo(PLUGIN, query=True, path=True)))
        if loaded.resolve() != plugin.resolve():
            return f"Mynah was updated in {file}. Start Maya anew to use it."
        return f"Mynah is installed by {file}, and is loaded already."
    scripts = str(module / "scripts")
    if scripts not in sys.path:  # Maya reads .mod files only when it starts
        sys.path.insert(0, scripts)
    try:
        cmds.loadPlugin(str(plugin))
        cmds.pluginInfo(PLUGIN, edit=True, autoload=True)
    except (RuntimeError, ImportError) as error:
        raise InstallError(
            f"Mynah was written into {file}, but can't be loaded: {error} The Script Editor tells "
            "more."
        ) from error
    return f"Mynah is installed by {file}. Its shelf is called Mynah."


def write_mod(module: Path) -> Path:
    """Tell Maya where the module is, in the user's folder of modules; returns the file. Raises
    `InstallError` if there is nothing to install or the folder can't be written."""
    packed = module.parent / "mynah.mod"
    if not packed.is_file():
        raise InstallError(
            f"There is no mynah.mod beside {module}; unpack all of Mynah's zip, and drop the "
            "install.py that is in it."
        )
    file = modules_folder() / "mynah.mod"
    if file.exists() and file.samefile(packed):
        return file  # the zip was unpacked where Maya looks
    text = packed.read_text(encoding="utf-8")
    lines = [
        f"{line[: -len(_HERE)]}{module.as_posix()}" if line.endswith(f" {_HERE}") else line
        for line in text.splitlines()
    ]
    unfinished = file.with_name("mynah.mod.part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_text("\n".join(lines) + "\n", encoding="utf-8")
        os.replace(unfinished, file)
    except OSError as error:
        raise InstallError(
            f"Mynah can't be installed, because {file} can't be written ({error.strerror}); allow "
            "that, or unpack the zip into a folder on MAYA_MODULE_PATH."
        ) from error
    return file


def modules_folder() -> Path:
    """Where this version of Maya looks for the user's modules."""
    home = str(cmds.internalVar(userAppDir=True))
    return Path(home) / str(cmds.about(majorVersion=True)) / "modules"
