"""The engine's environments in their folder. One without a stamp is half-made and counts as none.

The name of an environment begins with the Python it was made for, so that two Blenders that share a
folder but not a Python leave each other's engine alone.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

_STAMP = "mynah-engine.json"
_PREFIX = "py{}.{}-".format(*sys.version_info[:2])


@dataclass(frozen=True)
class Stamp:
    """What was installed. `device` is GPU or CPU; `remark` says why it is not what one expects;
    `with_videos` tells if it can capture performers."""

    version: str
    python: str
    device: str
    with_videos: bool
    remark: str
    made: str
    megabytes: int


@dataclass(frozen=True)
class Environment:
    """A complete environment."""

    path: Path
    stamp: Stamp

    @property
    def python(self) -> Path:
        return python_of(self.path)

    @property
    def lost_its_python(self) -> bool:
        home = home_of(self.path)
        return not self.python.is_file() or not home or not Path(home).is_dir()

    @property
    def fault(self) -> str:
        """Why it can't work any more, in a sentence; empty if nothing is amiss."""
        if self.lost_its_python:
            home = home_of(self.path)
            return f"The Python that it was set up with{f' ({home})' if home else ''} is gone."
        site = site_packages(self.path)
        if site is None or not (site / "mynah_daemon" / "__main__.py").is_file():
            return f"Files of the engine are missing from {self.path}."
        return ""


def python_of(environment: Path) -> Path:
    """Its Python, whether or not it exists."""
    return environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def site_packages(environment: Path) -> Path | None:
    """Where its packages lie; None if there is no such folder."""
    if os.name == "nt":
        return environment / "Lib" / "site-packages"
    return next(environment.glob("lib/python*/site-packages"), None)


def home_of(environment: Path) -> str:
    """The folder of the Python that it was made with; empty if that can't be told."""
    try:
        lines = (environment / "pyvenv.cfg").read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return ""
    values = dict(line.split(" = ", 1) for line in lines if " = " in line)
    return values.get("home", "")


def new_path(folder: Path, version: str) -> Path:
    """A name that no environment here has, used or half-made."""
    number = 1
    while (path := folder / f"{_PREFIX}{version}-{number}").exists():
        number += 1
    return path


def complete(folder: Path) -> list[Environment]:
    """The complete environments for this Python, newest first."""
    found = [
        Environment(path, stamp)
        for path in _candidates(folder)
        if (stamp := read_stamp(path)) is not None
    ]
    return sorted(found, key=lambda each: each.stamp.made, reverse=True)


def half_made(folder: Path) -> list[Path]:
    """What an interrupted set-up left; only to be asked under the folder's lock."""
    return [path for path in _candidates(folder) if read_stamp(path) is None]


def _candidates(folder: Path) -> list[Path]:
    try:
        return [path for path in folder.iterdir() if path.name.startswith(_PREFIX)]
    except OSError:
        return []


def read_stamp(environment: Path) -> Stamp | None:
    """None if the environment is not complete."""
    try:
        return Stamp(**json.loads((environment / _STAMP).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def write_stamp(environment: Path, stamp: Stamp) -> None:
    """From now on the environment counts."""
    part = environment / f"{_STAMP}.part"
    part.write_text(json.dumps(asdict(stamp)), encoding="utf-8")
    part.replace(environment / _STAMP)


def remove_stamp(environment: Path) -> None:
    """From now on the environment does not count, whatever of it can't be deleted."""
    (environment / _STAMP).unlink(missing_ok=True)
