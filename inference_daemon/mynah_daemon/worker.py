"""A process that owns the models on one device:
`python -m mynah_daemon.worker WEIGHTS BLOBS TRACE DEVICE THREADS LINES`.

Jobs come in on stdin and leave on stdout as messages (see `link.py`). A thread reads, so that a
cancel reaches the job between two steps. The end of stdin ends the process at once, whatever it is
doing: a worker never outlives its daemon. A crash leaves the stacks of its threads in TRACE.
"""

from __future__ import annotations

import faulthandler
import json
import logging
import os
import queue
import signal
import sys
import threading
import time
from pathlib import Path
from typing import IO, Final, Protocol

from mynah_shared.errors import BadInputError, MynahError
from mynah_shared.motion.clip import MotionClip
from mynah_shared.protocol.codec import Envelope
from mynah_shared.protocol.messages import (
    Cancel,
    ErrorCode,
    JobEvent,
    JobState,
    Message,
    Status,
    Submit,
    SynthesizeReply,
    SynthesizeRequest,
    WorkerStatus,
)

from .audio.decode import Decoder
from .config import config_from_environment
from .devices import DeviceUnavailableError, read_device
from .engine.engine import LipSyncEngine
from .engine.model_store import ModelStore, open_store
from .engine.onnx_session import work_on
from .link import NO_ATTEMPT, LinkWriter, read_message
from .performing import BadAudioError, RequestPerformer
from .result_meta import describe

logger = logging.getLogger("mynah_daemon.worker")
_NO_DEVICE: Final = 3


class JobCancelled(Exception):
    """Raised between two steps of a job that nobody wants any more."""


class Outbox(Protocol):
    """Who hears how far a job is."""

    def send(self, message: Message, attempt: bytes) -> None:
        """Takes a message about the job of this attempt."""
        ...


class Worker:
    """Runs as many jobs at a time as the daemon hands it; their windows are denoised together."""

    def __init__(self, store: ModelStore, blobs: Path, writer: Outbox) -> None:
        self._store, self._blobs, self._writer = store, blobs, writer
        self._engine = LipSyncEngine(store)
        self._decoder = Decoder()
        landmarker = config_from_environment().landmarker
        self._performer = RequestPerformer(self._engine, self._decoder, blobs, landmarker)
        self._inbox: queue.SimpleQueue[Envelope] = queue.SimpleQueue()
        self._cancelled: set[str] = set()
        self._told_windows = 0

    def read(self, stream: IO[bytes]) -> None:
        """Sorts what comes in; runs in a thread of its own until the daemon is gone."""
        while (envelope := read_message(stream)) is not None:
            if isinstance(envelope.message, Cancel):
                self._cancelled.update(envelope.message.job_ids)
            else:
                self._inbox.put(envelope)
        os._exit(0)  # the main thread may be deep inside a model

    def run(self, lines: int) -> None:
        """Loads the default model and says so, then serves on so many threads for ever. Ends the
        process, after the sentence why, if its device can't be used."""
        try:
            self.load()
        except DeviceUnavailableError as err:
            self._tell(str(err))
            os._exit(_NO_DEVICE)  # the reading thread waits for its stdin
        self._tell()
        for number in range(lines):
            threading.Thread(target=self._serve, name=f"line {number}", daemon=True).start()
        threading.Event().wait()

    def load(self) -> None:
        """Gets the decoder and the default model ready. Raises `DeviceUnavailableError`."""
        self._decoder.prepare()
        try:
            self._engine.model("")
        except DeviceUnavailableError:
            raise
        except MynahError as err:
            logger.warning("%s", err)  # the first job will say so to its client

    def _serve(self) -> None:
        while True:
            envelope = self._inbox.get()
            if isinstance(envelope.message, Submit):
                (request,) = envelope.message.requests
                self._writer.send(self.perform(request, envelope.message_id), envelope.message_id)
                self._decoder.prepare()
                if self._engine.most_windows != self._told_windows:
                    self._tell()

    def _tell(self, failure: str = "") -> None:
        """Says how this worker is; the daemon knows the rest."""
        self._told_windows = self._engine.most_windows
        own = WorkerStatus("", os.getpid(), 0, 0, self._told_windows, failure)
        self._writer.send(Status("", "", 0, 0.0, 0, 0, 0, os.getpid(), 0, 0, (own,)), NO_ATTEMPT)

    def perform(self, request: SynthesizeRequest, attempt: bytes) -> SynthesizeReply | JobEvent:
        """The result, or the event that tells why there is none."""
        job_id = attempt.hex()
        try:
            clip, meta = self._synthesize(request, job_id, attempt)
            return SynthesizeReply(job_id, clip, json.dumps(meta))
        except JobCancelled:
            return JobEvent(job_id, 0, JobState.cancelled, "", 0, 1)
        except BadAudioError as err:
            return _failure(job_id, ErrorCode.bad_audio, str(err))
        except BadInputError as err:
            return _failure(job_id, ErrorCode.bad_value, str(err))
        except MynahError as err:
            return _failure(job_id, ErrorCode.internal, str(err))
        except Exception:  # one job's defect must not take the others down
            logger.exception("job failed")
            return _failure(
                job_id,
                ErrorCode.internal,
                f"The engine failed on '{request.audio_name}'; the daemon's log says why.",
            )
        finally:
            self._cancelled.discard(job_id)

    def _synthesize(
        self, request: SynthesizeRequest, job_id: str, attempt: bytes
    ) -> tuple[MotionClip, dict[str, object]]:
        clock = StageClock()

        def check_cancelled() -> None:
            if job_id in self._cancelled:
                raise JobCancelled

        def progress(stage: str, done: int, total: int) -> None:
            clock.mark(stage)
            event = JobEvent(job_id, 0, JobState.running, stage, done, total)
            self._writer.send(event, attempt)
            check_cancelled()

        check_cancelled()
        performed = self._performer.perform(request, progress, check_cancelled)
        model = self._store.performer(request)
        return performed.clip, describe(request, performed, model, clock.seconds)


class StageClock:
    """Seconds per stage, from one mark to the next."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last_s = time.perf_counter()

    def mark(self, stage: str) -> None:
        """The time since the last mark belongs to `stage`."""
        now_s = time.perf_counter()
        self.seconds[stage] = round(self.seconds.get(stage, 0.0) + now_s - self._last_s, 6)
        self._last_s = now_s


def _failure(job_id: str, code: ErrorCode, message: str) -> JobEvent:
    return JobEvent(job_id, 0, JobState.failed, "", 0, 1, code.value, message)


def main(weights: str, blobs: str, trace: str, device: str, threads: str, lines: str) -> None:
    """Serves the link on stdin and stdout; whatever a library prints goes to stderr."""
    faulthandler.enable(open(trace, "w", encoding="utf-8"))  # noqa: SIM115  (as long as it lives)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the daemon's to handle
    logging.basicConfig(format="worker: %(message)s")
    link_out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    work_on(read_device(device), int(threads))
    worker = Worker(open_store(Path(weights)), Path(blobs), LinkWriter(link_out))
    threading.Thread(target=worker.read, args=(sys.stdin.buffer,), daemon=True).start()
    worker.run(int(lines))


if __name__ == "__main__":
    main(*sys.argv[1:])
