"""`mynah connect`: where this user's lines are made, here or by a daemon on another computer."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from mynah_shared.client.remote import (
    RemoteDaemon,
    choose_local,
    choose_remote,
    chosen_remote,
    own_key_text,
)
from mynah_shared.errors import MynahError

from .connecting import open_client


def add_parser(commands: Any) -> None:
    parser = commands.add_parser("connect", help="use a daemon on another computer")
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument(
        "file", nargs="?", type=Path, metavar="FILE", help="the daemon's connection file"
    )
    choice.add_argument(
        "--local", action="store_true", help="go back to this computer's own daemon"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """0, or 1 if the daemon on the other computer can't be used now."""
    if arguments.local:
        choose_local()
        print("Lines are made on this computer.")
        return 0
    remote = choose_remote(arguments.file) if arguments.file else chosen_remote()
    if remote is None:
        print(
            "Lines are made on this computer. To have them made on another, give this key to who "
            f"looks after the daemon there:\n{own_key_text()}\n"
            "You get a file back; then run: mynah connect FILE"
        )
        return 0
    return _try(remote)


def _try(remote: RemoteDaemon) -> int:
    print(f"Lines are made on {remote.place}. The key of this computer:\n{own_key_text()}")
    try:
        with open_client(remote.connection()) as client:
            welcome = client.hello()
    except MynahError as err:
        print(err, file=sys.stderr)
        return 1
    names = ", ".join(model.name for model in welcome.models)
    print(f"It answers: Mynah {welcome.server_version}, models: {names}.")
    return 0
