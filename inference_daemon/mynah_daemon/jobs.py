"""The jobs of one daemon: who is next, how far it is, what came out. Safe from any thread."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
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

TERMINAL: Final = (JobState.finished, JobState.cancelled, JobState.failed)
_PROGRESS_INTERVAL_S: Final = 0.2
_MOST_ENDED: Final = 10_000
_BUSY_MS: Final = 1000


@dataclass(eq=False)
class Job:
    """One request. Fields are changed by `JobTable` only, `strikes` by the supervisor.

    A suspect was with a worker that died, and is only tried alone.
    """

    job_id: str
    request: SynthesizeRequest
    state: JobState = JobState.queued
    seq: int = 0
    attempts: int = 0
    strikes: int = 0
    is_suspect: bool = False
    stage: str = ""
    done: int = 0
    total: int = 1
    told_s: float = 0.0
    result: SynthesizeReply | None = None


class JobTable:
    """`tell` receives every event that clients should hear, in order, under the table's lock."""

    def __init__(
        self, queue_limit: int, result_bytes: int, tell: Callable[[JobEvent], None]
    ) -> None:
        self._queue_limit, self._result_bytes, self._tell = queue_limit, result_bytes, tell
        self._lock = threading.RLock()
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._queue: deque[Job] = deque()
        self._n_finished = 0

    # --- what clients ask -----------------------------------------------------------------------

    def submit(self, requests: Sequence[tuple[str, SynthesizeRequest]]) -> tuple[JobStatus, ...]:
        """Queues a job per (key, request), all or none, and tells what each job is now.

        A key that is queued, running or finished keeps its job; one that was cancelled or failed
        gets a new one. Raises `JobFailedError` (busy) if the queue is full.
        """
        with self._lock:
            fresh = {key: request for key, request in requests if self._is_wanted(key)}
            if len(self._queue) + len(fresh) > self._queue_limit:
                raise JobFailedError(
                    f"{len(self._queue)} lines are waiting already; try again in a moment.",
                    code=ErrorCode.busy,
                    retry=True,
                )
            for key, request in fresh.items():
                old = self._jobs.pop(key, None)
                job = Job(key, request, seq=old.seq + 1 if old else 0)
                self._jobs[key] = job
                self._queue.append(job)
            return tuple(JobStatus(key, self._jobs[key].state) for key, _ in requests)

    def cancel(self, job_ids: Sequence[str]) -> tuple[JobStatus, ...]:
        """Cancels what has not ended; a running step ends later, but its result is dropped.

        Unknown jobs count as cancelled: a restarted daemon doesn't know the jobs before it.
        """
        with self._lock:
            states: list[JobStatus] = []
            for job_id in job_ids:
                job = self._jobs.get(job_id)
                if job is not None and job.state not in TERMINAL:
                    if job.state is JobState.queued:
                        self._queue.remove(job)
                    self._end(job, JobState.cancelled)
                states.append(JobStatus(job_id, job.state if job else JobState.cancelled))
            return tuple(states)

    def result(self, job_id: str) -> SynthesizeReply:
        """A finished job's result. Raises `JobFailedError` (not_found) if there is none."""
        with self._lock:
            job = self._jobs.get(job_id)
            if job is None or job.result is None:
                raise JobFailedError(
                    "The daemon has no result for this job; submit the line again.",
                    code=ErrorCode.not_found,
                    retry=True,
                )
            self._jobs.move_to_end(job_id)
            return job.result

    def counts(self) -> tuple[int, int, int]:
        """How many jobs are queued, running, and were finished since the start."""
        with self._lock:
            running = sum(job.state is JobState.running for job in self._jobs.values())
            return len(self._queue), running, self._n_finished

    def uses_blob(self, sha256: str) -> bool:
        """Whether a job that has not ended needs this audio or style clip."""
        with self._lock:
            return any(
                sha256 in blobs_of(job.request) and job.state not in TERMINAL
                for job in self._jobs.values()
            )

    def is_outdated(self, event: JobEvent) -> bool:
        """Whether the job was submitted anew after this end of it."""
        with self._lock:
            job = self._jobs.get(event.job_id)
            return event.state in TERMINAL and job is not None and job.seq > event.seq

    # --- what the worker's supervisor reports ---------------------------------------------------

    def take(self, *, is_alone: bool = True) -> Job | None:
        """The next queued job, now running; None if there is none, or if it is a suspect and would
        not be alone."""
        with self._lock:
            if not self._queue or (self._queue[0].is_suspect and not is_alone):
                return None
            job = self._queue.popleft()
            job.attempts += 1
            self._change(job, JobState.running)
            return job

    def progress(self, job: Job, stage: str, done: int, total: int) -> None:
        """Clients hear of it at most five times a second."""
        with self._lock:
            if job.state is not JobState.running:
                return
            job.stage, job.done, job.total = stage, done, total
            if time.monotonic() - job.told_s >= _PROGRESS_INTERVAL_S:
                self._tell_state(job)

    def finish(self, job: Job, result: SynthesizeReply) -> None:
        """Keeps the result, and forgets the least recently used ones beyond the limit."""
        with self._lock:
            if job.state is not JobState.running:
                return
            job.result = result
            job.stage, job.done = "finish", job.total
            self._n_finished += 1
            self._end(job, JobState.finished)
            self._forget_old()

    def requeue(self, job: Job) -> None:
        """Puts a running job back to the front as a suspect, after its worker was lost."""
        with self._lock:
            if job.state is JobState.running:
                job.is_suspect = True
                self._queue.appendleft(job)
                self._change(job, JobState.queued)

    def fail(self, job: Job, code: ErrorCode, message: str) -> None:
        with self._lock:
            if job.state is JobState.running:
                self._end(job, JobState.failed, code, message)

    # --- inside the lock ------------------------------------------------------------------------

    def _is_wanted(self, key: str) -> bool:
        job = self._jobs.get(key)
        return job is None or job.state in (JobState.cancelled, JobState.failed)

    def _end(
        self, job: Job, state: JobState, code: ErrorCode | None = None, message: str = ""
    ) -> None:
        self._change(job, state, code, message)
        self._jobs.move_to_end(job.job_id)

    def _change(
        self, job: Job, state: JobState, code: ErrorCode | None = None, message: str = ""
    ) -> None:
        job.state = state
        self._tell_state(job, code.value if code else "", message)

    def _tell_state(self, job: Job, code: str = "", message: str = "") -> None:
        job.seq += 1
        job.told_s = time.monotonic()
        self._tell(
            JobEvent(job.job_id, job.seq, job.state, job.stage, job.done, job.total, code, message)
        )

    def _forget_old(self) -> None:
        """The table is in order of last use, so the oldest ended jobs come first."""
        ended = [job for job in self._jobs.values() if job.state in TERMINAL]
        kept_bytes = sum(_n_bytes(job) for job in ended)
        n_kept = len(ended)
        for job in ended[:-1]:  # the newest result stays, however large
            if kept_bytes <= self._result_bytes and n_kept <= _MOST_ENDED:
                return
            kept_bytes -= _n_bytes(job)
            n_kept -= 1
            del self._jobs[job.job_id]


def blobs_of(request: SynthesizeRequest) -> set[str]:
    """The files that a request needs, by hash."""
    uses = (*request.styles, *request.gestures)
    named = {request.audio_sha256, request.take_sha256, *(use.clip_sha256 for use in uses)}
    return named - {""}


def _n_bytes(job: Job) -> int:
    return job.result.clip.values.nbytes if job.result else 0
