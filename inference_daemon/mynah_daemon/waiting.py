"""Who is next: people who wait for a line before batches, and no client before its turn."""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import Final, Generic, Protocol, TypeVar

_TURN_OF_BATCHES: Final = 8
"""At the latest after so many lines of others, a batch gets ahead by one."""


class Waiting(Protocol):
    """What the queue must know of a job."""

    @property
    def client(self) -> bytes:
        """Who submitted it."""
        ...

    @property
    def is_batch(self) -> bool:
        """Nobody looks at the screen until it is done."""
        ...


W = TypeVar("W", bound=Waiting)


class FairQueue(Generic[W]):
    """Not thread-safe.

    The next job is one of the client that had the least of the worker's time so far, counted since
    that client came; its own jobs keep their order.
    """

    def __init__(self) -> None:
        self._lanes: dict[bool, OrderedDict[bytes, deque[W]]] = {
            False: OrderedDict(),
            True: OrderedDict(),
        }
        self._served_s: dict[bytes, float] = {}
        self._n_jobs = 0
        self._since_batch = 0

    def __len__(self) -> int:
        return self._n_jobs

    def add(self, job: W) -> None:
        self._lane(job).append(job)
        self._n_jobs += 1

    def discard(self, job: W) -> None:
        """Harmless for a job that doesn't wait."""
        lane = self._lanes[job.is_batch].get(job.client)
        if lane is not None and job in lane:
            lane.remove(job)
            self._tidy(job)

    def pop(self) -> W | None:
        """The next job; None if none waits."""
        urgent, batches = self._lanes[False], self._lanes[True]
        is_turn_of_batches = batches and self._since_batch >= _TURN_OF_BATCHES
        lanes = batches if is_turn_of_batches or not urgent else urgent
        if not lanes:
            return None
        client = min(lanes, key=lambda name: self._served_s[name])
        job = lanes[client].popleft()
        lanes.move_to_end(client)  # equals take turns
        self._since_batch = 0 if job.is_batch else self._since_batch + 1
        self._tidy(job)
        return job

    def charge(self, client: bytes, seconds: float) -> None:
        """The worker was busy for this client so long."""
        if client in self._served_s:
            self._served_s[client] += seconds

    def _lane(self, job: W) -> deque[W]:
        """A client that comes anew begins level with the one that had least."""
        if job.client not in self._served_s:
            self._served_s[job.client] = min(self._served_s.values(), default=0.0)
        return self._lanes[job.is_batch].setdefault(job.client, deque())

    def _tidy(self, job: W) -> None:
        self._n_jobs -= 1
        lanes = self._lanes[job.is_batch]
        if not lanes[job.client]:
            del lanes[job.client]
        if not self._n_jobs:  # nobody is ahead of anybody any more
            self._served_s.clear()
