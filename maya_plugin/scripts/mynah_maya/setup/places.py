"""Where things lie. The engine is kept in this user's own folder, once for all versions of Maya,
and an update of the module leaves it alone; the module itself is only read."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from ..library import Place, find_python, state_dir

PACKAGES = Path(__file__).parents[3] / "engine"
"""Our own wheels and pip's; build.py puts them into the module."""
_FIRST_THAT_DOES = (3, 11)


def engine_place() -> Place:
    """Where the engine is set up; the folder need not exist."""
    return Place(state_dir() / "maya-engine", "maya-")


def python_for_engine() -> Path:
    """The Python to set up the engine with: one of this computer's, else that of this Maya if it
    is new enough. Takes its time. Raises `SetUpError` if there is none."""
    return find_python(mayapy() if sys.version_info >= _FIRST_THAT_DOES else None)


def mayapy() -> Path:
    """The Python program that came with this Maya, whether or not it exists."""
    folder = Path(os.environ.get("MAYA_LOCATION") or Path(sys.executable).parents[1])
    return folder / "bin" / ("mayapy.exe" if sys.platform == "win32" else "mayapy")
