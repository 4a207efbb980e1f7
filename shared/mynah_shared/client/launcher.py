"""Finds the daemon: the one chosen on another computer, or the local one through its connection
file, which is started if need be."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from .._version import __version__
from ..errors import EngineUnavailableError, VersionMismatchError
from .client import Client
from .connection_file import (
    ConnectionInfo,
    ensure_state_dir,
    read_connection_file,
    state_dir,
)
from .other_python import environment_for_other_python
from .remote import chosen_remote

LOG_NAME = "daemon.log"
ENGINE_NAME = "engine.json"
POLL_S = 0.05
LAST_LOG_BYTES = 2000
MAX_LOG_BYTES = 5_000_000


@dataclass(frozen=True)
class EngineCommand:
    """The start of the engine's command line; the verb `daemon` follows."""

    arguments: tuple[str, ...]

    @classmethod
    def from_python(cls, python: str) -> EngineCommand:
        """The engine installed beside this Python interpreter."""
        return cls((python, "-m", "mynah_daemon"))


FindSetUp = Callable[[], EngineCommand | None]
"""Tells the engine that the host has set up; None if it has none."""


def find_engine(set_up: EngineCommand | None = None) -> EngineCommand:
    """The installed engine. Raises `EngineUnavailableError` that says how to install or name it.

    Looked for in this order: MYNAH_ENGINE (a Python that has `mynah_daemon`), `set_up` (the engine
    that the host has set up, if it has), `engine.json` in the state folder, `mynah` on the PATH.
    """
    if python := os.environ.get("MYNAH_ENGINE"):
        return EngineCommand.from_python(_existing(python, "The variable MYNAH_ENGINE"))
    if set_up:
        _existing(set_up.arguments[0], "The engine's set-up")
        return set_up
    path = state_dir() / ENGINE_NAME
    if path.exists():
        return EngineCommand.from_python(_existing(_read_engine(path), str(path)))
    if command := shutil.which("mynah"):
        return EngineCommand((command,))
    raise EngineUnavailableError(
        "Mynah's engine is not installed: press Set Up Engine in Blender or Maya, or install the "
        "wheel mynah_daemon and put `mynah` on the PATH or its Python in MYNAH_ENGINE."
    )


def register_engine(python: str = sys.executable) -> Path:
    """Makes the engine beside this Python the one that `find_engine` finds; returns the file."""
    path = ensure_state_dir() / ENGINE_NAME
    part = path.with_suffix(".part")
    part.write_text(json.dumps({"python": python}), encoding="utf-8")
    part.replace(path)
    return path


def find_or_start_daemon(
    engine: EngineCommand | None = None,
    deadline_s: float = 20.0,
    *,
    set_up: EngineCommand | None = None,
) -> ConnectionInfo:
    """The running daemon's connection, after starting `engine` or the one found if need be.

    Any number of hosts may call this at once: a daemon that finds the lock of another ends with
    code 0, and all hosts get that other one. If a daemon on another computer was chosen, its
    connection is returned untried, and nothing is ever started here instead. Raises
    `EngineUnavailableError` or `VersionMismatchError`.
    """
    remote = chosen_remote()
    if remote is not None:
        return remote.connection()
    deadline = time.monotonic() + deadline_s
    stale = read_connection_file()
    if stale is not None and _answers(stale):
        return stale
    process = _start(engine or find_engine(set_up))
    while time.monotonic() < deadline:
        info = read_connection_file()
        another_runs = process.poll() == 0  # it found the lock taken, perhaps by a slow daemon
        if info is not None and (info != stale or another_runs) and _answers(info):
            return info
        if process.poll():
            raise EngineUnavailableError(
                f"The engine ended at its start with code {process.returncode}: {_last_words()}"
            )
        time.sleep(POLL_S)
    raise EngineUnavailableError(_late(stale, deadline_s))


def connect_to(engine: str, set_up: FindSetUp = lambda: None) -> Callable[[], ConnectionInfo]:
    """How to reach the daemon: of the engine of the Python `engine`, or if that is empty of the one
    that is found, with the engine that the host has set up, which `set_up` tells when connecting.
    """

    def connect() -> ConnectionInfo:
        command = EngineCommand.from_python(engine) if engine else None
        return find_or_start_daemon(command, set_up=set_up())

    return connect


def _answers(info: ConnectionInfo) -> bool:
    try:
        with Client(info, "mynah-launcher", __version__) as client:
            client.hello()
    except VersionMismatchError:
        raise
    except EngineUnavailableError:
        return False
    return True


def _start(engine: EngineCommand) -> subprocess.Popen[bytes]:
    """A process of its own that outlives the host, with its output in the log."""
    folder = ensure_state_dir()
    log = _open_log(folder / LOG_NAME)
    try:
        process = subprocess.Popen(
            [*engine.arguments, "daemon"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=folder,
            env=_environment(engine),
            start_new_session=True,  # ignored on Windows
            creationflags=_no_window(),
        )
    except OSError as error:
        raise EngineUnavailableError(
            f"The engine {engine.arguments[0]} can't be started ({error.strerror}); "
            "install it again or set MYNAH_ENGINE to the Python that has it."
        ) from error
    finally:
        os.close(log)
    # Waited for, so that a daemon that ends before its host leaves no zombie.
    threading.Thread(target=process.wait, name="mynah-reaper", daemon=True).start()
    return process


def _open_log(path: Path) -> int:
    """Appends, so that the reason of an earlier daemon's end is kept; starts anew when large."""
    is_large = path.exists() and path.stat().st_size > MAX_LOG_BYTES
    return os.open(
        path, os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if is_large else os.O_APPEND), 0o600
    )


def _no_window() -> int:
    if sys.platform == "win32":
        return subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP
    return 0


def _environment(engine: EngineCommand) -> dict[str, str]:
    if engine.arguments[0] != sys.executable:
        return environment_for_other_python()
    environment = dict(os.environ)
    if path := environment.get("PYTHONPATH"):  # the engine works in another folder
        folders = [str(Path(folder).absolute()) for folder in path.split(os.pathsep)]
        environment["PYTHONPATH"] = os.pathsep.join(folders)
    return environment


def _existing(python: str, source: str) -> str:
    if not Path(python).is_file():
        raise EngineUnavailableError(
            f"{source} names '{python}', which is no file; it must be the Python of the engine."
        )
    return python


def _read_engine(path: Path) -> str:
    try:
        content = cast(object, json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError):  # reported like any other content that has no "python"
        content = None
    python = cast("dict[str, object]", content).get("python") if isinstance(content, dict) else None
    if not isinstance(python, str):
        raise EngineUnavailableError(
            f'{path} must hold {{"python": "…"}}, the path of the engine\'s Python; '
            "correct or delete it."
        )
    return python


def _last_words() -> str:
    """The last line of the log: of a traceback that is the error itself."""
    with open(state_dir() / LOG_NAME, "rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - LAST_LOG_BYTES))
        lines = file.read().decode("utf-8", "replace").split("\n")
    words = [line.strip() for line in lines if line.strip()]
    return words[-1] if words else f"see {state_dir() / LOG_NAME}."


def _late(stale: ConnectionInfo | None, deadline_s: float) -> str:
    log = state_dir() / LOG_NAME
    if stale is None:
        return f"The engine was not ready after {deadline_s:g} s; its log {log} says why."
    return (
        f"The daemon (process {stale.pid}) does not answer and no other could take its place "
        f"within {deadline_s:g} s; end that process and try again, or read the log {log}."
    )
