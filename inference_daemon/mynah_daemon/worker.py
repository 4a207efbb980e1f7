"""The process that owns the models: `python -m mynah_daemon.worker WEIGHTS BLOBS TRACE`.

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
from typing import IO, Protocol

from mynah_shared.errors import BadInputError, MynahError
from mynah_shared.motion.clip import MotionClip
from mynah_shared.protocol.codec import Envelope
from mynah_shared.protocol.messages import (
    Cancel,
    ErrorCode,
    JobEvent,
    JobState,
    Message,
    Submit,
    SynthesizeReply,
    SynthesizeRequest,
)

from .audio.decode import Decoder
from .config import config_from_environment
from .engine.engine import LipSyncEngine
from .engine.model_store import ModelStore, open_store
from .link import LINES_AT_ONCE, LinkWriter, read_message
from .performing import BadAudioError, RequestPerformer
from .result_meta import describe

logger = logging.getLogger("mynah_daemon.worker")


class JobCancelled(Exception):
    """Raised between two steps of a job that nobody wants any more."""


class Outbox(Protocol):
    """Who hears how far a job is."""

    def send(self, message: Message, attempt: bytes) -> None:
        """Takes a message about the job of this attempt."""
        ...


class Worker:
    """Runs as many jobs at a time as the daemon hands it, at most `LINES_AT_ONCE`; their windows
    are denoised together."""

    def __init__(self, store: ModelStore, blobs: Path, writer: Outbox) -> None:
        self._store, self._blobs, self._writer = store, blobs, writer
        self._engine = LipSyncEngine(store)
        self._decoder = Decoder()
        landmarker = config_from_environment().landmarker
        self._performer = RequestPerformer(self._engine, self._decoder, blobs, landmarker)
        self._inbox: queue.SimpleQueue[Envelope] = queue.SimpleQueue()
        self._cancelled: set[str] = set()

    def read(self, stream: IO[bytes]) -> None:
        """Sorts what comes in; runs in a thread of its own until the daemon is gone."""
        while (envelope := read_message(stream)) is not None:
            if isinstance(envelope.message, Cancel):
                self._cancelled.update(envelope.message.job_ids)
            else:
                self._inbox.put(envelope)
        os._exit(0)  # the main thread may be deep inside a model

    def run(self) -> None:
        """Loads the default model, then serves for ever on threads."""
        self.load()
        for number in range(LINES_AT_ONCE):
            threading.Thread(target=self._serve, name=f"line {number}", daemon=True).start()
        threading.Event().wait()

    def load(self) -> None:
        """Gets the decoder and the default model ready."""
        self._decoder.prepare()
        try:
            self._engine.model("")
        except MynahError as err:
            logger.warning("%s", err)  # the first job will say so to its client

    def _serve(self) -> None:
        while True:
            envelope = self._inbox.get()
            if isinstance(envelope.message, Submit):
                (request,) = envelope.message.requests
                self._writer.send(self.perform(request, envelope.message_id), envelope.message_id)
                self._decoder.prepare()

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


def main(weights: str, blobs: str, trace: str) -> None:
    """Serves the link on stdin and stdout; whatever a library prints goes to stderr."""
    faulthandler.enable(open(trace, "w", encoding="utf-8"))  # noqa: SIM115  (as long as it lives)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the daemon's to handle
    logging.basicConfig(format="worker: %(message)s")
    link_out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    worker = Worker(open_store(Path(weights)), Path(blobs), LinkWriter(link_out))
    threading.Thread(target=worker.read, args=(sys.stdin.buffer,), daemon=True).start()
    worker.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
