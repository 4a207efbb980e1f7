"""A host of the client, without a host's program."""

from __future__ import annotations

from mynah_shared.client.background import BackgroundClient, ClientEvent
from mynah_shared.client.connection_file import ConnectionInfo
from mynah_shared.errors import EngineUnavailableError
from mynah_shared.testing.fake_daemon import FakeDaemon


class Host:
    """A client and the events it has reported, as a host's timer would collect them."""

    def __init__(self, *daemons: FakeDaemon) -> None:
        self.daemons = list(daemons)
        self.connects = 0
        self.client = BackgroundClient(self.connect, "test", "1")

    def connect(self) -> ConnectionInfo:
        self.connects += 1
        alive = [daemon for daemon in self.daemons if not daemon.stopped.is_set()]
        if not alive:
            raise EngineUnavailableError("There is no daemon; start one.")
        return alive[0].info

    def next(self, timeout_s: float = 10) -> ClientEvent:
        return self.client.events.get(timeout=timeout_s)

    def until(self, kind: type[ClientEvent], timeout_s: float = 10) -> list[ClientEvent]:
        """Events up to and including the next one of `kind`."""
        events = [self.next(timeout_s)]
        while not isinstance(events[-1], kind):
            events.append(self.next(timeout_s))
        return events
