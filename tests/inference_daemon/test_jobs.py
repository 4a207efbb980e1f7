"""The job table: order, states that never change again, limits."""

from __future__ import annotations

import itertools
import random
from pathlib import Path

import numpy as np
import pytest

from mynah_daemon.blobs import BlobStore
from mynah_daemon.config import LIMITS
from mynah_daemon.engine.model_store import open_store
from mynah_daemon.jobs import TERMINAL, Job, JobTable
from mynah_daemon.requests import check_request, clean_name, job_key
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


class Told:
    """A table with everything it tells."""

    def __init__(self, queue_limit: int = 100, result_bytes: int = 10_000) -> None:
        self.events: list[JobEvent] = []
        self.table = JobTable(queue_limit, result_bytes, self.events.append)

    def submit(self, *keys: str) -> list[JobState]:
        return [status.state for status in self.table.submit([(key, REQUEST) for key in keys])]

    def take(self) -> Job:
        job = self.table.take()
        assert job is not None
        return job


def result(key: str, n_frames: int = 10) -> SynthesizeReply:
    return SynthesizeReply(key, MotionClip(30, ("jawOpen",), np.zeros((n_frames, 1), "f4")), "{}")


def test_jobs_run_in_order_and_once() -> None:
    told = Told()
    assert told.submit("a", "b", "a") == [JobState.queued] * 3
    assert told.submit("a") == [JobState.queued]
    assert [told.take().job_id, told.take().job_id, told.table.take()] == ["a", "b", None]


def test_a_suspect_runs_alone() -> None:
    told = Told()
    told.submit("a", "b")
    told.table.requeue(told.take())
    assert told.table.take(is_alone=False) is None
    assert told.table.take(is_alone=True) is not None
    assert told.take().job_id == "b"


def test_a_full_queue_takes_all_or_none() -> None:
    told = Told(queue_limit=2)
    told.submit("a")
    with pytest.raises(JobFailedError, match="1 lines are waiting already") as refusal:
        told.submit("b", "c")
    assert (refusal.value.code, refusal.value.retry) == ("busy", True)
    assert told.table.counts() == (1, 0, 0)
    assert told.submit("a", "b") == [JobState.queued] * 2


def test_a_lost_worker_puts_its_job_first() -> None:
    told = Told()
    told.submit("a", "b")
    job = told.take()
    told.table.requeue(job)
    assert job.state is JobState.queued
    assert told.take() is job
    assert job.attempts == 2


def test_what_a_cancelled_job_still_brings_is_dropped() -> None:
    told = Told()
    told.submit("a")
    job = told.take()
    told.table.cancel(["a"])
    told.table.progress(job, "motion", 1, 2)
    told.table.finish(job, result("a"))
    told.table.fail(job, ErrorCode.internal, "late")
    told.table.requeue(job)
    assert told.events[-1].state is JobState.cancelled
    assert told.table.take() is None
    with pytest.raises(JobFailedError, match="submit the line again"):
        told.table.result("a")


def test_an_end_is_outdated_once_the_line_was_submitted_again() -> None:
    told = Told()
    told.submit("a")
    told.table.cancel(["a"])
    end = told.events[-1]
    assert not told.table.is_outdated(end)
    assert told.submit("a") == [JobState.queued]
    assert told.table.is_outdated(end)
    told.table.finish(told.take(), result("a"))
    assert not told.table.is_outdated(told.events[-1])


def test_old_results_are_forgotten_by_use() -> None:
    told = Told(result_bytes=100)
    for key in ("a", "b", "c"):
        told.submit(key)
        told.table.finish(told.take(), result(key))
        told.table.result("a")  # used again, so it outlives b
    assert told.submit("a") == [JobState.finished]
    assert told.submit("c") == [JobState.finished]
    assert told.submit("b") == [JobState.queued]


def test_one_large_result_is_kept() -> None:
    told = Told(result_bytes=100)
    told.submit("a")
    told.table.finish(told.take(), result("a", 10_000))
    assert told.table.result("a").clip.n_frames == 10_000


def test_random_walks_keep_the_promises() -> None:
    """States end once, seq only grows, nothing runs twice at a time, the counts agree."""
    for seed in range(30):
        rng, told = random.Random(seed), Told(queue_limit=6)
        running: list[Job] = []
        for _ in range(200):
            key = rng.choice("abcdefgh")
            action = rng.randrange(6)
            if action == 0:
                try:
                    told.submit(key)
                except JobFailedError:
                    assert told.table.counts()[0] == 6
            elif action == 1 and (job := told.table.take()):
                running.append(job)
            elif action == 2:
                told.table.cancel([key])
            elif running:
                job = running.pop()
                if action == 3:
                    told.table.finish(job, result(job.job_id))
                elif action == 4:
                    told.table.fail(job, ErrorCode.internal, "broken")
                else:
                    told.table.requeue(job)
        queued, n_running, finished = told.table.counts()
        assert queued <= len("abcdefgh")
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


def test_a_former_daemons_audio_is_deleted(tmp_path: Path) -> None:
    put(BlobStore(tmp_path / "blobs", LIMITS, 250), b"private")
    BlobStore(tmp_path / "blobs", LIMITS, 250)
    assert list((tmp_path / "blobs").iterdir()) == []
