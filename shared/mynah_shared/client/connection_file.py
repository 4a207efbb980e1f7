"""How a host finds the daemon: `daemon.json` in the user's state folder, for that user only.

It holds the client's key pair, so whoever reads it may use the daemon; the server's secret key is
not in it. A daemon on another computer has a file of another kind: see `remote`. PROTOCOL.md §3
describes both.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import cast

from ..errors import EngineUnavailableError
from .private_file import parse_object, read_private, refuse_others, replace_private

FILE_NAME = "daemon.json"


@dataclass(frozen=True)
class ConnectionInfo:
    """Where a daemon listens and the keys for it (CURVE keys as 40 characters of Z85).

    `pid` is 0 for a daemon on another computer, whose process is nothing to this one.
    """

    endpoint: str
    control_endpoint: str
    server_public_key: str
    client_public_key: str
    client_secret_key: str = field(repr=False)
    pid: int
    server_id: str
    version: str

    @property
    def is_remote(self) -> bool:
        """Whether the daemon runs on another computer."""
        return self.pid == 0

    @property
    def host(self) -> str:
        """The computer it listens on."""
        return self.endpoint.rpartition("/")[2].rpartition(":")[0]


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
        refuse_others(folder, folder.stat(), wanted=0o700)
    except OSError as error:
        raise EngineUnavailableError(
            f"The folder {folder} for the daemon's files can't be used ({error.strerror}); "
            "make it writable or set MYNAH_HOME to another folder."
        ) from error
    return folder


def write_connection_file(info: ConnectionInfo) -> Path:
    """Puts the file in place in one step, mode 0600: a reader sees the old one or the new one."""
    path = ensure_state_dir() / FILE_NAME
    replace_private(path, json.dumps(asdict(info), indent=1))
    return path


def read_connection_file() -> ConnectionInfo | None:
    """The daemon's address and keys; None if there is no file or it is no connection file.

    Raises `EngineUnavailableError` if the file or its folder is open to other users.
    """
    try:
        text = read_private(state_dir() / FILE_NAME)
        return None if text is None else _parse(parse_object(text))
    except ValueError:  # neither JSON nor UTF-8: the daemon that starts next replaces it
        return None


def remove_connection_file(server_id: str) -> None:
    """Removes the file if it is the one of this daemon: a newer daemon's file stays."""
    info = read_connection_file()
    if info is not None and info.server_id == server_id:
        (state_dir() / FILE_NAME).unlink(missing_ok=True)


def _parse(values: dict[str, object]) -> ConnectionInfo | None:
    kinds = {item.name: int if item.name == "pid" else str for item in fields(ConnectionInfo)}
    if any(type(values.get(name)) is not kind for name, kind in kinds.items()):
        return None
    return ConnectionInfo(**{name: cast("str", values[name]) for name in kinds})  # pyright: ignore[reportArgumentType]
