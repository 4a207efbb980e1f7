"""The `mynah` command: one subcommand per module of `commands`, and those of other packages."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib.metadata import entry_points
from typing import Any, Final, NoReturn

from mynah_shared._version import __version__
from mynah_shared.errors import MynahError

from .commands import (
    batch,
    bench,
    capture,
    clients,
    connect,
    daemon,
    doctor,
    flame,
    generate,
    status,
    stop,
    styles,
    transfer,
)

_COMMANDS: Final = (
    *(generate, batch, transfer, capture, styles, flame),
    *(daemon, clients, connect, status, stop, doctor, bench),
)
BAD_INPUT: Final = 2
INTERRUPTED: Final = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; its exit code: 0, 2 after one sentence on stderr, 130 after Ctrl-C."""
    try:
        parsed = build_parser().parse_args(arguments)
        return int(parsed.run(parsed) or 0)
    except MynahError as err:
        print(err, file=sys.stderr)
        return BAD_INPUT
    except BrokenPipeError:  # who reads the output, `head` for one, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        print("Cancelled; nothing was written.", file=sys.stderr)
        return INTERRUPTED


def build_parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="mynah", description="Facial performance from dialogue audio.")
    parser.add_argument("--version", action="version", version=f"mynah {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for module in _COMMANDS:
        module.add_parser(commands)
    for entry in entry_points(group="mynah.commands"):
        _add_foreign(commands, entry.name, entry.load)
    return parser


def _add_foreign(commands: Any, name: str, load: Any) -> None:
    """Adds another package's command, or one that says what it lacks."""
    try:
        load()(commands)
    except ImportError as err:
        reason = f"'mynah {name}' needs the package '{err.name}'"
        parser = commands.add_parser(name, help=f"not installed: {err.name}")
        parser.add_argument("rest", nargs=argparse.REMAINDER)
        parser.set_defaults(run=_Lacking(reason))


class _Lacking:
    """Runs in place of a command that can't be loaded."""

    def __init__(self, reason: str) -> None:
        self._reason = reason

    def __call__(self, _arguments: argparse.Namespace) -> NoReturn:
        raise MynahError(f"{self._reason}; install it with: pip install 'mynah_daemon[training]'")


class _Parser(argparse.ArgumentParser):
    """argparse, but with one sentence for a mistake instead of the whole usage."""

    def error(self, message: str) -> NoReturn:
        self.exit(BAD_INPUT, f"{self.prog}: {message}; see {self.prog} --help.\n")
