"""A look at the engine: can it be reached, does it fit, has it what a line asks for?

`look_at_engine` may wait for a daemon that does not answer, so hosts run it in a thread of its own
(`Look`). It starts nothing.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from pathlib import Path

from .._version import __version__
from ..errors import EngineUnavailableError, MynahError
from ..protocol.messages import ListStyles, StyleEntry, StyleList
from .client import Client
from .connection_file import ConnectionInfo, read_connection_file
from .launcher import FindSetUp, find_engine
from .remote import chosen_remote

_ANSWER_S = 3.0


@dataclass(frozen=True)
class EngineState:
    """What can be known without starting the engine: a `fault` in a sentence, or the process that
    should answer and does not, or of a daemon that runs its version, how many models it has, its
    styles, and the other computer that it runs on, if it does."""

    fault: str = ""
    silent_pid: int = 0
    version: str = ""
    n_models: int = 0
    styles: tuple[StyleEntry, ...] = ()
    computer: str = ""


@dataclass(frozen=True)
class EngineFault:
    """A sentence about the engine, and what helps; `is_problem` if it keeps lines from coming."""

    sentence: str
    remedy: str = ""
    is_problem: bool = True


def look_at_engine(chosen: str, set_up: FindSetUp) -> EngineState:
    """`chosen` is the Python of the engine that the host's preferences name; empty: the one that is
    found, with the engine that the host has set up, which `set_up` tells."""
    state = EngineState()
    try:
        remote = chosen_remote()
        if remote is not None:
            return _ask(remote.connection())
        info = read_connection_file()
        if info is not None:
            state = _ask_daemon(info)
        if not state.version:
            _check_engine(chosen, set_up)
    except MynahError as error:
        return replace(state, fault=str(error))
    return state


class Look:
    """A look at the engine under way in a thread; the arguments are those of `look_at_engine`."""

    def __init__(self, chosen: str, set_up: FindSetUp) -> None:
        self._state: EngineState | None = None
        self._thread = threading.Thread(
            target=self._run, args=(chosen, set_up), name="mynah-doctor", daemon=True
        )
        self._thread.start()

    @property
    def state(self) -> EngineState | None:
        """None while it is not known."""
        return self._state

    def wait(self, timeout_s: float) -> None:
        """Until it is known, or so many seconds."""
        self._thread.join(timeout_s)

    def _run(self, chosen: str, set_up: FindSetUp) -> None:
        try:
            self._state = look_at_engine(chosen, set_up)
        except Exception as error:  # a bug; the host must not wait for ever
            self._state = EngineState(fault=f"The engine could not be looked at: {error!r}")
            raise


def engine_faults(state: EngineState, host: str) -> list[EngineFault]:
    """What is wrong with the engine, in words; `host` is what sentences call the caller: "add-on"
    or "plug-in"."""
    found: list[EngineFault] = []
    if state.fault:
        found.append(EngineFault(state.fault))
    if state.silent_pid:
        found.append(
            EngineFault(
                f"The engine that was started as process {state.silent_pid} does not answer.",
                "The next line starts another in its place; if that fails, end this process.",
                is_problem=False,
            )
        )
    if not state.version:
        return found
    if state.version != __version__:
        remedy = "Update the older of the two, and end the engine that runs (`mynah stop`)."
        if state.computer:
            remedy = f"Update the {host}, or ask who looks after the daemon on {state.computer}."
        found.append(
            EngineFault(
                f"The engine that runs is version {state.version} and the {host} {__version__}.",
                remedy,
                is_problem=False,
            )
        )
    if not state.n_models:
        remedy = "Run `mynah doctor`."
        if state.computer:
            remedy = f"Run `mynah doctor` on {state.computer}."
        found.append(EngineFault("The engine has no models, so it can't perform.", remedy))
    return found


def _ask_daemon(info: ConnectionInfo) -> EngineState:
    """Raises `VersionMismatchError`."""
    try:
        return _ask(info)
    except EngineUnavailableError:
        return EngineState(silent_pid=info.pid)


def _ask(info: ConnectionInfo) -> EngineState:
    """Raises `MynahError` if it doesn't answer as it should."""
    with Client(info, "mynah-doctor", __version__) as client:
        welcome = client.hello(_ANSWER_S)
        styles = client.request(ListStyles(), StyleList, _ANSWER_S).styles
    computer = info.host if info.is_remote else ""
    return EngineState("", 0, welcome.server_version, len(welcome.models), styles, computer)


def _check_engine(chosen: str, set_up: FindSetUp) -> None:
    """Raises `EngineUnavailableError` if there is none to start."""
    if not chosen:
        find_engine(set_up())
    elif not Path(chosen).is_file():
        raise EngineUnavailableError(
            f"The preferences name '{chosen}' as the engine's Python, which is no file; choose "
            "another, or none for the one that was installed."
        )
