"""What users of other computers may do, and how much: a reference of the rules, without sockets."""

from __future__ import annotations

import random

import pytest

from mynah_daemon import access as module
from mynah_daemon.access import USER_JOBS, USER_UPLOAD_BYTES, USER_UPLOADS, Access
from mynah_daemon.visitors import LOCAL
from mynah_shared.errors import JobFailedError
from mynah_shared.protocol import messages as m
from mynah_shared.testing.examples import EXAMPLES

REQUEST = m.SynthesizeRequest("3f" * 32, "line.wav", 24.0)
QUEUED, RUNNING, CANCELLED = m.JobState.queued, m.JobState.running, m.JobState.cancelled


class Daemon:
    """Jobs and files as handlers would have them; `ask` is a user's message."""

    def __init__(self) -> None:
        self.jobs: dict[str, m.JobState] = {}
        self.abandoned: list[str] = []
        self.offsets: dict[str, int] = {}
        self.n_styles = 3
        self.access = Access(self.abandoned.append, lambda: self.n_styles)

    def ask(self, user: str | None, message: m.Message) -> m.Message:
        return self.access.answer(user, message, self._handle)

    def submit(self, user: str, *job_ids: str) -> None:
        requests = tuple(m.SynthesizeRequest("3f" * 32, job_id, 24.0) for job_id in job_ids)
        self.ask(user, m.Submit(requests))

    def cancel(self, user: str, *job_ids: str) -> list[m.JobState]:
        reply = self.ask(user, m.Cancel(job_ids))
        assert isinstance(reply, m.JobStates)
        assert [job.job_id for job in reply.jobs] == list(job_ids)
        return [job.state for job in reply.jobs]

    def end(self, job_id: str, state: m.JobState = m.JobState.finished) -> None:
        self.jobs[job_id] = state
        self.access.ended(job_id)

    def put(self, user: str, sha256: str, n_bytes: int = 100, offset: int = 0) -> None:
        self.ask(user, m.BlobPut(sha256, n_bytes, offset, b"x"))

    def _handle(self, message: m.Message) -> m.Message:
        if isinstance(message, m.Submit):
            for request in message.requests:
                if self.jobs.get(request.audio_name) in (None, CANCELLED):
                    self.jobs[request.audio_name] = QUEUED
            names = [request.audio_name for request in message.requests]
            return m.Accepted(tuple(m.JobStatus(name, self.jobs[name]) for name in names))
        if isinstance(message, m.Cancel):
            for job_id in message.job_ids:
                if self.jobs.get(job_id) in (QUEUED, RUNNING):
                    self.jobs[job_id] = CANCELLED
            return m.JobStates(
                tuple(m.JobStatus(key, self.jobs.get(key, CANCELLED)) for key in message.job_ids)
            )
        if isinstance(message, m.BlobPut):
            offset = message.offset + len(message.data)
            return m.BlobState(message.sha256, offset, offset == message.n_bytes)
        if isinstance(message, m.Hello):
            return EXAMPLES["welcome"]
        return m.Pong(0, 0)


@pytest.fixture
def daemon() -> Daemon:
    return Daemon()


def test_nobody_gets_anything(daemon: Daemon) -> None:
    for name, message in EXAMPLES.items():
        with pytest.raises(JobFailedError, match="any more") as refusal:
            daemon.ask(None, message)
        assert refusal.value.code == m.ErrorCode.unsupported, name
    assert daemon.jobs == {}


def test_the_own_user_may_do_everything(daemon: Daemon) -> None:
    for _ in range(1000):
        daemon.ask(LOCAL, m.StatusRequest())
    for message in (m.Shutdown(), m.RemoveStyle("angry"), m.Fetch("a" * 64), EXAMPLES["style.add"]):
        daemon.ask(LOCAL, message)
    daemon.submit(LOCAL, *map(str, range(USER_JOBS + 1)))


