"""The job table with its store against a model of fifty lines, whatever happens in what order."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from mynah_daemon.jobs import ATTEMPTS, STRIKES, Job, JobTable
from mynah_daemon.store.job_store import CacheLimits, JobStore
from mynah_shared.errors import JobFailedError
from mynah_shared.protocol.messages import ErrorCode, JobEvent, JobState
from tests.inference_daemon.memory import memory_folder_or_none
from tests.inference_daemon.store_results import is_right, key_of, request_of, result_of

NAMES = "abcde"
LIMIT = 3
names = st.sampled_from(NAMES)
ENDED = (JobState.finished, JobState.failed, JobState.cancelled)


class Model:
    """What the store promises, without any store: who is in which state, and who is next."""

    def __init__(self) -> None:
        self.states: dict[str, JobState] = {}
        self.attempts: dict[str, int] = {}
        self.strikes: dict[str, int] = {}
        self.waiting: list[str] = []

    def submit(self, wanted: list[str]) -> bool:
        kept = (JobState.queued, JobState.running, JobState.finished)
        fresh = [n for n in dict.fromkeys(wanted) if self.states.get(n) not in kept]
        if len(self.waiting) + len(fresh) > LIMIT:
            return False
        for name in fresh:
            self.states[name] = JobState.queued
            self.attempts[name] = self.strikes[name] = 0
        self.waiting += fresh
        return True

    def take(self) -> str | None:
        while self.waiting:
            name = self.waiting.pop(0)
            if self.attempts[name] < ATTEMPTS:
                self.attempts[name] += 1
                self.states[name] = JobState.running
                return name
            self.states[name] = JobState.failed
        return None

    def end(self, name: str, state: JobState) -> None:
        if self.states.get(name) in (JobState.queued, JobState.running):
            self.states[name] = state
            self.waiting = [other for other in self.waiting if other != name]

    def lose_worker(self, name: str) -> None:
        self.strikes[name] += 1
        if self.strikes[name] >= STRIKES:
            self.states[name] = JobState.failed
        else:
            self.states[name] = JobState.queued
            self.waiting.insert(0, name)

    def lose_daemon(self, order: list[str]) -> None:
        for name, state in self.states.items():
            if state is JobState.running:
                self.states[name] = JobState.queued
        self.waiting = [name for name in order if self.states.get(name) is JobState.queued]


class StoreMachine(RuleBasedStateMachine):
    """Does the same to both. Jobs under way are those that a worker, or a late one, still holds."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(dir=memory_folder_or_none()))
        self.model, self.order = Model(), list[str]()
        self.held: list[tuple[str, Job, bytes]] = []
        self.last_end: dict[str, JobState] = {}
        self.open()

    def open(self) -> None:
        self.store = JobStore(self.folder, CacheLimits(1 << 20, days=30))
        self.table = JobTable(self.store, LIMIT, self.hear)

    def hear(self, event: JobEvent) -> None:
        if event.state in ENDED:
            (name,) = (name for name in NAMES if key_of(name) == event.job_id)
            self.last_end[name] = event.state

    def teardown(self) -> None:
        self.store.close()
        shutil.rmtree(self.folder)

    @rule(wanted=st.lists(names, min_size=1, max_size=3))
    def submit(self, wanted: list[str]) -> None:
        before = dict(self.model.states)
        accepted = self.model.submit(wanted)
        requests = [(key_of(name), request_of(name)) for name in wanted]
        if not accepted:
            with pytest.raises(JobFailedError, match="are waiting already"):
                self.table.submit(requests)
            return
        jobs = self.table.submit(requests)
        assert [job.state for job in jobs] == [self.model.states[name] for name in wanted]
        for name in dict.fromkeys(wanted):
            if before.get(name) not in (JobState.queued, JobState.running, JobState.finished):
                self.order = [other for other in self.order if other != name] + [name]

    @rule()
    def take(self) -> None:
        name = self.model.take()
        job = self.table.take()
        assert (job.job_id if job else None) == (key_of(name) if name else None)
        if job and name:
            self.held.append((name, job, job.lease))

    @precondition(lambda self: self.held)
    @rule(data=st.data(), keeps=st.booleans())
    def finish(self, data: st.DataObject, keeps: bool) -> None:
        """With `keeps`, the worker says it a second time later."""
        place = data.draw(st.integers(0, len(self.held) - 1))
        name, job, lease = self.held[place] if keeps else self.held.pop(place)
        if job.state is JobState.running and job.lease == lease:
            self.model.end(name, JobState.finished)
        self.table.finish(job, lease, result_of(name))

    @precondition(lambda self: self.held)
    @rule(fails=st.booleans(), takes_daemon=st.booleans())
    def lose_worker(self, fails: bool, takes_daemon: bool) -> None:
        """Or the job fails in it, and perhaps the daemon dies right after."""
        name, job, lease = self.held.pop()
        if job.state is not JobState.running or job.lease != lease:
            return
        if fails:
            self.model.end(name, JobState.failed)
            self.table.fail(job, ErrorCode.bad_audio, "no sound")
        else:
            self.model.lose_worker(name)
            if not self.table.requeue(job, is_strike=True):
                self.table.fail(job, ErrorCode.worker_crash, "crashed")
        if takes_daemon:
            self.lose_daemon()

    @rule(wanted=st.lists(names, min_size=1, max_size=3))
    def cancel(self, wanted: list[str]) -> None:
        for name in wanted:
            self.model.end(name, JobState.cancelled)
        states = self.table.cancel([key_of(name) for name in wanted])
        right = [self.model.states.get(name, JobState.cancelled) for name in wanted]
        assert [status.state for status in states] == right

    @rule()
    def lose_daemon(self) -> None:
        self.store.close()
        self.held.clear()
        self.last_end.clear()
        self.model.lose_daemon(self.order)
        self.open()

    @rule(name=names, damage=st.sampled_from(["delete", "cut"]))
    def lose_result(self, name: str, damage: str) -> None:
        """Somebody tidies up, or a disk fails: what is lost may be made again."""
        key = key_of(name)
        path = self.folder / "results" / key[:2] / f"{key}.npz"
        if not path.exists():
            return
        if damage == "cut":
            path.write_bytes(path.read_bytes()[:-100])
            assert self.store.result(key) is None
        else:
            path.unlink()
        del self.model.states[name]
        self.last_end.pop(name, None)

    @invariant()
    def agrees(self) -> None:
        states = list(self.model.states.values())
        queued, running, _ = self.table.counts()
        assert (queued, running) == (
            states.count(JobState.queued),
            states.count(JobState.running),
        )
        for name in NAMES:
            state = self.model.states.get(name)
            assert self.store.ended(key_of(name)) == (state if state in ENDED else None)
            reply = self.store.result(key_of(name))
            assert (reply is not None) == (state is JobState.finished)
            assert reply is None or is_right(reply, name)
            is_open = state in (JobState.queued, JobState.running)
            assert self.table.uses_blob(request_of(name).audio_sha256) == is_open
            if name in self.last_end and state in ENDED:
                assert self.last_end[name] is state


StoreMachine.TestCase.settings = settings(
    max_examples=100,
    stateful_step_count=50,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestStore = StoreMachine.TestCase
