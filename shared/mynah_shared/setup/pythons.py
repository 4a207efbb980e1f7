"""Finds a Python program to set up the engine with, for hosts whose own may not do.

Looked for in this order: those with a version in their name, where installers put them and on the
PATH; `python3` and `python` on the PATH; Blender's; the host's own.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from ..client.other_python import ALONE, environment_for_other_python
from .installer.order import SetUpError

NO_PYTHON = (
    "The engine needs Python 3.11, 3.12 or 3.13, and none was found on this computer: install "
    "Python 3.13 from python.org and set the engine up again, or use an engine of your own."
)
_VERSIONS = ("3.11", "3.13", "3.12")
"""Blender's come first: engine packages for computers without a network are made for those."""
_ANSWER_S = 15.0
_ASKED = (
    "import sys, ctypes, ssl, venv; fits = (3, 11) <= sys.version_info[:2] <= (3, 13); "
    "fits = fits and sys.maxsize > 2**32 and sys.implementation.name == 'cpython'; "
    "print('fits' if fits else 'no'); print(sys.executable)"
)
_LISTED = re.compile(r"-V:(3\.\d+)\S*\s(?:.*?\s)?([A-Za-z]:\\.*\.exe)\s*$")


def find_python(own: Path | None) -> Path:
    """The first that runs and fits; `own` is the host's. Takes a second or more, as programs are
    started. Raises `SetUpError` with what to install."""
    tried: set[Path] = set()
    for path in candidates(own):
        # the shop's on Windows writes to other places than it says
        if path in tried or "WindowsApps" in path.parts or not _is_file(path):
            continue
        tried.add(path)
        if python := fitting(path):
            return python
    raise SetUpError(NO_PYTHON)


def fitting(path: Path) -> Path | None:
    """The Python that this program is, if it runs and the engine can be made with it."""
    try:
        done = subprocess.run(
            [path, "-c", _ASKED],
            env={**environment_for_other_python(), **ALONE},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=_ANSWER_S,
            check=False,
            creationflags=subprocess.CREATE_NO_WINDOW if sys.platform == "win32" else 0,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    said = done.stdout.splitlines()[-2:]  # a studio's own start-up may speak before
    if done.returncode or len(said) != 2 or said[0] != "fits":
        return None
    if _is_mayas(path) or not _is_file(Path(said[1])):
        return path  # Maya's starts another program, which would not run by itself
    return Path(said[1])  # not the script of a version manager, which may choose another tomorrow


def candidates(own: Path | None) -> Iterator[Path]:
    """Programs that may be a Python, the best first; they need not exist."""
    listed: list[tuple[str, Path]] = []
    if sys.platform == "win32":
        listed = _listed_by_launcher()
    for version in _VERSIONS:
        yield from (path for found, path in listed if found == version)
        if named := shutil.which(f"python{version}"):
            yield Path(named)
        yield from _usual_places(version)
    yield from map(Path, filter(None, (shutil.which("python3"), shutil.which("python"))))
    for version in _VERSIONS:
        yield from _blenders(version)
    if own is not None:
        yield own


def listed_in(text: str) -> list[tuple[str, Path]]:
    """Versions and programs, from what Windows' launcher `py -0p` lists."""
    found = map(_LISTED.search, text.splitlines())
    return [(match[1], Path(match[2])) for match in found if match]


def _listed_by_launcher() -> list[tuple[str, Path]]:
    try:
        listing = subprocess.run(
            ["py", "-0p"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=_ANSWER_S,
            check=False,
            creationflags=subprocess.CREATE_NO_WINDOW if sys.platform == "win32" else 0,
        )
    except (OSError, subprocess.TimeoutExpired):
        return []
    return listed_in(listing.stdout + listing.stderr)


def _usual_places(version: str) -> Iterator[Path]:
    if sys.platform == "win32":
        folder = f"Python{version.replace('.', '')}"
        for variable, between in (("LOCALAPPDATA", "Programs/Python"), ("ProgramFiles", "")):
            if start := os.environ.get(variable):
                yield Path(start, between, folder, "python.exe")
        return
    name = f"python{version}"
    if sys.platform == "darwin":  # programs that are started from the Dock have a short PATH
        yield Path("/Library/Frameworks/Python.framework/Versions", version, "bin", name)
        yield Path("/opt/homebrew/bin", name)
    yield from (Path(folder, name) for folder in ("/usr/local/bin", "/usr/bin"))
    yield from sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/{name}"))
    yield from sorted(Path.home().glob(f".local/share/uv/python/cpython-{version}*/bin/{name}"))


def _blenders(version: str) -> Iterator[Path]:
    if program := shutil.which("blender"):
        yield from _in_blender(Path(program).resolve().parent, version)
    if sys.platform == "win32":
        for variable in ("ProgramFiles", "ProgramFiles(x86)"):
            start = Path(os.environ.get(variable, os.devnull))
            folders = [*start.glob("Blender Foundation/Blender*"), start / _STEAM]
            for folder in sorted(folders, reverse=True):
                yield from _in_blender(folder, version)
    elif sys.platform == "darwin":
        for folder in sorted(Path("/Applications").glob("Blender*.app/Contents/Resources")):
            yield from _in_blender(folder, version)
    else:
        for start in (Path("/opt"), Path.home()):
            for folder in sorted(start.glob("[Bb]lender*"), reverse=True):
                yield from _in_blender(folder, version)


_STEAM = "Steam/steamapps/common/Blender"


def _in_blender(folder: Path, version: str) -> Iterator[Path]:
    """`version` is in the name of the program except on Windows, where each is tried."""
    name = "python.exe" if sys.platform == "win32" else f"python{version}"
    yield from sorted(folder.glob(f"[0-9].[0-9]/python/bin/{name}"), reverse=True)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # in a folder that this user may not open
        return False


def _is_mayas(path: Path) -> bool:
    return path.stem.lower() == "mayapy"
