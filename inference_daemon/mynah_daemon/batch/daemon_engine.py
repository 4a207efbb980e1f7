"""The daemon of this computer as the one who makes the lines of a batch."""

from __future__ import annotations

import queue
from collections.abc import Callable, Sequence
from typing import Final

from mynah_shared._version import __version__
from mynah_shared.client.background import BackgroundClient
from mynah_shared.client.client import Client
from mynah_shared.client.connection_file import ConnectionInfo
from mynah_shared.client.events import ClientEvent, Connected, Disconnected
from mynah_shared.client.steps import Line
from mynah_shared.errors import EngineUnavailableError
from mynah_shared.protocol.messages import ModelInfo

_POLL_S: Final = 0.1  # a wait without end would not hear Ctrl-C on Windows
_FAREWELL_S: Final = 2.0
_PER_WORKER: Final = 12
"""Lines that a worker has in hand, and some that are on their way to it."""


class DaemonEngine:
    """See `Performers`. `connect` finds or starts the daemon."""

    in_flight = _PER_WORKER

    def __init__(self, connect: Callable[[], ConnectionInfo], app: str) -> None:
        self._connect, self._app = connect, app
        self._client = BackgroundClient(connect, app, __version__)

    def models(self) -> Sequence[ModelInfo]:
        while True:  # the client connects by itself
            event = self.next_event()
            if isinstance(event, Connected):
                self.in_flight = _PER_WORKER * self._count_workers()
                return event.models
            if isinstance(event, Disconnected):
                raise EngineUnavailableError(event.message)

    def _count_workers(self) -> int:
        with Client(self._connect(), self._app, __version__) as client:
            return max(1, len(client.status().workers))  # those of former versions tell of none

    def generate(self, line: Line) -> str:
        return self._client.generate(line, is_batch=True)

    def next_event(self) -> ClientEvent | None:
        try:
            return self._client.events.get(timeout=_POLL_S)
        except queue.Empty:
            return None

    def close(self) -> None:
        self._client.close(_FAREWELL_S)
