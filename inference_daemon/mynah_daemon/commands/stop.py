"""`mynah stop`: ends the daemon."""

from __future__ import annotations

import argparse
import time
from typing import Any, Final

from mynah_shared.client.connection_file import ConnectionInfo, read_connection_file
from mynah_shared.errors import EngineUnavailableError

from .connecting import find_running, open_client

_DEADLINE_S: Final = 15.0


def add_parser(commands: Any) -> None:
    parser = commands.add_parser("stop", help="end the daemon")
    parser.set_defaults(run=run)


def run(_arguments: argparse.Namespace) -> int:
    """0 once no daemon runs. Raises `EngineUnavailableError` if it doesn't end."""
    info = find_running()
    if info is None:
        print("No Mynah daemon is running.")
        return 0
    end_daemon(info)
    print(f"The Mynah daemon (process {info.pid}) has ended.")
    return 0


def end_daemon(info: ConnectionInfo) -> None:
    """Returns when the daemon has let go of its files.

    Raises `EngineUnavailableError` if it doesn't.
    """
    with open_client(info) as client:
        client.shutdown()
    deadline = time.monotonic() + _DEADLINE_S
    while (current := read_connection_file()) and current.server_id == info.server_id:
        if time.monotonic() > deadline:
            raise EngineUnavailableError(
                f"The daemon (process {info.pid}) doesn't end; end that process."
            )
        time.sleep(0.02)
