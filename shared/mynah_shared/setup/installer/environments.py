"""The engine's environments in their folder. One without a stamp is half-made and counts as none.

The name of an environment begins with its family, so that hosts that share a folder but nothing
else leave each other's engine alone.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

_STAMP = "mynah-engine.json"
_PACKAGES, _START = "packages", "start.py"


@dataclass(frozen=True)
class Stamp:
    """What was installed. `device` is GPU or CPU; `remark` says why it is not what one expects;
    `with_videos` tells if it can capture performers. `program` is the Python that runs it if that
    can have no environment of its own, as Maya's can't; else empty."""

    version: str
    python: str
    device: str
    with_videos: bool
    remark: str
    made: str
    megabytes: int
    program: str = ""


@dataclass(frozen=True)
class Layout:
    """Where an environment has its parts and how its programs are started: a virtual environment,
    or with a `program` a folder of packages that this Python is told of."""

    path: Path
    program: str = ""

    @property
    def python(self) -> Path:
        """Its Python, whether or not it exists."""
        return Path(self.program) if self.program else python_of(self.path)

    @property
    def packages(self) -> Path | None:
        """Where its packages lie; None if there is no such folder."""
        return self.path / _PACKAGES if self.program else site_packages(self.path)

    @property
    def engine(self) -> tuple[str, ...]:
        """The start of the engine's command line; a verb follows."""
        if self.program:
            return self.program, str(self.path / _START)
        return str(self.python), "-m", "mynah_daemon"

    def running(self, code: str) -> list[str]:
        """The command line that runs Python code among its packages."""
        if not self.program:
            return [str(self.python), "-I", "-c", code]
        told = f"import sys; sys.path.insert(0, {str(self.path / _PACKAGES)!r}); "
        return [self.program, "-c", told + code]

    def write_start(self) -> None:
        """Make the folder of packages and what starts the engine in it."""
        (self.path / _PACKAGES).mkdir(parents=True)
        shutil.copyfile(Path(__file__).with_name(_START), self.path / _START)


@dataclass(frozen=True)
class Environment:
    """A complete environment."""

    path: Path
    stamp: Stamp

    @property
    def layout(self) -> Layout:
        """How it is started."""
        return Layout(self.path, self.stamp.program)

    @property
    def python(self) -> Path:
        """Its Python, whether or not it exists."""
        return self.layout.python

    @property
    def lost_its_python(self) -> bool:
        """Whether the Python that it was made with is gone."""
        if self.stamp.program:
            return not self.python.is_file()
        home = home_of(self.path)
        return not self.python.is_file() or not home or not Path(home).is_dir()

    @property
    def fault(self) -> str:
        """Why it can't work any more, in a sentence; empty if nothing is amiss."""
        if self.lost_its_python:
            home = self.stamp.program or home_of(self.path)
            return f"The Python that it was set up with{f' ({home})' if home else ''} is gone."
        site = self.layout.packages
        if site is None or not (site / "mynah_daemon" / "__main__.py").is_file():
            return f"Files of the engine are missing from {self.path}."
        return ""


def layout_for(python: str, path: Path) -> Layout:
    """How an environment is laid out for this Python. Maya's, called `mayapy`, only works from its
    own folder: Autodesk's way for packages of one's own is a folder that they are installed to."""
    return Layout(path, python if Path(python).stem.lower() == "mayapy" else "")


def python_of(environment: Path) -> Path:
    """The Python of a virtual environment, whether or not it exists."""
    return environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def site_packages(environment: Path) -> Path | None:
    """Where a virtual environment has its packages; None if there is no such folder."""
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


def new_path(folder: Path, family: str, version: str) -> Path:
    """A name that no environment here has, used or half-made."""
    number = 1
    while (path := folder / f"{family}{version}-{number}").exists():
        number += 1
    return path


def complete(folder: Path, family: str) -> list[Environment]:
    """The complete environments of a family, newest first."""
    found = [
        Environment(path, stamp)
        for path in _candidates(folder, family)
        if (stamp := read_stamp(path)) is not None
    ]
    return sorted(found, key=lambda each: each.stamp.made, reverse=True)


def half_made(folder: Path, family: str) -> list[Path]:
    """What an interrupted set-up left; only to be asked under the folder's lock."""
    return [path for path in _candidates(folder, family) if read_stamp(path) is None]


def _candidates(folder: Path, family: str) -> list[Path]:
    try:
        return [path for path in folder.iterdir() if path.name.startswith(family)]
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