def test_a_random_history_agrees_with_the_rules(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who has submitted an open job and not left it wants it; it ends when nobody does."""
    monkeypatch.setattr(module, "_COSTLY", ())
    rng = random.Random(11)
    wants: dict[str, set[str]] = {}
    may_fetch: dict[str, set[str]] = {}
    for _ in range(3000):
        user, job = rng.choice(["anna", "ben", "cleo"]), rng.choice("pqrs")
        action = rng.choice(["submit", "submit", "cancel", "end", "fetch"])
        is_open = daemon.jobs.get(job) in (QUEUED, RUNNING)
        if action == "submit":
            daemon.submit(user, job)
            may_fetch.setdefault(job, set()).add(user)
            if daemon.jobs[job] is QUEUED:
                wants.setdefault(job, set()).add(user)
        elif action == "end" and is_open:
            daemon.end(job, rng.choice([m.JobState.finished, CANCELLED]))
            wants[job] = set()
        elif action == "cancel":
            others = wants.get(job, set()) - {user}
            (state,) = daemon.cancel(user, job)
            if is_open and user in wants[job] and not others:
                assert daemon.jobs[job] is CANCELLED
                daemon.access.ended(job)  # as its event does
                wants[job] = set()
            elif is_open:
                assert daemon.jobs[job] is QUEUED, "ended though somebody else wants it"
                assert state is CANCELLED
                if others:
                    wants[job].discard(user)
                    may_fetch[job].discard(user)
        elif action == "fetch":
            if user in may_fetch.get(job, ()):
                daemon.ask(user, m.Fetch(job))
            else:
                with pytest.raises(JobFailedError, match="no result"):
                    daemon.ask(user, m.Fetch(job))
    assert sum(map(len, may_fetch.values())) > 3, "the history was too short to say anything"


def test_one_users_lines_leave_room_for_the_others(daemon: Daemon) -> None:
    daemon.submit("anna", *map(str, range(USER_JOBS)))
    with pytest.raises(JobFailedError, match=f"{USER_JOBS} lines of yours") as refusal:
        daemon.submit("anna", "one more")
    assert refusal.value.code == m.ErrorCode.busy
    daemon.submit("ben", "one")
    daemon.end("0")
    daemon.submit("anna", "one more")
    welcome = daemon.ask("ben", EXAMPLES["hello"])
    assert isinstance(welcome, m.Welcome)
    assert welcome.limits.queued_jobs == USER_JOBS


def test_unfinished_files_are_limited_and_forgotten_ones_make_room(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_s = 1000.0
    monkeypatch.setattr(module.time, "monotonic", lambda: now_s)
    for i in range(USER_UPLOADS):
        daemon.put("anna", f"a{i}")
    daemon.put("ben", "a1")
    daemon.put("anna", "a1", offset=1)
    with pytest.raises(JobFailedError, match="as many files") as refusal:
        daemon.put("anna", "another")
    assert refusal.value.code == m.ErrorCode.busy
    daemon.put("anna", "a0", offset=99)  # complete
    daemon.put("anna", "another")
    now_s += 100
    daemon.put("anna", "a5", offset=5)
    daemon.put("ben", "a1", offset=5)
    now_s += 100
    daemon.put("anna", "the last")
    assert set(daemon.abandoned) == {f"a{i}" for i in range(2, USER_UPLOADS)} - {"a5"} | {"another"}


def test_the_bytes_of_unfinished_files_are_limited(daemon: Daemon) -> None:
    daemon.put("anna", "big", USER_UPLOAD_BYTES - 10)
    with pytest.raises(JobFailedError, match="as many files"):
        daemon.put("anna", "small", 11)
    daemon.put("anna", "tiny", 10)
    daemon.put("ben", "big", USER_UPLOAD_BYTES - 10)


def test_costly_requests_come_at_a_measured_pace(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_s = 1000.0
    monkeypatch.setattr(module.time, "monotonic", lambda: now_s)
    for _ in range(int(module._BURST)):
        daemon.ask("anna", m.ListStyles())
    with pytest.raises(JobFailedError, match="more requests than") as refusal:
        daemon.ask("anna", m.ListStyles())
    assert refusal.value.code == m.ErrorCode.busy
    daemon.ask("ben", m.ListStyles())
    daemon.ask("anna", m.Ping())
    assert daemon.cancel("anna", "x") == [CANCELLED]
    now_s += 1
    daemon.ask("anna", m.ListStyles())


def test_styles_are_added_but_not_changed(daemon: Daemon) -> None:
    add = m.AddStyle("mine", "7d" * 32, "a.csv")
    daemon.ask("anna", add)
    for message in (m.RemoveStyle("mine"), m.AddStyle("mine", "7d" * 32, "a.csv", replace=True)):
        with pytest.raises(JobFailedError, match="ask who looks after"):
            daemon.ask("anna", message)
    daemon.n_styles = 5000
    with pytest.raises(JobFailedError, match="full"):
        daemon.ask("anna", add)
    with pytest.raises(JobFailedError, match="own computer only"):
        daemon.ask("anna", m.Shutdown())


def test_what_is_remembered_is_bounded(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_KNOWN", 50)
    for i in range(200):
        daemon.submit("anna", str(i))
        daemon.end(str(i))
    assert len(daemon.access._submitters) == 50
    assert daemon.access.has_submitted("anna", "199")
    assert not daemon.access.has_submitted("anna", "0")
