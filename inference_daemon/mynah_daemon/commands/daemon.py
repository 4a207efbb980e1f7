"""`mynah daemon`: serves until it is stopped. Hosts and `mynah generate` start it by themselves;
for other computers somebody starts it with --listen."""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import Any

from mynah_shared._version import __version__
from mynah_shared.client.connection_file import read_connection_file
from mynah_shared.client.remote import DEFAULT_PORT
from mynah_shared.errors import BadInputError, EngineUnavailableError

from ..config import LOOPBACK, config_from_environment
from ..daemon import Daemon
from ..devices import read_device
from ..listening import read_listen
from ..locking import AlreadyRunningError
from .connecting import connect


def add_parser(commands: Any) -> None:
    parser = commands.add_parser("daemon", help="serve hosts until stopped")
    parser.add_argument(
        "--host", default=LOOPBACK, help=f"a loopback address (default: {LOOPBACK})"
    )
    parser.add_argument(
        "--listen",
        metavar="ADDRESS:PORT",
        help="serve other computers too, those of `mynah clients`: an address of this computer or "
        f"0.0.0.0, and the first of two ports (default: {DEFAULT_PORT})",
    )
    add_device_option(parser)
    parser.add_argument(
        "--metrics",
        type=int,
        default=0,
        metavar="PORT",
        help="answer Prometheus at this port, at /metrics (needs the extra 'metrics')",
    )
    parser.add_argument(
        "--detach", action="store_true", help="start it in the background, unless one runs"
    )
    parser.set_defaults(run=run)


def add_device_option(parser: argparse.ArgumentParser) -> None:
    """What lines are made on; the one way to name devices."""
    parser.add_argument(
        "--device",
        action="append",
        type=read_device,
        default=[],
        metavar="DEVICE",
        help="make lines there: cpu, cuda:0, directml:0 …; once for each worker "
        "(default: all graphics cards that can be used, else cpu)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Serves in the foreground; a second daemon for the same state folder ends at once.

    Raises `EngineUnavailableError` if another daemon keeps this one from listening.
    """
    if arguments.detach:
        if arguments.listen or arguments.metrics or arguments.device:
            raise BadInputError(
                "--detach starts a daemon for this computer alone; without it, --listen, --device "
                "and --metrics work in a service of the system (see docs/REMOTE.md)."
            )
        print(f"The Mynah daemon is ready (process {connect().pid}); `mynah stop` ends it.")
        return 0
    listen = read_listen(arguments.listen) if arguments.listen else None
    config = config_from_environment(arguments.host, listen)
    config = replace(config, metrics_port=arguments.metrics, devices=tuple(arguments.device))
    place = (
        f", listens on {listen.address}:{listen.port} and :{listen.control_port}" if listen else ""
    )
    try:
        Daemon(config).run(
            lambda pid: print(
                f"Mynah daemon {__version__} is ready (process {pid}){place}; Ctrl-C stops it.",
                flush=True,
            )
        )
    except AlreadyRunningError as err:
        info = read_connection_file()
        process = f" (process {info.pid})" if info else ""
        sentence = f"A Mynah daemon is running already{process}"
        if listen is not None:
            raise EngineUnavailableError(
                f"{sentence}; end it with `mynah stop`, then start this one again."
            ) from err
        print(f"{sentence}.")
    return 0
