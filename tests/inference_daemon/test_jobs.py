"""The job table: order, states that never change again, limits."""

from __future__ import annotations

import itertools
import random
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from mynah_daemon.blobs import BlobStore
from mynah_daemon.config import LIMITS
from mynah_daemon.engine.model_store import open_store
from mynah_daemon.jobs import ATTEMPTS, TERMINAL, Job, JobTable
from mynah_daemon.requests import check_request, clean_name, job_key
from mynah_daemon.store.job_store import CacheLimits, JobStore
from mynah_shared.errors import JobFailedError
from mynah_shared.motion.clip import MotionClip
from mynah_shared.protocol.messages import (
    ErrorCode,
    JobEvent,
    JobState,
    SynthesizeReply,
    SynthesizeRequest,
)

REQUEST = SynthesizeRequest(audio_sha256="ab" * 32, audio_name="a.wav", fps=30.0)


def open_jobs(folder: Path, result_bytes: int = 10_000) -> JobStore:
    return JobStore(folder, CacheLimits(result_bytes, days=30))


class Told:
    """A table with everything it tells."""

    def __init__(self, folder: Path, queue_limit: int = 100, result_bytes: int = 1 << 20) -> None:
        self.events: list[JobEvent] = []
        self.store = open_jobs(folder, result_bytes)
        self.table = JobTable(self.store, queue_limit, self.events.append)

    def submit(self, *keys: str, client: bytes = b"") -> list[JobState]:
        requests = [(key_of(key), REQUEST) for key in keys]
        return [status.state for status in self.table.submit(requests, client)]

    def take(self) -> Job:
        job = self.table.take()
        assert job is not None
        return job

    def finish(self, job: Job, n_frames: int = 10) -> None:
        self.table.finish(job, job.lease, result(n_frames))


def key_of(letter: str) -> str:
    return letter * 64


def result(n_frames: int = 10) -> SynthesizeReply:
    clip = MotionClip(30, ("jawOpen",), np.zeros((n_frames, 1), "f4"))
    return SynthesizeReply("", clip, '{"seed": 1}')


@pytest.fixture
def told(tmp_path: Path) -> Iterator[Told]:
    made = Told(tmp_path / "jobs")
    yield made
    made.store.close()


def test_jobs_run_in_order_and_once(told: Told) -> None:
    assert told.submit("a", "b", "a") == [JobState.queued] * 3
    assert told.submit("a") == [JobState.queued]
    jobs = [told.take().job_id, told.take().job_id, told.table.take()]
    assert jobs == [key_of("a"), key_of("b"), None]


def test_a_suspect_runs_alone(told: Told) -> None:
    told.submit("a", "b")
    told.table.requeue(told.take(), is_strike=False)
    assert told.table.take(is_alone=False) is None
    assert told.table.take(is_alone=True) is not None
    assert told.take().job_id == key_of("b")


def test_a_full_queue_takes_all_or_none(tmp_path: Path) -> None:
    told = Told(tmp_path, queue_limit=2)
    told.submit("a")
    with pytest.raises(JobFailedError, match="1 lines are waiting already") as refusal:
        told.submit("b", "c")
    assert (refusal.value.code, refusal.value.retry) == ("busy", True)
    assert told.table.counts() == (1, 0, 0)
    assert told.submit("a", "b") == [JobState.queued] * 2
    told.store.close()


def test_a_lost_worker_puts_its_job_first_until_it_has_had_its_strikes(told: Told) -> None:
    told.submit("a", "b")
    job = told.take()
    assert told.table.requeue(job, is_strike=True)
    assert job.state is JobState.queued
    assert told.take() is job
    assert (job.attempts, job.strikes) == (2, 1)
    assert told.table.requeue(job, is_strike=False)
    assert told.take() is job
    assert not told.table.requeue(job, is_strike=True)
    told.table.fail(job, ErrorCode.worker_crash, "crashed")
    assert told.take().job_id == key_of("b")


