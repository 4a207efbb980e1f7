"""Keeps one worker process alive and hands it jobs, several at a time. A daemon has one for each
device; see `pool.py`."""

from __future__ import annotations

import contextlib
import os
import queue
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from typing import Final, Protocol

from mynah_shared.errors import ProtocolError
from mynah_shared.protocol.codec import Envelope
from mynah_shared.protocol.messages import (
    Cancel,
    ErrorCode,
    JobEvent,
    JobState,
    Status,
    Submit,
    SynthesizeReply,
    SynthesizeRequest,
    WorkerStatus,
)

from .config import DaemonConfig
from .crash_reports import Crash, trace_path, write_report
from .devices import Place
from .jobs import Job, JobTable
from .link import PatientWriter, read_message
from .log import log_event

WORKER: Final = (sys.executable, "-m", "mynah_daemon.worker")
_HANG_S: Final = 120.0
"""No step takes near as long, decoding (30 s at most) included."""
_LOAD_S: Final = 300.0
"""Some drivers compile for a card that is new to them."""
_CANCEL_GRACE_S: Final = 10.0
_BACK_OFF_S: Final = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
_FRUITLESS: Final = 3
"""After so many workers that died before they were ready, the device counts as unusable."""
_RETRY_S: Final = (30.0, 60.0, 120.0, 300.0, 600.0)
"""Then an unusable device is tried again: another program may have had its memory."""
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


class Colleagues(Protocol):
    """The other workers of the daemon, as a supervisor sees them. Safe from any thread."""

    def lets_take(self, me: Supervisor) -> bool:
        """Whether the next job should be this one's."""
        ...

    def took(self, me: Supervisor) -> None:
        """This one has taken a job: the next may be another's."""
        ...

    def changed(self, me: Supervisor) -> None:
        """This one has got a worker that is ready, has lost it, or can't have one."""
        ...


