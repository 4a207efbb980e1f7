"""Which engine the next line would use, and what is the matter with it. Looks at files only."""

from __future__ import annotations

import enum
import os
import time
from dataclasses import dataclass
from pathlib import Path

from .._version import __version__
from ..client.connection_file import read_connection_file
from ..client.launcher import EngineCommand, find_engine
from ..client.remote import chosen_remote
from ..errors import MynahError
from .installer.environments import Environment, complete, python_of

_FRESH_S = 2.0


class State(enum.Enum):
    """What is to be done about the engine, if anything."""

    READY = enum.auto()
    MISSING = enum.auto()
    BROKEN = enum.auto()
    MISNAMED = enum.auto()
    OUTDATED = enum.auto()
    ELSEWHERE = enum.auto()


@dataclass(frozen=True)
class Place:
    """Where a host sets up engines: in `folder`, those whose names begin with `family`."""

    folder: Path
    family: str

    def environments(self) -> list[Environment]:
        """The complete ones, newest first."""
        return complete(self.folder, self.family)

    def engine(self) -> EngineCommand | None:
        """The engine that was set up here; None if none is of use."""
        found = next((each for each in self.environments() if not each.fault), None)
        return EngineCommand(found.layout.engine) if found else None


@dataclass(frozen=True)
class Status:
    """`text` is for people; `environment` is the one set up here, if there is one; `is_local`
    tells whether it is about an engine of this computer."""

    state: State
    text: str
    environment: Environment | None = None
    is_local: bool = True

    @property
    def is_usable(self) -> bool:
        """Whether a line can be asked for, as far as files tell."""
        return self.state in (State.READY, State.OUTDATED, State.ELSEWHERE)


def python_in(path: str) -> str:
    """The Python that a path means: itself, or the one of the environment in that folder."""
    return str(python_of(Path(path))) if path and Path(path).is_dir() else path


class Looked:
    """The status as it was seen a moment ago: panels ask for it at every redraw."""

    def __init__(self) -> None:
        self._status: Status | None = None
        self._key: tuple[str, Place] | None = None
        self._until_s = 0.0

    def status(self, own: str, place: Place) -> Status:
        """`own` is the Python of the engine that the host's settings name, or empty."""
        if self._status is None or self._key != (own, place) or time.monotonic() > self._until_s:
            self._status, self._key = look(own, place), (own, place)
            self._until_s = time.monotonic() + _FRESH_S
        return self._status

    def forget(self) -> None:
        """Look anew at the next question."""
        self._status = None


def look(own: str, place: Place) -> Status:
    """In the order in which an engine is chosen."""
    ours = next(iter(place.environments()), None)
    try:
        remote = chosen_remote()
    except MynahError as error:
        return Status(State.MISNAMED, str(error).rstrip("."), ours, is_local=False)
    if remote is not None:
        return Status(State.ELSEWHERE, f"Lines are made on {remote.place}", ours, is_local=False)
    if own:
        return _named(own, "Your own engine", ours)
    if named := os.environ.get("MYNAH_ENGINE"):
        return _named(named, "The engine of the variable MYNAH_ENGINE", ours)
    if ours is not None:
        return _set_up(ours)
    try:
        arguments = find_engine().arguments
    except MynahError:
        if _a_daemon_runs():
            return Status(State.READY, "A daemon that was started elsewhere is used")
        return Status(State.MISSING, "The engine is not set up yet")
    return Status(State.READY, f"The engine registered on this computer: {arguments[0]}")


def _named(python: str, what: str, ours: Environment | None) -> Status:
    if Path(python).is_file():
        return Status(State.READY, f"{what}: {python}", ours)
    text = f"{what} is '{python}', which is no file; correct or remove it"
    return Status(State.MISNAMED, text, ours)


def _set_up(ours: Environment) -> Status:
    stamp = ours.stamp
    if ours.fault:
        return Status(State.BROKEN, f"The engine is broken. {ours.fault}", ours)
    if stamp.version != __version__:
        text = f"The engine is version {stamp.version}, and version {__version__} is needed"
        return Status(State.OUTDATED, text, ours)
    return Status(State.READY, f"Engine {stamp.version} is ready, on the {stamp.device}", ours)


def _a_daemon_runs() -> bool:
    try:
        return read_connection_file() is not None
    except MynahError:
        return True  # what is wrong with its file is for the next line to say


looked = Looked()
