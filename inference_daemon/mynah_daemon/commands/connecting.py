"""How the commands reach the daemon."""

from __future__ import annotations

import sys

from mynah_shared._version import __version__
from mynah_shared.client.client import Client
from mynah_shared.client.connection_file import ConnectionInfo, read_connection_file
from mynah_shared.client.launcher import EngineCommand, find_or_start_daemon
from mynah_shared.errors import EngineUnavailableError

APP = "mynah"


def connect() -> ConnectionInfo:
    """The daemon chosen on another computer, or the running one here, or one started with this
    very Python."""
    return find_or_start_daemon(EngineCommand.from_python(sys.executable))


def open_client(info: ConnectionInfo) -> Client:
    """A client that still has to say hello."""
    return Client(info, APP, __version__)


def find_running() -> ConnectionInfo | None:
    """This computer's daemon if one answers. Raises `EngineUnavailableError` for an unsafe file."""
    info = read_connection_file()
    if info is None:
        return None
    try:
        with open_client(info) as client:
            client.ping(timeout_s=3.0)
    except EngineUnavailableError:  # the file is all that is left of it
        return None
    return info
