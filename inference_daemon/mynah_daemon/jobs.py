"""The jobs of one daemon: who is next, how far it is, how it ended. Safe from any thread.

What is open stands in memory and in the store, what has ended in the store only.
"""

from __future__ import annotations

import itertools
import json
import os
import threading
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from mynah_shared.errors import JobFailedError
from mynah_shared.protocol.messages import (
    ErrorCode,
    JobEvent,
    JobState,
    JobStatus,
    SynthesizeReply,
    SynthesizeRequest,
)

from .log import log_event
from .store.errors import StoreError
from .store.job_store import JobStore, NewJob
from .waiting import FairQueue

TERMINAL: Final = (JobState.finished, JobState.cancelled, JobState.failed)
STRIKES: Final = 2
"""So many workers may a job take down while it is alone with one."""
ATTEMPTS: Final = 10
"""So often a job may be begun, whatever became of it: it may take the whole daemon with it."""
_PROGRESS_INTERVAL_S: Final = 0.2
_MOST_BEGUN_ANEW: Final = 10_000
_LEASE_BYTES: Final = 16


@dataclass(eq=False)
class Job:
    """One request that is open, or has just ended. Fields are changed by `JobTable` only.

    `lease` names the attempt under way. A suspect was with a worker that died, and is only tried
    alone.
    """

    job_id: str
    request: SynthesizeRequest
    client: bytes = b""
    is_batch: bool = False
    state: JobState = JobState.queued
    lease: bytes = b""
    attempts: int = 0
    strikes: int = 0
    is_suspect: bool = False
    stage: str = ""
    done: int = 0
    total: int = 1
    told_s: float = 0.0
    admitted_s: float = field(default_factory=time.monotonic)
    taken_s: float = 0.0


