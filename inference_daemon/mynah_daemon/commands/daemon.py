"""`mynah daemon`: serves until it is stopped. Hosts and `mynah generate` start it by themselves."""

from __future__ import annotations

import argparse
from typing import Any

from mynah_shared._version import __version__
from mynah_shared.client.connection_file import read_connection_file

from ..config import LOOPBACK, config_from_environment
from ..daemon import Daemon
from ..locking import AlreadyRunningError
from .connecting import connect


def add_parser(commands: Any) -> None:
    parser = commands.add_parser("daemon", help="serve hosts until stopped")
    parser.add_argument(
        "--host", default=LOOPBACK, help=f"a loopback address (default: {LOOPBACK})"
    )
    parser.add_argument(
        "--detach", action="store_true", help="start it in the background, unless one runs"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Serves in the foreground; a second daemon for the same state folder ends at once."""
    if arguments.detach:
        print(f"The Mynah daemon is ready (process {connect().pid}); `mynah stop` ends it.")
        return 0
    config = config_from_environment(arguments.host)
    try:
        Daemon(config).run(
            lambda pid: print(
                f"Mynah daemon {__version__} is ready (process {pid}); Ctrl-C stops it.", flush=True
            )
        )
    except AlreadyRunningError:
        info = read_connection_file()
        process = f" (process {info.pid})" if info else ""
        print(f"A Mynah daemon is running already{process}.")
    return 0