def test_what_a_cancelled_job_still_brings_is_dropped(told: Told) -> None:
    told.submit("a")
    job = told.take()
    told.table.cancel([key_of("a")])
    told.table.progress(job, "motion", 1, 2)
    told.finish(job)
    told.table.fail(job, ErrorCode.internal, "late")
    told.table.requeue(job, is_strike=True)
    assert told.events[-1].state is JobState.cancelled
    assert told.table.take() is None
    with pytest.raises(JobFailedError, match="submit the line again"):
        told.table.result(key_of("a"))


def test_a_former_attempt_can_not_finish_the_job_begun_anew(told: Told) -> None:
    told.submit("a")
    job = told.take()
    lease = job.lease
    told.table.requeue(job, is_strike=False)
    assert told.take() is job
    told.table.finish(job, lease, result())
    assert job.state is JobState.running
    assert not told.store.finish(job.job_id, lease, result())
    told.finish(job)
    assert job.state is JobState.finished


def test_an_end_is_outdated_once_the_line_was_submitted_again(told: Told) -> None:
    told.submit("a")
    told.table.cancel([key_of("a")])
    end = told.events[-1]
    assert not told.table.is_outdated(end)
    assert told.submit("a") == [JobState.queued]
    assert told.table.is_outdated(end)
    told.finish(told.take())
    assert not told.table.is_outdated(told.events[-1])


def test_a_job_that_is_begun_too_often_is_given_up(tmp_path: Path) -> None:
    """Each time the daemon dies with it, so that no strike is ever counted."""
    for _ in range(ATTEMPTS):
        told = Told(tmp_path)
        told.submit("a", "b")
        assert told.take().job_id == key_of("a")
        told.store.close()
    told = Told(tmp_path)
    assert told.take().job_id == key_of("b")
    assert told.events[-2].code == "worker_crash"
    assert told.events[-2].message.startswith("'a.wav' was begun 10 times and never done")
    told.store.close()


def test_random_walks_keep_the_promises(memory_folder: Path) -> None:
    """States end once, seq only grows, nothing runs twice at a time, the counts agree."""
    for seed in range(5):
        rng, told = random.Random(seed), Told(memory_folder / f"walk {seed}", queue_limit=6)
        running: list[Job] = []
        for _ in range(200):
            key = rng.choice("abcdef01")
            action = rng.randrange(6)
            if action == 0:
                try:
                    told.submit(key)
                except JobFailedError:
                    assert told.table.counts()[0] == 6
            elif action == 1 and (job := told.table.take()):
                running.append(job)
            elif action == 2:
                told.table.cancel([key_of(key)])
            elif running:
                job = running.pop()
                if action == 3:
                    told.finish(job)
                elif action == 4:
                    told.table.fail(job, ErrorCode.internal, "broken")
                else:
                    told.table.requeue(job, is_strike=False)
        queued, n_running, finished = told.table.counts()
        assert queued <= len("abcdef01")
        assert n_running <= len(running)
        by_job: dict[str, list[JobEvent]] = {}
        for event in told.events:
            by_job.setdefault(event.job_id, []).append(event)
        for events in by_job.values():
            assert [e.seq for e in events] == sorted({e.seq for e in events})
            for before, after in itertools.pairwise(events):
                if before.state in TERMINAL:  # then it was submitted anew
                    assert after.state in (JobState.running, JobState.cancelled)
        assert finished == sum(e.state is JobState.finished for e in told.events)
        told.store.close()


# --- keys ---------------------------------------------------------------------------------------


