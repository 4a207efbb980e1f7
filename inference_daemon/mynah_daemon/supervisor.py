"""Keeps one worker process alive and hands it one job at a time."""

from __future__ import annotations

import contextlib
import os
import queue
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, replace
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
)

from .config import DaemonConfig
from .jobs import Job, JobTable
from .link import LinkWriter, read_message
from .log import log_event

ATTEMPTS: Final = 2
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
    """The job that the worker has in hand, under the name of this attempt."""

    job: Job
    attempt: bytes
    heard_s: float
    cancelled_s: float | None = None


class Supervisor(threading.Thread):
    """The thread that owns the worker process. Other threads only call `poke` and `stop`."""

    def __init__(self, config: DaemonConfig, jobs: JobTable) -> None:
        super().__init__(name="supervisor", daemon=True)
        self._config, self._jobs = config, jobs
        self._inbox: queue.SimpleQueue[_WorkerSaid | _Poke | _Stop] = queue.SimpleQueue()
        self._process: subprocess.Popen[bytes] | None = None
        self._writer: LinkWriter | None = None
        self._running: _Running | None = None
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
        """Ends the worker; a running job is lost with its daemon."""
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
        command = [sys.executable, "-m", "mynah_daemon.worker"]
        process = subprocess.Popen(
            [*command, str(self._config.weights), str(self._config.blob_dir)],
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
        if self._running or self._writer is None:
            return
        job = self._jobs.take()
        if job is None:
            return
        self._running = _Running(job, os.urandom(16), time.monotonic())
        self._send(Submit((job.request,)))
        log_event("job_started", job=job.job_id[:12], attempt=job.attempts)

    def _send(self, message: Submit | Cancel) -> None:
        if self._writer and self._running:
            with contextlib.suppress(OSError):  # it is gone: the reading thread reports that
                self._writer.send(message, self._running.attempt)

    def _hear(self, said: _WorkerSaid) -> None:
        if said.generation != self._generation:
            return
        if said.envelope is None:
            self._handle_death()
            return
        running = self._running
        if running is None or said.envelope.message_id != running.attempt:
            return
        running.heard_s = time.monotonic()
        self._handle_message(running.job, said.envelope)

    def _handle_message(self, job: Job, envelope: Envelope) -> None:
        message = envelope.message
        if isinstance(message, SynthesizeReply):
            self._jobs.finish(job, replace(message, job_id=job.job_id))
        elif isinstance(message, JobEvent) and message.state is JobState.running:
            self._jobs.progress(job, message.stage, message.done, message.total)
            return
        elif isinstance(message, JobEvent) and message.state is JobState.failed:
            self._jobs.fail(job, ErrorCode(message.code), message.message)
        self._running = None
        self._crashes_in_a_row = 0
        log_event("job_ended", job=job.job_id[:12], state=job.state.value)

    def _handle_death(self) -> None:
        """The job gets another worker once; after that it is the likely cause itself."""
        code = self._process.wait() if self._process else 0
        log_event("worker_died", code=code)
        self._end_worker()
        running, self._running = self._running, None
        if running and running.job.attempts < ATTEMPTS:
            self._jobs.requeue(running.job)
        elif running:
            self._jobs.fail(
                running.job,
                ErrorCode.worker_crash,
                f"The engine crashed twice on '{running.job.request.audio_name}'; convert the "
                f"file to {'another format' if running.job.request.is_transfer else 'WAV'}, and "
                "run `mynah doctor` if that fails too.",
            )
        self.restarts += 1
        self._back_off()

    def _back_off(self) -> None:
        """Each failure in a row makes the next start wait longer."""
        pause_s = _BACK_OFF_S[min(self._crashes_in_a_row, len(_BACK_OFF_S) - 1)]
        self._start_due_s = time.monotonic() + pause_s
        self._crashes_in_a_row += 1

    def _check_running(self) -> None:
        """Passes a cancel on, and ends a worker that hangs."""
        running = self._running
        if running is None:
            return
        now_s = time.monotonic()
        if running.job.state is JobState.cancelled and running.cancelled_s is None:
            running.cancelled_s = now_s
            self._send(Cancel((running.attempt.hex(),)))
        is_stuck = now_s - running.heard_s > _HANG_S
        ignores_cancel = (
            running.cancelled_s is not None and now_s - running.cancelled_s > _CANCEL_GRACE_S
        )
        if (is_stuck or ignores_cancel) and self._process:
            log_event("worker_killed", reason="hang" if is_stuck else "cancel")
            self._process.kill()
