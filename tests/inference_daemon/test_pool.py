"""Whose the next job is, told by how the workers are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from mynah_daemon import pool
from mynah_daemon.config import DaemonConfig
from mynah_daemon.devices import CPU, Device, Kind
from mynah_daemon.jobs import JobTable
from mynah_daemon.pool import WorkerPool
from mynah_daemon.store.job_store import CacheLimits, JobStore
from mynah_daemon.supervisor import Supervisor

CARDS = (Device(Kind.cuda, 0), Device(Kind.cuda, 1))


class Worker(Supervisor):
    """One that is as the test says; its thread never runs."""

    n_running = 0  # type: ignore[assignment]
    has_room = False  # type: ignore[assignment]
    pokes = 0

    def poke(self) -> None:
        self.pokes += 1

    def start(self) -> None:
        self._ident = 1


@dataclass
class Made:
    """A pool and its workers, the one that stands in last."""

    pool: WorkerPool
    workers: list[Worker]

    def be(self, *states: tuple[int, bool]) -> None:
        """How many jobs each has in hand, and whether it would take another."""
        for worker, (n_running, has_room) in zip(self.workers, states, strict=True):
            worker.n_running, worker.has_room = n_running, has_room
            worker.is_ready = has_room or n_running > 0

    def takers(self) -> list[int]:
        """Those of them that may take the next job if they want."""
        return [w.place.number for w in self.workers if w.has_room and self.pool.lets_take(w)]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    made: list[Worker] = []
    store = JobStore(tmp_path / "jobs", CacheLimits(1 << 20, 30))
    table = JobTable(store, 10, lambda _: None)

    def supervise(*arguments: object) -> Worker:
        made.append(Worker(*arguments))  # type: ignore[arg-type]
        return made[-1]

    def make(named: tuple[Device, ...], found: tuple[Device, ...] = ()) -> Made:
        monkeypatch.setattr(pool, "Supervisor", supervise)
        monkeypatch.setattr(pool, "find_devices", lambda: found)
        return Made(WorkerPool(DaemonConfig(tmp_path, devices=named), table), made)

    yield make
    store.close()


def test_the_next_job_is_for_who_has_least_in_hand(make) -> None:
    made = make((CPU, CPU, CPU))
    made.be((2, True), (1, True), (1, True))
    assert made.takers() == [1, 2]
    made.be((2, True), (3, False), (0, False))  # full, and not ready
    assert made.takers() == [0]
    made.be((0, True), (0, True), (0, True))
    assert made.takers() == [0, 1, 2]


def test_who_takes_a_job_wakes_the_others(make) -> None:
    made = make((CPU, CPU, CPU))
    made.pool.took(made.workers[1])
    assert [worker.pokes for worker in made.workers] == [1, 0, 1]


def test_named_devices_have_no_stand_in(make) -> None:
    assert len(make(CARDS).workers) == 2


def test_without_cards_the_processor_has_its_worker_and_nobody_stands_in(make) -> None:
    assert [str(worker.place.device) for worker in make((), (CPU,)).workers] == ["cpu"]


def test_the_processor_stands_in_only_while_no_card_works(make) -> None:
    made = make((), CARDS)
    first, second, _ = made.workers
    assert [str(worker.place.device) for worker in made.workers] == ["cuda:0", "cuda:1", "cpu"]
    assert len(made.pool.states) == 2
    first.failure = "Gone."
    made.pool.changed(first)
    assert len(made.pool.states) == 2, "the other card may still work"
    second.failure = "Gone too."
    made.pool.changed(second)
    assert len(made.pool.states) == 3
    made.be((0, False), (0, False), (1, True))
    assert made.takers() == [2]
    made.be((1, True), (0, False), (0, True))  # a card is back: it waits for nobody
    assert made.takers() == [0]
