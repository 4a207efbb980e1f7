"""The engine: can it be reached, does it fit, has it what the line asks for?

`look_at_engine` may wait for a daemon that does not answer, so it runs in a thread of its own. It
starts nothing and touches nothing of Blender's.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import bpy

from ..library import (
    BadInputError,
    Client,
    ConnectionInfo,
    EngineUnavailableError,
    ListStyles,
    MynahError,
    StyleEntry,
    StyleList,
    __version__,
    chosen_remote,
    find_engine,
    read_connection_file,
)
from ..line_settings import settings_of
from .finding import Finding, Severity

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
    host: str = ""


def look_at_engine(chosen: str, set_up: Callable[[], str]) -> EngineState:
    """`chosen` is the Python of the engine that the preferences name; empty: the one that is found,
    with the engine set up here, whose Python `set_up` tells."""
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
    """A look at the engine under way in a thread."""

    def __init__(self, chosen: str, set_up: Callable[[], str]) -> None:
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
        self._thread.join(timeout_s)

    def _run(self, chosen: str, set_up: Callable[[], str]) -> None:
        try:
            self._state = look_at_engine(chosen, set_up)
        except Exception as error:  # a bug; the panel must not wait for ever
            self._state = EngineState(fault=f"The engine could not be looked at: {error!r}")
            raise


def findings_of(context: bpy.types.Context, state: EngineState) -> Iterator[Finding]:
    if state.fault:
        yield Finding(state.fault)
    if state.silent_pid:
        yield Finding(
            f"The engine that was started as process {state.silent_pid} does not answer.",
            Severity.hint,
            "The next line starts another in its place; if that fails, end this process.",
        )
    if not state.version:
        return
    if state.version != __version__:
        remedy = "Update the older of the two, and end the engine that runs (`mynah stop`)."
        if state.host:
            remedy = f"Update the add-on, or ask who looks after the daemon on {state.host}."
        yield Finding(
            f"The engine that runs is version {state.version} and the add-on {__version__}.",
            Severity.hint,
            remedy,
        )
    if not state.n_models:
        yield Finding(
            "The engine has no models, so it can't perform.",
            remedy=f"Run `mynah doctor`{f' on {state.host}' if state.host else ''}.",
        )
    yield from _check_library_styles(context, state.styles)


def check_clips(context: bpy.types.Context) -> Iterator[Finding]:
    """Files and rigs of styles and gestures that are gone."""
    settings = settings_of(context)
    for row in (*settings.styles, *settings.gestures):
        try:
            if row.kind == "FILE":
                row.read_file()
            elif row.kind == "RIG":
                row.to_passage(24.0)
            elif not row.style_name:
                row.to_use(0.0, 24.0)
        except BadInputError as error:
            yield Finding(str(error))


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
    host = info.host if info.is_remote else ""
    return EngineState("", 0, welcome.server_version, len(welcome.models), styles, host)


def _check_engine(chosen: str, set_up: Callable[[], str]) -> None:
    """Raises `EngineUnavailableError` if there is none to start."""
    if not chosen:
        find_engine(set_up())
    elif not Path(chosen).is_file():
        raise EngineUnavailableError(
            f"The preferences name '{chosen}' as the engine's Python, which is no file; choose "
            "another, or none for the one that was installed."
        )


def _check_library_styles(
    context: bpy.types.Context, styles: tuple[StyleEntry, ...]
) -> Iterator[Finding]:
    known = {name for style in styles for name in (style.name, *style.tags)}
    for row in settings_of(context).styles:
        if row.kind == "LIBRARY" and row.style_name and row.style_name not in known:
            yield Finding(
                f"The engine's library has no style '{row.style_name}'.",
                remedy="Choose another in the list of styles, or remove it there.",
            )
