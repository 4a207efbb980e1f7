"""Why there is no connection, in sentences that an artist can act on."""

from __future__ import annotations

import enum

from ..errors import EngineUnavailableError
from .connection_file import ConnectionInfo
from .remote import BACK


class Loss(enum.Enum):
    """What ZeroMQ's monitor has told of the connection."""

    nobody = enum.auto()
    closed = enum.auto()
    strangers = enum.auto()
    plain = enum.auto()
    refused = enum.auto()
    full = enum.auto()


_HERE = {
    Loss.nobody: "nothing listens there",
    Loss.closed: "the daemon closed the connection",
    Loss.strangers: "what listens there has other keys",
    Loss.plain: "what listens there has no keys",
    Loss.refused: "it does not accept our keys",
    Loss.full: "it has as many connections as it takes; close a program that uses it",
}
_ELSEWHERE = {
    Loss.nobody: (
        "Nothing listens at {place}: the daemon there is not running, or a firewall keeps its two "
        "ports closed."
    ),
    Loss.closed: "The connection to the daemon on {host} was lost.",
    Loss.strangers: (
        "What answers at {place} is not the daemon of the connection file, or that daemon has new "
        "keys; ask who looks after it for a new connection file."
    ),
    Loss.plain: (
        "What answers at {place} is no Mynah daemon; ask who looks after the daemon for a new "
        "connection file."
    ),
    Loss.refused: (
        "The daemon on {host} does not accept this computer's key: it was not added there, or was "
        "removed. Give the key (`mynah connect` and Mynah's settings show it) to who looks "
        "after the daemon."
    ),
    Loss.full: "The daemon on {host} has as many connections as it takes; try again later.",
}


def lost(loss: Loss, info: ConnectionInfo, endpoint: str) -> EngineUnavailableError:
    """The error for a connection to `endpoint` that failed or ended."""
    if not info.is_remote:
        return EngineUnavailableError(f"No connection to the daemon at {endpoint}: {_HERE[loss]}.")
    place = endpoint.rpartition("/")[2]
    return EngineUnavailableError(f"{_ELSEWHERE[loss].format(place=place, host=info.host)} {BACK}")


def silent(info: ConnectionInfo, seconds: float) -> EngineUnavailableError:
    """The error for a daemon that does not answer."""
    if info.is_remote:
        return EngineUnavailableError(
            f"The daemon on {info.host} did not answer within {seconds:.0f} s: that computer is "
            f"off, busy or behind a firewall. {BACK}"
        )
    return EngineUnavailableError(
        f"The daemon (process {info.pid}) did not answer within {seconds:g} s; "
        "end that process and try again."
    )
