"""Where a daemon listens for other computers."""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass

from mynah_shared.client.remote import DEFAULT_PORT
from mynah_shared.errors import BadInputError


@dataclass(frozen=True)
class Listen:
    """An IPv4 address of this computer, or 0.0.0.0 for all of them, and the main socket's port;
    the control socket has the next one."""

    address: str
    port: int

    @property
    def control_port(self) -> int:
        return self.port + 1


def read_listen(text: str) -> Listen:
    """ADDRESS or ADDRESS:PORT. Raises `BadInputError` if it is neither."""
    address, port = split_port(text)
    try:
        ipaddress.IPv4Address(address)
    except ValueError as err:
        raise BadInputError(
            f"The daemon can't listen on '{address}'; say an IPv4 address of this computer, or "
            "0.0.0.0 for all that it has."
        ) from err
    return Listen(address, port)


def split_port(text: str) -> tuple[str, int]:
    """HOST or HOST:PORT. Raises `BadInputError` if the port is none that has another behind it."""
    host, colon, port = text.partition(":")
    number = int(port) if port.isascii() and port.isdigit() else 0
    if not colon:
        number = DEFAULT_PORT
    if not host or not 0 < number < 65535:
        raise BadInputError(
            f"'{text}' is no address with a port of 1 to 65534; say one like "
            f"0.0.0.0:{DEFAULT_PORT}."
        )
    return host, number


def allow_many_files(wanted: int = 4096) -> None:
    """Every connection is an open file, of which a process has 1024 by default on many systems."""
    if os.name != "posix":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
