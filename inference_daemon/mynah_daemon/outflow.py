"""Answers that clients haven't read yet, and the requests that wait until they have.

ZeroMQ bounds what waits for a client by the number of messages, and a result may be large. So a
client is given its next answer once less than `UNREAD_BYTES` of the former ones are still in this
process; what it asks meanwhile is held, in its order.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterator, Sequence
from typing import Any, Final, Generic, TypeVar, cast

import zmq

UNREAD_BYTES: Final = 8 << 20
"""A client that reads is not kept waiting by this: some 200 lines of 5 s."""
MOST_HELD: Final = 64
HELD_BYTES: Final = 8 << 20
_COPIED_BYTES: Final = 64 << 10
"""Less than this pyzmq copies; 64 such messages are a bound by themselves."""
R = TypeVar("R")


class Outflow:
    """Large frames from the moment they are sent until they have left this process, or their client
    is gone. For the thread that owns the socket."""

    def __init__(self) -> None:
        self._unread: dict[bytes, list[tuple[zmq.MessageTracker, int]]] = {}

    def send(self, router: zmq.Socket[bytes], identity: bytes, frames: Sequence[bytes]) -> None:
        """Sends without waiting. Raises `zmq.ZMQError` if the client is gone or doesn't read."""
        parts = [_tracked(frame) if len(frame) >= _COPIED_BYTES else frame for frame in frames]
        router.send_multipart([identity, *cast(Any, parts)], zmq.NOBLOCK, copy=False)
        for part, frame in zip(parts, frames, strict=True):
            if isinstance(part, zmq.Frame):
                tracker = cast(zmq.MessageTracker, part.tracker)
                self._unread.setdefault(identity, []).append((tracker, len(frame)))

    def is_full(self, identity: bytes) -> bool:
        """Whether this client should read before it is told more."""
        unread = [one for one in self._unread.pop(identity, []) if not one[0].done]
        if unread:
            self._unread[identity] = unread
        return sum(n_bytes for _, n_bytes in unread) >= UNREAD_BYTES


class HeldRequests(Generic[R]):
    """Requests of clients that must read first, in the order in which each has sent its own."""

    def __init__(self) -> None:
        self._held: OrderedDict[bytes, deque[tuple[R, int]]] = OrderedDict()

    def __len__(self) -> int:
        return sum(map(len, self._held.values()))

    def __contains__(self, identity: bytes) -> bool:
        return identity in self._held

    def hold(self, identity: bytes, request: R, n_bytes: int) -> bool:
        """False if that client has sent too much, so that the request is lost, as a full queue of
        ZeroMQ loses what is sent to it."""
        queue = self._held.setdefault(identity, deque())
        if len(queue) >= MOST_HELD or n_bytes + sum(n for _, n in queue) > HELD_BYTES:
            return False
        queue.append((request, n_bytes))
        return True

    def release(self, outflow: Outflow) -> Iterator[R]:
        """Requests that may be answered now; who answers them lets `outflow` know."""
        for identity, queue in list(self._held.items()):
            while queue and not outflow.is_full(identity):
                yield queue.popleft()[0]
            if not queue:
                del self._held[identity]


def _tracked(frame: bytes) -> zmq.Frame:
    return zmq.Frame(frame, track=True, copy=False)
