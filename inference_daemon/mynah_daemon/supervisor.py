"""Keeps one worker process alive and hands it jobs, several at a time."""

from __future__ import annotations

import contextlib
import os
import queue
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from typing import Final

from mynah_shared.errors import ProtocolError
from mynah_shared.protocol.codec import Envelope
from mynah_shared.protocol.messages import (
    Cancel,
    ErrorCode,
    JobEvent,
    JobState,
    Submit,
    SynthesizeReply,
    SynthesizeRequest,
)

from .config import DaemonConfig
from .crash_reports import TRACE_NAME, Crash, write_report
from .jobs import Job, JobTable
from .leftovers import start_of
from .link import LINES_AT_ONCE, LinkWriter, read_message
from .log import log_event
from .store.errors import StoreError
from .store.job_store import JobStore

WORKER: Final = (sys.executable, "-m", "mynah_daemon.worker")
_HANG_S: Final = 120.0
"""No step takes near as long, decoding (30 s at most) included."""
_CANCEL_GRACE_S: Final = 10.0
_BACK_OFF_S: Final = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
_TICK_S: Final = 1.0
WORKER_ENVIRONMENT: Final = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
"""Sums of numpy's linear algebra end in other bits with other numbers of threads, so that results
would depend on the machine's cores. The models have threads of their own."""


@dataclass(frozen=True)
class _WorkerSaid:
    """A message of the worker of this generation; None when that worker is gone."""

    generation: int
    envelope: Envelope | None


@dataclass(frozen=True)
class _Poke:
    """Something in the job table changed."""


@dataclass(frozen=True)
class _Stop:
    """End the worker and the thread."""


@dataclass
class _Running:
    """A job that the worker has in hand, under the name of this attempt."""

    job: Job
    attempt: bytes
    asked_s: float
    heard_s: float
    cancelled_s: float | None = None


