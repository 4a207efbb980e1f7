"""A daemon on another computer: its connection file, and this user's own key pair for it.

The connection file says where the daemon is and by which key to know it; it holds no secret. The
secret half of the user's key pair is made here and never leaves this computer. PROTOCOL.md §3.
"""

from __future__ import annotations

import json
import re
import socket
from dataclasses import asdict, dataclass
from pathlib import Path

from ..errors import BadInputError, EngineUnavailableError
from .connection_file import ConnectionInfo, ensure_state_dir, state_dir
from .key_text import key_to_text, z85_bytes
from .private_file import (
    MAX_FILE_BYTES,
    create_private,
    parse_object,
    read_private,
    replace_private,
)

CHOICE_NAME = "remote.json"
KEY_NAME = "client.key"
DEFAULT_PORT = 7730
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?")


@dataclass(frozen=True)
class RemoteDaemon:
    """What a connection file says. `server_public_key` is 40 characters of Z85.

    Raises `BadInputError` if a value can't be one.
    """

    host: str
    port: int
    control_port: int
    server_public_key: str

    def __post_init__(self) -> None:
        if not _HOST.fullmatch(self.host):
            raise BadInputError(
                f"'{self.host}' is no name or IPv4 address of a computer; say one like render01 "
                "or 10.0.0.5."
            )
        for port in (self.port, self.control_port):
            if not 0 < port < 1 << 16:
                raise BadInputError(f"{port} is no port; ports are 1 to 65535.")
        z85_bytes(self.server_public_key)

    @property
    def place(self) -> str:
        """For people: where it is."""
        return f"{self.host}:{self.port}"

    def connection(self) -> ConnectionInfo:
        """How to connect to it with this user's keys. Asks the network for the host's address,
        which may take seconds. Raises `EngineUnavailableError` if there is no such host."""
        try:
            socket.getaddrinfo(self.host, self.port, socket.AF_INET, socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:  # libzmq would look for it for ever, in silence
            raise EngineUnavailableError(
                f"There is no computer '{self.host}' in this network (or the network is down); "
                f"ask who looks after the daemon. {BACK}"
            ) from error
        public, secret = _own_keys()
        return ConnectionInfo(
            endpoint=f"tcp://{self.host}:{self.port}",
            control_endpoint=f"tcp://{self.host}:{self.control_port}",
            server_public_key=self.server_public_key,
            client_public_key=public,
            client_secret_key=secret,
            pid=0,
            server_id="",
            version="",
        )


BACK = (
    "`mynah connect --local`, and Back to This Computer in Blender and Maya, go back to this "
    "computer's own engine."
)


def own_key_text() -> str:
    """The public key of this user, to be given to who looks after the daemon; made if need be.

    Raises `EngineUnavailableError` if the state folder can't be used or pyzmq has no CURVE.
    """
    return key_to_text(_own_keys()[0])


def write_remote_file(path: Path, remote: RemoteDaemon) -> None:
    """Writes a connection file for others to read. Raises `BadInputError` if it can't be."""
    try:
        path.write_text(json.dumps(asdict(remote), indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise BadInputError(
            f"The connection file can't be written to '{path}' ({error.strerror}); "
            "name another place."
        ) from error


def read_remote_file(path: Path) -> RemoteDaemon:
    """Raises `BadInputError` if the file can't be read or is no connection file."""
    try:
        with path.open(encoding="utf-8") as file:
            return _parse(file.read(MAX_FILE_BYTES))
    except OSError as error:
        raise BadInputError(
            f"The connection file '{path}' can't be read ({error.strerror}); choose another."
        ) from error
    except ValueError as error:
        raise BadInputError(
            f"'{path}' is no connection file of a Mynah daemon ({error}); ask for it again."
        ) from error


def choose_remote(path: Path) -> RemoteDaemon:
    """From now on all hosts of this user use the daemon of this connection file.

    Raises `BadInputError` if the file is none.
    """
    return _choose(read_remote_file(path))


def choose_remote_text(text: str) -> RemoteDaemon:
    """The same with what stands in a connection file, as it comes out of a mail or a chat.

    Raises `BadInputError` if the text is none.
    """
    try:
        return _choose(_parse(text[: MAX_FILE_BYTES + 1]))
    except ValueError as error:
        raise BadInputError(
            f"What was pasted is no connection file of a Mynah daemon ({error}); copy all of it, "
            "from the first bracket to the last."
        ) from error


def chosen_remote() -> RemoteDaemon | None:
    """The daemon that was chosen on another computer; None: this computer's own is used.

    Raises `EngineUnavailableError` if the choice can't be read: falling back in silence would do
    the work in another place than the user thinks.
    """
    path = state_dir() / CHOICE_NAME
    try:
        text = read_private(path)
        return None if text is None else _parse(text)
    except (ValueError, BadInputError) as error:
        raise EngineUnavailableError(
            f"The file {path} names no daemon ({error}); choose the connection file again. {BACK}"
        ) from error


def choose_local() -> None:
    """From now on all hosts of this user use this computer's own daemon."""
    try:
        (state_dir() / CHOICE_NAME).unlink(missing_ok=True)
    except OSError as error:
        raise EngineUnavailableError(
            f"The file {state_dir() / CHOICE_NAME} can't be deleted ({error.strerror}); delete it "
            "by hand."
        ) from error


def _choose(remote: RemoteDaemon) -> RemoteDaemon:
    replace_private(ensure_state_dir() / CHOICE_NAME, json.dumps(asdict(remote), indent=1))
    return remote


def _own_keys() -> tuple[str, str]:
    return load_key_pair(ensure_state_dir() / KEY_NAME)


def load_key_pair(path: Path) -> tuple[str, str]:
    """The key pair (public, secret) that the file keeps; made at the first call, for this user
    only. Raises `EngineUnavailableError` if the file can't be used or is open to others."""
    text = read_private(path)
    if text is None:
        try:
            from .transport import make_key_pair
        except ImportError as error:
            raise EngineUnavailableError(
                "Mynah needs the package pyzmq to make keys, and it can't be loaded here; "
                "install the add-on's package for this platform again."
            ) from error
        public, secret = make_key_pair()
        content = json.dumps({"public_key": public, "secret_key": secret})
        if create_private(path, content):
            return public, secret
        text = read_private(path) or ""  # another process was quicker
    try:
        content = parse_object(text)
        public, secret = content.get("public_key"), content.get("secret_key")
        if not (isinstance(public, str) and isinstance(secret, str)):
            raise ValueError("keys are texts")
        z85_bytes(public)
        z85_bytes(secret)
    except (ValueError, BadInputError) as error:
        raise EngineUnavailableError(
            f"The file {path} holds no keys; delete it, and pass the new public key on."
        ) from error
    return public, secret


def _parse(text: str) -> RemoteDaemon:
    """Raises `ValueError` or `BadInputError`."""
    values = parse_object(text)
    host, key = values.get("host"), values.get("server_public_key")
    port, control_port = values.get("port"), values.get("control_port")
    if not (
        isinstance(host, str)
        and isinstance(key, str)
        and type(port) is int
        and type(control_port) is int
    ):
        raise ValueError("it must hold host, port, control_port and server_public_key")
    return RemoteDaemon(host, port, control_port, key)