def test_the_key_holds_all_that_influences_the_result(tmp_path: Path) -> None:
    import dataclasses

    store = open_store(tmp_path)
    keys = {job_key(check_request(REQUEST, store, LIMITS), store)}
    changes: list[dict[str, object]] = [
        {"seed": 1},
        {"fps": 25.0},
        {"audio_sha256": "cd" * 32},
        {"start_s": 1.0},
        {"end_s": 2.0},
        {"text": "hello"},
        {"amounts": dataclasses.replace(REQUEST.amounts, gaze=0.5)},
        {"style_guidance": 2.0},
    ]
    for change in changes:
        request = dataclasses.replace(REQUEST, **change)
        keys.add(job_key(check_request(request, store, LIMITS), store))
    assert len(keys) == 1 + len(changes)
    renamed = dataclasses.replace(REQUEST, audio_name="b.wav", model="loudness")
    assert job_key(check_request(renamed, store, LIMITS), store) in keys


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("/home/me/a.wav", "a.wav"),
        ("C:\\voices\\a.wav", "a.wav"),
        ("a\n\x1b[31m.wav", "a[31m.wav"),
        ("", "audio"),
        ("x" * 500, "x" * 120),
        ("x" * 500 + ".mov", "x" * 116 + ".mov"),  # which tells how to read it
        ("take.mov", "take.mov"),
        (".mov", ".mov"),
    ],
)
def test_names_are_fit_for_a_sentence(name: str, clean: str) -> None:
    assert clean_name(name) == clean


# --- blobs --------------------------------------------------------------------------------------


def put(store: BlobStore, data: bytes) -> str:
    import hashlib

    sha256 = hashlib.sha256(data).hexdigest()
    assert store.put(sha256, len(data), 0, data).complete
    return sha256


def test_the_oldest_unused_audio_makes_room(tmp_path: Path) -> None:
    used: set[str] = set()
    store = BlobStore(tmp_path / "blobs", LIMITS, 250, used.__contains__)
    first, second = put(store, b"a" * 100), put(store, b"b" * 100)
    used.add(first)
    third = put(store, b"c" * 100)
    assert [store.has(key) for key in (first, second, third)] == [True, False, True]
    assert sorted(path.name for path in (tmp_path / "blobs").iterdir()) == sorted([first, third])
    assert store.path(third).read_bytes() == b"c" * 100


def test_of_a_former_daemons_files_only_those_of_open_jobs_are_kept(tmp_path: Path) -> None:
    folder = tmp_path / "blobs"
    store = BlobStore(folder, LIMITS, 250)
    wanted, damaged, private = (put(store, name) for name in (b"wanted", b"damaged", b"private"))
    store.path(damaged).write_bytes(b"cut")
    (folder / f"{wanted}.part").write_bytes(b"half")
    store = BlobStore(folder, LIMITS, 250, {wanted, damaged}.__contains__)
    assert [store.has(key) for key in (wanted, damaged, private)] == [True, False, False]
    assert [path.name for path in folder.iterdir()] == [wanted]
    BlobStore(folder, LIMITS, 250).close()
    assert not folder.exists()


def test_several_workers_take_each_job_once(told: Told) -> None:
    """Takers at the same time, some of whose workers are lost; suspects come to who is alone."""
    keys = [f"{i:064x}" for i in range(60)]
    told.table.submit([(key, REQUEST) for key in keys])
    together = threading.Lock()
    in_company: list[str] = []

    def work(seed: int) -> None:
        rng = random.Random(seed)
        held: list[Job] = []
        while told.table.counts()[:2] != (0, 0):
            job = told.table.take(is_alone=not held)
            if job is not None:
                if job.is_suspect and held:
                    in_company.append(job.job_id)
                held.append(job)
            if held and rng.random() < 0.1:
                for lost in held:
                    with together:
                        assert told.table.requeue(lost, is_strike=False)
                held.clear()
            elif held and (job is None or job.is_suspect or len(held) == 3):
                told.finish(held.pop(), n_frames=1)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    ended = [event.job_id for event in told.events if event.state in TERMINAL]
    assert sorted(ended) == keys
    assert {event.state for event in told.events if event.state in TERMINAL} == {JobState.finished}
    assert not in_company


def test_what_waits_can_be_failed_and_what_runs_goes_on(told: Told) -> None:
    told.submit("a", "b", "c")
    told.table.requeue(told.take(), is_strike=False)
    running = told.take()
    told.table.fail_waiting(ErrorCode.internal, "No device.")
    assert told.table.counts() == (0, 1, 0)
    assert [event.message for event in told.events if event.state is JobState.failed] == [
        *("No device.", "No device.")
    ]
    told.finish(running)
    assert told.table.counts() == (0, 0, 1)
