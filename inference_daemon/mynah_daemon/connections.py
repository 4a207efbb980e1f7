"""Open connections of users who may be sent away, so that theirs can be closed.

ZeroMQ has no call to close one connection of a ROUTER, but each message tells the descriptor that
it came by. Shutting that down is to ZeroMQ as if the client had left; the others notice nothing.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable
from dataclasses import dataclass

from .log import log_event


@dataclass(frozen=True)
class _Connection:
    key: str
    descriptor: int
    peer: tuple[str, int]


class Connections:
    """For the thread that owns the socket. One on which nothing was ever said isn't known here, and
    can do nothing either: its first word is refused."""

    def __init__(self) -> None:
        self._open: dict[bytes, _Connection] = {}

    def note(self, identity: bytes, key: str, descriptor: int) -> None:
        """A message has come by this descriptor, on the connection that was let in with the key."""
        if identity in self._open:
            return
        with contextlib.suppress(OSError), _borrowed(descriptor) as connection:
            self._open[identity] = _Connection(key, descriptor, connection.getpeername())

    def close_unless(self, welcomes: Callable[[str], bool]) -> None:
        """Closes the connections of keys that are welcome no more, and forgets those that are gone.

        A descriptor may have been given to another file since: it counts only if it still leads to
        the same peer.
        """
        for identity, known in list(self._open.items()):
            try:
                with _borrowed(known.descriptor) as connection:
                    if connection.getpeername() != known.peer:
                        raise OSError
                    if welcomes(known.key):
                        continue
                    connection.shutdown(socket.SHUT_RDWR)
                    log_event("connection_closed", address=known.peer[0])
            except OSError:  # it is gone
                pass
            del self._open[identity]


def _borrowed(descriptor: int) -> socket.socket:
    """Another descriptor of the same connection, so that nothing can change under it."""
    return socket.fromfd(descriptor, socket.AF_INET, socket.SOCK_STREAM)
