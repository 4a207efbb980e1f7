"""Where things lie. The engine is kept in the user's folder of the extension, which an update of
the extension leaves alone; the extension itself is only read."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import bpy

from ..library import Place, state_dir

ADDON = __name__.rpartition(".setup.")[0]
PACKAGES = Path(__file__).parents[1] / "engine"
"""Our own wheels and pip's; build.py puts them into the extension."""


def engine_folder() -> Path:
    """The folder of the engine's environments; it need not exist. A checkout, which is no
    extension, has it beside the files of the daemon."""
    try:
        folder = bpy.utils.extension_path_user(ADDON, path="engine")
    except ValueError:
        folder = ""
    return Path(folder) if folder else state_dir() / "blender-engine"


def engine_place() -> Place:
    """Where this Blender's engine is set up: for each Python another, as Blenders of several
    versions share the folder."""
    return Place(engine_folder(), "py{}.{}-".format(*sys.version_info[:2]))


def find_python() -> Path | None:
    """The Python program that came with this Blender; None if it brought none."""
    name = "python.exe" if sys.platform == "win32" else "python{}.{}".format(*sys.version_info[:2])
    beside = [Path(sys.prefix, "bin", name), Path(sys.prefix, name), Path(sys.base_prefix, name)]
    for path in (Path(sys.executable or os.devnull), *beside):
        if path.name.lower().startswith("python") and path.is_file():
            return path
    return None