class Supervisor(threading.Thread):
    """The thread that owns the worker process of a place. Other threads only call `poke` and
    `stop`, and read the properties."""

    def __init__(
        self,
        place: Place,
        config: DaemonConfig,
        jobs: JobTable,
        colleagues: Colleagues,
    ) -> None:
        super().__init__(name=f"supervisor {place.number}", daemon=True)
        self.place, self._colleagues = place, colleagues
        self._config, self._jobs = config, jobs
        self._inbox: queue.SimpleQueue[_WorkerSaid | _Poke | _Stop] = queue.SimpleQueue()
        self._process: subprocess.Popen[bytes] | None = None
        self._writer: PatientWriter | None = None
        self._running: dict[bytes, _Running] = {}
        self._generation = 0
        self._restarts = 0
        self._crashes_in_a_row = 0
        self._fruitless = 0
        self._started_s = 0.0
        self._start_due_s = 0.0
        self._windows = 0
        self.is_ready = False
        self.failure = ""
        """Why the device can't be used; empty while nothing is known against it."""

    @property
    def status(self) -> WorkerStatus:
        process = self._process
        return WorkerStatus(
            device=str(self.place.device),
            pid=process.pid if process else 0,
            restarts=self._restarts,
            running=self.n_running,
            windows=self._windows,
            failure=self.failure,
        )

    @property
    def n_running(self) -> int:
        """Jobs that the worker has in hand."""
        return len(self._running)

    @property
    def has_room(self) -> bool:
        """Whether it would take a job. A suspect has a worker for itself."""
        held = tuple(self._running.values())
        return (
            self.is_ready
            and len(held) < self.place.lines
            and not any(running.job.is_suspect for running in held)
        )

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
            self._check_process()
            self._start_next()

    # --- the worker process ---------------------------------------------------------------------

    def _try_to_start_worker(self) -> None:
        try:
            self._start_worker()
        except OSError as err:  # no memory or no process left: perhaps in a moment
            self._log("worker_not_started", reason=err.strerror or "")
            self._back_off()

    def _start_worker(self) -> None:
        self._generation += 1
        config, place = self._config, self.place
        trace = trace_path(config.log_dir, place.number)
        shares = map(str, (place.device, place.threads, place.lines))
        process = subprocess.Popen(
            [*WORKER, str(config.weights), str(config.blob_dir), str(trace), *shares],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **WORKER_ENVIRONMENT},
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        assert process.stdin is not None
        self._process, self._writer = process, PatientWriter(process.stdin)
        threading.Thread(
            target=self._read, args=(process, self._generation), name="link", daemon=True
        ).start()
        self._started_s = time.monotonic()
        self._log("worker_started", pid=process.pid)

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
        process, writer = self._process, self._writer
        self._process, self._writer = None, None
        self.is_ready, self._windows = False, 0
        if process is None or writer is None:
            return
        writer.close()
        process.kill()
        process.wait()
        if process.stdin:
            with contextlib.suppress(OSError):  # what was still unsent has nobody to go to
                process.stdin.close()

    def _log(self, event: str, **fields: str | float) -> None:
        log_event(event, worker=self.place.number, device=str(self.place.device), **fields)

    # --- jobs -----------------------------------------------------------------------------------

    def _start_next(self) -> None:
        while self.has_room and self._colleagues.lets_take(self):
            job = self._jobs.take(is_alone=not self._running)
            if job is None:
                return
            now_s = time.monotonic()
            running = _Running(job, job.lease, now_s, now_s)
            self._running[running.attempt] = running
            self._send(Submit((job.request,)), running)
            self._log("job_started", job=job.job_id[:12], attempt=job.attempts)
            self._colleagues.took(self)

    def _send(self, message: Submit | Cancel, running: _Running) -> None:
        if self._writer:  # if it is gone, the reading thread reports that
            self._writer.send(message, running.attempt)

    def _hear(self, said: _WorkerSaid) -> None:
        if said.generation != self._generation:
            return
        if said.envelope is None:
            self._handle_death()
            return
        if isinstance(said.envelope.message, Status):
            self._hear_state(said.envelope.message.workers[0])
            return
        running = self._running.get(said.envelope.message_id)
        if running is None:
            return
        running.heard_s = time.monotonic()
        self._handle_message(running, said.envelope)

    def _hear_state(self, state: WorkerStatus) -> None:
        self._windows, self.failure = state.windows, state.failure
        if not self.is_ready and not state.failure:
            self.is_ready, self._fruitless = True, 0
            self._log("worker_ready", seconds=round(time.monotonic() - self._started_s, 3))
            self._colleagues.changed(self)

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
        self._log(
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
        self._log("worker_died", code=code)
        was_ready = self.is_ready
        self._end_worker()
        suspects = [running.job for running in self._running.values()]
        if not self.failure:
            self._restarts += 1
            with contextlib.suppress(OSError):  # a full disk: the log still says that it died
                jobs = [job.job_id for job in suspects]
                crash = Crash(code, jobs, self.place.number, str(self.place.device))
                write_report(self._config.log_dir, crash)
        self._running.clear()
        for job in reversed(suspects):  # each goes before those that wait
            if not self._jobs.requeue(job, is_strike=len(suspects) == 1):
                self._jobs.fail(job, ErrorCode.worker_crash, _verdict(job.request))
        self._back_off()
        if not was_ready:
            self._count_fruitless()
        self._colleagues.changed(self)

    def _count_fruitless(self) -> None:
        """Gives the device up for a while once it is clear that no worker gets ready on it."""
        self._fruitless += 1
        if not self.failure and self._fruitless >= _FRUITLESS:
            self.failure = (
                f"The device {self.place.device} can't be used: the engine crashes while it loads "
                "there; run `mynah doctor`."
            )
        if self.failure:
            self._log("worker_failed", reason=self.failure)
            pause_s = _RETRY_S[min(self._fruitless, len(_RETRY_S)) - 1]
            self._start_due_s = time.monotonic() + pause_s

    def _back_off(self) -> None:
        """Each failure in a row makes the next start wait longer."""
        pause_s = _BACK_OFF_S[min(self._crashes_in_a_row, len(_BACK_OFF_S) - 1)]
        self._start_due_s = time.monotonic() + pause_s
        self._crashes_in_a_row += 1

    def _check_process(self) -> None:
        """Passes cancels on, and ends a worker that hangs."""
        now_s = time.monotonic()
        reasons = {self._check(running, now_s) for running in self._running.values()}
        if not self.is_ready and now_s - self._started_s > _LOAD_S:
            reasons.add("load")
        reasons.discard("")
        if reasons and self._process:
            self._log("worker_killed", reason=", ".join(sorted(reasons)))
            self._process.kill()

    def _check(self, running: _Running, now_s: float) -> str:
        """Why the worker must be ended for this job, or nothing."""
        if running.job.state is JobState.cancelled and running.cancelled_s is None:
            running.cancelled_s = now_s
            self._send(Cancel((running.attempt.hex(),)), running)
        if now_s - running.heard_s > _HANG_S:
            return "hang"
        cancelled_s = running.cancelled_s
        is_late = cancelled_s is not None and now_s - cancelled_s > _CANCEL_GRACE_S
        return "cancel" if is_late else ""


def _verdict(request: SynthesizeRequest) -> str:
    return (
        f"The engine crashed twice on '{request.audio_name}'; convert the file to "
        f"{'another format' if request.is_transfer else 'WAV'}, and run `mynah doctor` if that "
        "fails too."
    )