class Supervisor(threading.Thread):
    """The thread that owns the worker process. Other threads only call `poke` and `stop`."""

    def __init__(self, config: DaemonConfig, jobs: JobTable, store: JobStore) -> None:
        super().__init__(name="supervisor", daemon=True)
        self._config, self._jobs, self._store = config, jobs, store
        self._inbox: queue.SimpleQueue[_WorkerSaid | _Poke | _Stop] = queue.SimpleQueue()
        self._process: subprocess.Popen[bytes] | None = None
        self._writer: LinkWriter | None = None
        self._running: dict[bytes, _Running] = {}
        self._generation = 0
        self._crashes_in_a_row = 0
        self._start_due_s = 0.0
        self.restarts = 0

    @property
    def worker_pid(self) -> int:
        process = self._process
        return process.pid if process else 0

    def poke(self) -> None:
        """Call after jobs were submitted or cancelled."""
        self._inbox.put(_Poke())

    def stop(self) -> None:
        """Ends the worker; a running job is begun again by the next daemon."""
        self._inbox.put(_Stop())

    def run(self) -> None:
        while True:
            if self._process is None and time.monotonic() >= self._start_due_s:
                self._try_to_start_worker()
            try:
                item = self._inbox.get(timeout=_TICK_S if self._process else _TICK_S / 10)
            except queue.Empty:
                item = _Poke()
            if isinstance(item, _Stop):
                self._end_worker()
                return
            if isinstance(item, _WorkerSaid):
                self._hear(item)
            self._check_running()
            self._start_next()

    # --- the worker process ---------------------------------------------------------------------

    def _try_to_start_worker(self) -> None:
        try:
            self._start_worker()
        except OSError as err:  # no memory or no process left: perhaps in a moment
            log_event("worker_not_started", reason=err.strerror or "")
            self._back_off()

    def _start_worker(self) -> None:
        self._generation += 1
        trace = self._config.log_dir / TRACE_NAME
        process = subprocess.Popen(
            [*WORKER, str(self._config.weights), str(self._config.blob_dir), str(trace)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **WORKER_ENVIRONMENT},
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        assert process.stdin is not None
        self._process, self._writer = process, LinkWriter(process.stdin)
        threading.Thread(
            target=self._read, args=(process, self._generation), name="link", daemon=True
        ).start()
        log_event("worker_started", pid=process.pid)
        with contextlib.suppress(StoreError):  # it matters only if a frozen one outlives us
            self._store.note_worker(process.pid, start_of(process.pid))

    def _read(self, process: subprocess.Popen[bytes], generation: int) -> None:
        assert process.stdout is not None
        with process.stdout as stream:
            envelope: Envelope | None = None
            try:
                while (envelope := read_message(stream)) is not None:
                    self._inbox.put(_WorkerSaid(generation, envelope))
            except ProtocolError:  # it died in the middle of a message, or its memory is damaged
                process.kill()
        self._inbox.put(_WorkerSaid(generation, None))

    def _end_worker(self) -> None:
        process, self._process, self._writer = self._process, None, None
        if process is None:
            return
        process.kill()
        process.wait()
        if process.stdin:
            with contextlib.suppress(OSError):  # what was still unsent has nobody to go to
                process.stdin.close()

    # --- jobs -----------------------------------------------------------------------------------

    def _start_next(self) -> None:
        while self._writer is not None and len(self._running) < LINES_AT_ONCE:
            if any(running.job.is_suspect for running in self._running.values()):
                return
            job = self._jobs.take(is_alone=not self._running)
            if job is None:
                return
            now_s = time.monotonic()
            running = _Running(job, job.lease, now_s, now_s)
            self._running[running.attempt] = running
            self._send(Submit((job.request,)), running)
            log_event("job_started", job=job.job_id[:12], attempt=job.attempts)

    def _send(self, message: Submit | Cancel, running: _Running) -> None:
        if self._writer:
            with contextlib.suppress(OSError):  # it is gone: the reading thread reports that
                self._writer.send(message, running.attempt)

    def _hear(self, said: _WorkerSaid) -> None:
        if said.generation != self._generation:
            return
        if said.envelope is None:
            self._handle_death()
            return
        running = self._running.get(said.envelope.message_id)
        if running is None:
            return
        running.heard_s = time.monotonic()
        self._handle_message(running, said.envelope)

    def _handle_message(self, running: _Running, envelope: Envelope) -> None:
        job, message = running.job, envelope.message
        if isinstance(message, JobEvent) and message.state is JobState.running:
            self._jobs.progress(job, message.stage, message.done, message.total)
            return
        del self._running[running.attempt]
        self._crashes_in_a_row = 0
        self._start_next()  # the worker has its hands free while a result goes to the disk
        if isinstance(message, SynthesizeReply):
            self._jobs.finish(job, running.attempt, message)
        elif isinstance(message, JobEvent) and message.state is JobState.failed:
            self._jobs.fail(job, ErrorCode(message.code), message.message)
        log_event(
            "job_ended",
            job=job.job_id[:12],
            state=job.state.value,
            attempt=job.attempts,
            worker_s=round(running.heard_s - running.asked_s, 4),
            store_s=round(time.monotonic() - running.heard_s, 4),
        )

    def _handle_death(self) -> None:
        """Whoever was with the worker may have been the cause: each is tried again alone, and who
        takes one down then is it."""
        code = self._process.wait() if self._process else 0
        log_event("worker_died", code=code)
        self._end_worker()
        suspects = [running.job for running in self._running.values()]
        with contextlib.suppress(OSError):  # a full disk: the log still says that it died
            crash = Crash(code, [job.job_id for job in suspects])
            write_report(self._config.log_dir, crash)
        self._running.clear()
        for job in reversed(suspects):  # each goes before those that wait
            if not self._jobs.requeue(job, is_strike=len(suspects) == 1):
                self._jobs.fail(job, ErrorCode.worker_crash, _verdict(job.request))
        self.restarts += 1
        self._back_off()

    def _back_off(self) -> None:
        """Each failure in a row makes the next start wait longer."""
        pause_s = _BACK_OFF_S[min(self._crashes_in_a_row, len(_BACK_OFF_S) - 1)]
        self._start_due_s = time.monotonic() + pause_s
        self._crashes_in_a_row += 1

    def _check_running(self) -> None:
        """Passes cancels on, and ends a worker that hangs."""
        for running in self._running.values():
            self._check(running, time.monotonic())

    def _check(self, running: _Running, now_s: float) -> None:
        if running.job.state is JobState.cancelled and running.cancelled_s is None:
            running.cancelled_s = now_s
            self._send(Cancel((running.attempt.hex(),)), running)
        is_stuck = now_s - running.heard_s > _HANG_S
        ignores_cancel = (
            running.cancelled_s is not None and now_s - running.cancelled_s > _CANCEL_GRACE_S
        )
        if (is_stuck or ignores_cancel) and self._process:
            log_event("worker_killed", reason="hang" if is_stuck else "cancel")
            self._process.kill()


def _verdict(request: SynthesizeRequest) -> str:
    return (
        f"The engine crashed twice on '{request.audio_name}'; convert the file to "
        f"{'another format' if request.is_transfer else 'WAV'}, and run `mynah doctor` if that "
        "fails too."
    )
