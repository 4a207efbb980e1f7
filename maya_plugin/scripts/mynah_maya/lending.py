"""Packages that the module brings along, for a Python that lacks them.

The .mod file names most of them to Maya, but `mayapy -m mynah_maya.selftest` starts before Maya has
read it; and numpy is only lent, at the end of the path, so that a Maya's own always wins.
"""

from __future__ import annotations

import importlib.util
import platform
import sys
from pathlib import Path

_SYSTEMS = {"win32": "windows", "darwin": "macos"}


def lend_packages(vendor: Path = Path(__file__).parents[2] / "vendor") -> None:
    """Does nothing for what Python finds already, or what the module has not for this Python."""
    own = _tag()
    for name, folder in (
        ("mynah_shared", vendor),
        ("zmq", vendor / own),
        ("numpy", vendor / f"numpy-{own}"),
    ):
        if importlib.util.find_spec(name) is None and (folder / name).is_dir():
            sys.path.append(str(folder))


def _tag() -> str:
    """ "cp311-windows-x64" and the like."""
    system = _SYSTEMS.get(sys.platform, "linux")
    machine = "arm64" if platform.machine().lower() in ("arm64", "aarch64") else "x64"
    return f"cp{sys.version_info[0]}{sys.version_info[1]}-{system}-{machine}"
