"""`mynah clients`: who may use this computer's daemon from other computers."""

from __future__ import annotations

import argparse
import socket
from pathlib import Path
from typing import Any, Final

from mynah_shared.client.connection_file import ensure_state_dir
from mynah_shared.client.key_text import text_to_key
from mynah_shared.client.remote import DEFAULT_PORT, RemoteDaemon, load_key_pair, write_remote_file
from mynah_shared.errors import BadInputError

from ..clients import ClientFolder, describe
from ..config import config_from_environment
from ..keys import SERVER_KEY_NAME
from ..listening import Listen, split_port

_FILE: Final = "mynah-{host}.json"


def add_parser(commands: Any) -> None:
    parser = commands.add_parser("clients", help="who may use this daemon from other computers")
    verbs = parser.add_subparsers(metavar="VERB", required=True)

    verb = verbs.add_parser("add", help="let a user in, and write the connection file for them")
    verb.add_argument("name", metavar="NAME")
    verb.add_argument(
        "--key", metavar="KEY", help="the key that the user sees; asked for if left out"
    )
    verb.add_argument(
        "--address",
        metavar="HOST:PORT",
        help="how the user's computer reaches this one (default: this computer's name and "
        f"{DEFAULT_PORT})",
    )
    verb.add_argument("-o", "--output", type=Path, metavar="FILE", help="default: mynah-HOST.json")
    verb.set_defaults(run=add)

    verb = verbs.add_parser("list", help="who may connect")
    verb.set_defaults(run=list_clients)

    verb = verbs.add_parser("remove", help="let a user in no more, from now on")
    verb.add_argument("name", metavar="NAME")
    verb.set_defaults(run=remove)


def add(arguments: argparse.Namespace) -> int:
    """0. Raises `BadInputError` if the key, the name or the address can't be used."""
    host, port = split_port(arguments.address or socket.gethostname())
    folder = ensure_state_dir()
    public, _secret = load_key_pair(folder / SERVER_KEY_NAME)
    remote = RemoteDaemon(host, port, Listen("", port).control_port, public)
    key = arguments.key or _ask(arguments.name)
    client = _folder().add(arguments.name, text_to_key(key))
    path = arguments.output or Path(_FILE.format(host=host))
    write_remote_file(path, remote)
    print(
        f"'{client.name}' may connect. Give them the file '{path}': it names {remote.place} and "
        "holds no secret."
    )
    return 0


def list_clients(_arguments: argparse.Namespace) -> int:
    """0."""
    clients = _folder().list()
    for client in clients:
        print(describe(client))
    if not clients:
        print("Nobody may connect from other computers; add somebody with: mynah clients add NAME")
    return 0


def remove(arguments: argparse.Namespace) -> int:
    """0. Raises `BadInputError` if there is no such client."""
    _folder().remove(arguments.name)
    print(f"'{arguments.name}' is let in no more, and what they still ask is refused.")
    return 0


def _folder() -> ClientFolder:
    ensure_state_dir()
    return ClientFolder(config_from_environment().client_dir)


def _ask(name: str) -> str:
    try:
        return input(f"The key that '{name}' sees in `mynah connect` or Mynah's preferences: ")
    except EOFError as err:
        raise BadInputError("There is no key; say it with --key.") from err
