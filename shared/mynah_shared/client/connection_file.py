"""How a host finds the daemon: `daemon.json` in the user's state folder, for that user only.

It holds the client's key pair, so whoever reads it may use the daemon. The server's secret key is
never written. PROTOCOL.md §3 describes the file.
"""

from __future__ import annotations

import json
import os
import stat
import sys
import tempfile
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import cast

from ..errors import EngineUnavailableError

FILE_NAME = "daemon.json"
MAX_FILE_BYTES = 64 * 1024


@dataclass(frozen=True)
class ConnectionInfo:
    """Where a daemon listens and the keys for it (CURVE keys as 40 characters of Z85)."""

    endpoint: str
    control_endpoint: str
    server_public_key: str
    client_public_key: str
    client_secret_key: str = field(repr=False)
    pid: int
    server_id: str
    version: str


def state_dir() -> Path:
    """The folder for the connection file, the log and the lock; it need not exist yet."""
    if home := os.environ.get("MYNAH_HOME"):
        return Path(home).absolute()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"), "Mynah")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "Mynah"
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state", "mynah")


def ensure_state_dir() -> Path:
    """Makes `state_dir()` with mode 0700. Raises `EngineUnavailableError` if others may open it."""
    folder = state_dir()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _refuse_others(folder, folder.stat(), wanted=0o700)
    except OSError as error:
        raise EngineUnavailableError(
            f"The folder {folder} for the daemon's files can't be used ({error.strerror}); "
            "make it writable or set MYNAH_HOME to another folder."
        ) from error
    return folder


def write_connection_file(info: ConnectionInfo) -> Path:
    """Puts the file in place in one step, mode 0600: a reader sees the old one or the new one."""
    folder = ensure_state_dir()
    path = folder / FILE_NAME
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=".daemon-")  # O_EXCL, 0600
    try:
        with open(handle, "w", encoding="utf-8") as file:
            json.dump(asdict(info), file, indent=1)
        os.replace(temporary, path)
    except OSError as error:
        Path(temporary).unlink(missing_ok=True)
        raise EngineUnavailableError(
            f"The connection file {path} can't be written ({error.strerror}); "
            "free the disk's space or set MYNAH_HOME to another folder."
        ) from error
    return path


def read_connection_file() -> ConnectionInfo | None:
    """The daemon's address and keys; None if there is no file or it is no connection file.

    Raises `EngineUnavailableError` if the file or its folder is open to other users.
    """
    path = state_dir() / FILE_NAME
    try:
        _refuse_others(path.parent, path.parent.stat(), wanted=0o700)
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
        with open(handle, encoding="utf-8") as file:
            _refuse_others(path, os.fstat(handle), wanted=0o600)
            return _parse(json.loads(file.read(MAX_FILE_BYTES)))
    except FileNotFoundError:
        return None
    except ValueError:  # neither JSON nor UTF-8: the daemon that starts next replaces it
        return None
    except OSError as error:
        raise EngineUnavailableError(
            f"The connection file {path} can't be read ({error.strerror}); delete it and try again."
        ) from error


def remove_connection_file(server_id: str) -> None:
    """Removes the file if it is the one of this daemon: a newer daemon's file stays."""
    info = read_connection_file()
    if info is not None and info.server_id == server_id:
        (state_dir() / FILE_NAME).unlink(missing_ok=True)


def _parse(content: object) -> ConnectionInfo | None:
    if not isinstance(content, dict):
        return None
    values = cast("dict[str, object]", content)
    kinds = {item.name: int if item.name == "pid" else str for item in fields(ConnectionInfo)}
    if any(type(values.get(name)) is not kind for name, kind in kinds.items()):
        return None
    return ConnectionInfo(**{name: cast("str", values[name]) for name in kinds})  # pyright: ignore[reportArgumentType]


def _refuse_others(path: Path, status: os.stat_result, *, wanted: int) -> None:
    """Windows has no such modes: there the user's profile folder is closed to others by its ACL."""
    if os.name != "posix":
        return
    if status.st_uid != os.getuid():
        raise EngineUnavailableError(
            f"{path} belongs to another user; delete it or set MYNAH_HOME to a folder of your own."
        )
    mode = stat.S_IMODE(status.st_mode)
    if mode & 0o077:
        raise EngineUnavailableError(
            f"{path} is open to other users (mode {mode:04o}) though it guards the daemon's keys; "
            f"run: chmod {wanted:03o} '{path}'"
        )