class JobTable:
    """`tell` receives every event that clients should hear, in order, under the table's lock.

    Changes are kept in the store first, one after the other; the table itself is locked only for
    moments, so that questions are answered while a disk is slow. Begins with what a former daemon
    left. Raises `StoreError`.
    """

    def __init__(self, store: JobStore, queue_limit: int, tell: Callable[[JobEvent], None]) -> None:
        self._store, self._queue_limit, self._tell = store, queue_limit, tell
        self._changing = threading.RLock()
        self._lock = threading.RLock()
        self._open: dict[str, Job] = {}
        self._queue: FairQueue[Job] = FairQueue()
        self._suspects: deque[Job] = deque()
        self._blobs: Counter[str] = Counter()
        self._begun_anew: OrderedDict[str, int] = OrderedDict()
        self._seq = itertools.count(1)
        self._n_finished = 0
        for left in store.open_jobs():
            job = Job(left.new.key, left.new.request, left.new.client, left.new.is_batch)
            job.attempts, job.strikes = left.attempts, left.strikes
            job.is_suspect = bool(left.strikes)
            self._admit(job)
        if self._open:
            log_event("jobs_left", count=len(self._open))

    # --- what clients ask -----------------------------------------------------------------------

    def submit(
        self,
        requests: Sequence[tuple[str, SynthesizeRequest]],
        client: bytes = b"",
        *,
        is_batch: bool = False,
        check: Callable[[SynthesizeRequest], None] = lambda _: None,
    ) -> tuple[JobStatus, ...]:
        """Queues a job per (key, request), all or none, and tells what each job is now.

        A key that is queued, running or finished keeps its job; one that was cancelled or failed
        gets a new one. Raises `JobFailedError` (busy) if the queue is full, `StoreError` if the
        jobs can't be kept, and what `check` raises of those to be begun; then nothing has changed.
        """
        with self._changing:
            ended = {key: self._store.ended(key) for key, _ in requests if key not in self._open}
            fresh = {
                key: NewJob(key, request, client, is_batch)
                for key, request in requests
                if key in ended and ended[key] is not JobState.finished
            }
            n_waiting = self.counts()[0]
            if n_waiting + len(fresh) > self._queue_limit:
                raise JobFailedError(
                    f"{n_waiting} lines are waiting already; try again in a moment.",
                    code=ErrorCode.busy,
                    retry=True,
                )
            for new in fresh.values():
                check(new.request)
            if fresh:
                self._store.begin(list(fresh.values()))
            with self._lock:
                for key, new in fresh.items():
                    if ended[key] is not None:
                        self._begin_anew(key)
                    self._admit(Job(key, new.request, client, is_batch))
                return tuple(
                    JobStatus(key, self._open[key].state if key in self._open else _FINISHED)
                    for key, _ in requests
                )

    def cancel(self, job_ids: Sequence[str]) -> tuple[JobStatus, ...]:
        """Cancels what has not ended; a running step ends later, but its result is dropped.

        Unknown jobs count as cancelled: their results may have been forgotten.
        """
        with self._changing:
            ended = {key: self._store.ended(key) for key in job_ids if key not in self._open}
            self._end([self._open[key] for key in job_ids if key in self._open], JobState.cancelled)
            return tuple(JobStatus(key, ended.get(key) or JobState.cancelled) for key in job_ids)

    def result(self, job_id: str) -> SynthesizeReply:
        """A finished job's result. Raises `JobFailedError` (not_found) if there is none."""
        result = self._store.result(job_id)
        if result is None:
            raise JobFailedError(
                "The daemon has no result for this job; submit the line again.",
                code=ErrorCode.not_found,
                retry=True,
            )
        return result

    def fail_without(self, has_blob: Callable[[str], bool]) -> None:
        """Fails the waiting jobs of which a file was lost with a former daemon."""
        for job in list(self._open.values()):
            if not all(has_blob(sha256) for sha256 in blobs_of(job.request)):
                self.fail(
                    job,
                    ErrorCode.not_found,
                    f"A file of '{job.request.audio_name}' was lost when the engine ended; submit "
                    "the line again.",
                )

    def counts(self) -> tuple[int, int, int]:
        """How many jobs are queued, running, and were finished since the start."""
        with self._lock:
            queued = len(self._queue) + len(self._suspects)
            return queued, len(self._open) - queued, self._n_finished

    def uses_blob(self, sha256: str) -> bool:
        """Whether a job that has not ended needs this audio or style clip."""
        with self._lock:
            return sha256 in self._blobs

    def is_outdated(self, event: JobEvent) -> bool:
        """Whether the job was submitted anew after this end of it."""
        with self._lock:
            return event.state in TERMINAL and self._begun_anew.get(event.job_id, 0) > event.seq

    # --- what the workers' supervisors report ---------------------------------------------------

    def take(self, *, is_alone: bool = True) -> Job | None:
        """The next queued job, now running; None if there is none, or if it is a suspect and would
        not be alone."""
        with self._changing:
            while (job := self._pop(is_alone=is_alone)) is not None:
                if job.attempts >= ATTEMPTS:
                    self.fail(
                        job,
                        ErrorCode.worker_crash,
                        f"'{job.request.audio_name}' was begun {ATTEMPTS} times and never done, "
                        "perhaps because the engine was ended each time; submit it again, and run "
                        "`mynah doctor` if that fails too.",
                    )
                    continue
                lease = os.urandom(_LEASE_BYTES)
                try:
                    self._store.take(job.job_id, lease)
                except StoreError as err:
                    self.fail(job, ErrorCode.internal, str(err))
                    continue
                with self._lock:
                    job.lease, job.taken_s = lease, time.monotonic()
                    job.attempts += 1
                    self._change(job, JobState.running)
                return job
            return None

    def progress(self, job: Job, stage: str, done: int, total: int) -> None:
        """Clients hear of it at most five times a second."""
        with self._lock:
            if job.state is not JobState.running:
                return
            job.stage, job.done, job.total = stage, done, total
            if time.monotonic() - job.told_s >= _PROGRESS_INTERVAL_S:
                self._tell_state(job)

    def finish(self, job: Job, lease: bytes, result: SynthesizeReply) -> None:
        """Keeps the result that was made under this lease, unless the job is no longer its."""
        with self._changing:
            if job.state is not JobState.running or job.lease != lease:
                return
            try:
                is_kept = self._store.finish(job.job_id, lease, _completed(result, job))
            except StoreError as err:
                self.fail(job, ErrorCode.internal, str(err))
                return
            assert is_kept, "the store and the table disagree on who runs a job"
            with self._lock:
                job.stage, job.done = "finish", job.total
                self._n_finished += 1
                self._leave(job, JobState.finished)

    def requeue(self, job: Job, *, is_strike: bool) -> bool:
        """Puts a running job back to the front as a suspect, after its worker was lost; False if it
        has had all its strikes."""
        with self._changing:
            if job.state is not JobState.running:
                return True
            strikes = job.strikes + is_strike
            if strikes >= STRIKES:
                return False
            try:
                self._store.requeue(job.job_id, strikes)
            except StoreError as err:
                self.fail(job, ErrorCode.internal, str(err))
                return True
            with self._lock:
                job.strikes, job.is_suspect = strikes, True
                self._charge(job)
                self._suspects.appendleft(job)
                self._change(job, JobState.queued)
            return True

    def fail(self, job: Job, code: ErrorCode, message: str) -> None:
        with self._changing:
            if job.state not in TERMINAL:
                self._end([job], JobState.failed, code, message)

    def fail_waiting(self, code: ErrorCode, message: str) -> None:
        """Fails all that wait: nobody is left to make them."""
        with self._changing:
            waiting = [job for job in self._open.values() if job.state is JobState.queued]
            self._end(waiting, JobState.failed, code, message)

    # --- inside the locks -----------------------------------------------------------------------

    def _admit(self, job: Job) -> None:
        self._open[job.job_id] = job
        if job.is_suspect:
            self._suspects.append(job)
        else:
            self._queue.add(job)
        self._blobs.update(blobs_of(job.request))

    def _begin_anew(self, key: str) -> None:
        self._begun_anew[key] = next(self._seq)
        self._begun_anew.move_to_end(key)
        if len(self._begun_anew) > _MOST_BEGUN_ANEW:
            self._begun_anew.popitem(last=False)

    def _pop(self, *, is_alone: bool) -> Job | None:
        """Suspects go before all others: their worker was lost with them."""
        with self._lock:
            if self._suspects:
                return self._suspects.popleft() if is_alone else None
            return self._queue.pop()

    def _end(
        self,
        jobs: Sequence[Job],
        state: JobState,
        code: ErrorCode | None = None,
        message: str = "",
    ) -> None:
        """Where the disk refuses, jobs have ended for this daemon's clients all the same; the next
        daemon will find them open and make them."""
        try:
            self._store.end([job.job_id for job in jobs], state, code, message)
        except StoreError as err:
            log_event("end_not_kept", count=len(jobs), reason=str(err))
        with self._lock:
            for job in jobs:
                if job.state not in TERMINAL:  # named twice
                    self._leave(job, state, code, message)

    def _leave(
        self, job: Job, state: JobState, code: ErrorCode | None = None, message: str = ""
    ) -> None:
        self._queue.discard(job)
        if job in self._suspects:
            self._suspects.remove(job)
        self._charge(job)
        del self._open[job.job_id]
        for sha256 in blobs_of(job.request):
            self._blobs[sha256] -= 1
            if not self._blobs[sha256]:
                del self._blobs[sha256]
        self._change(job, state, code, message)

    def _charge(self, job: Job) -> None:
        if job.state is JobState.running:
            self._queue.charge(job.client, time.monotonic() - job.taken_s)

    def _change(
        self, job: Job, state: JobState, code: ErrorCode | None = None, message: str = ""
    ) -> None:
        job.state = state
        self._tell_state(job, code.value if code else "", message)

    def _tell_state(self, job: Job, code: str = "", message: str = "") -> None:
        job.told_s = time.monotonic()
        self._tell(
            JobEvent(
                job.job_id,
                next(self._seq),
                job.state,
                job.stage,
                job.done,
                job.total,
                code,
                message,
            )
        )


_FINISHED: Final = JobState.finished


def _completed(result: SynthesizeReply, job: Job) -> SynthesizeReply:
    """With what only the daemon knows of it."""
    meta = json.loads(result.meta)
    meta["job_id"] = job.job_id
    meta["attempts"] = job.attempts
    meta["waited_s"] = round(job.taken_s - job.admitted_s, 6)
    return replace(result, job_id=job.job_id, meta=json.dumps(meta))


def blobs_of(request: SynthesizeRequest) -> set[str]:
    """The files that a request needs, by hash."""
    uses = (*request.styles, *request.gestures)
    named = {request.audio_sha256, request.take_sha256, *(use.clip_sha256 for use in uses)}
    return named - {""}
