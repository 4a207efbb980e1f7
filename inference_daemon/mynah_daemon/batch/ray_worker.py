"""A worker of a Ray cluster: a process that has loaded the engine once and performs lines with the
very code of the daemon's worker."""

from __future__ import annotations

import importlib
import logging
import os
import shutil
import socket
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from mynah_shared._version import __version__
from mynah_shared.protocol.messages import JobEvent, Message, SynthesizeReply, SynthesizeRequest

from ..config import config_from_environment
from ..engine.model_store import open_store
from ..worker import Worker

_HANG_S: Final = 120.0
"""As long as the daemon waits for a word of its worker."""
_ATTEMPT: Final = bytes(16)  # nobody cancels a line by its name
LINES_IN_HAND: Final = 4
"""So many lines of a worker have their windows denoised together."""


@dataclass(frozen=True)
class WorkerFacts:
    """What a worker must have in common with the computer that began the batch: equal models are
    equal results."""

    host: str
    version: str
    models: tuple[str, ...]


class RayWorker:
    """Keeps the files of the lines in hand, and all style clips, in a folder of its own, within
    `folder` or, if that is empty, the system's place for such.

    Its methods may run at once in several threads: `LINES_IN_HAND` lines, and `close`.
    """

    def __init__(self, flame_map: bytes, folder: str) -> None:
        logging.basicConfig(format="worker: %(message)s")
        self._folder = Path(tempfile.mkdtemp(prefix="mynah-", dir=folder or None))
        # Nothing of this machine's user may have a say in the result.
        os.environ["MYNAH_HOME"] = str(self._folder)
        config = config_from_environment()
        if flame_map:
            config.flame_map.write_bytes(flame_map)
        config.blob_dir.mkdir()
        self._files = _Files(config.blob_dir)
        self._store = open_store(config.weights)
        self._pulse = _Pulse()
        self._worker = Worker(self._store, config.blob_dir, self._pulse)
        self._worker.load()

    def describe(self) -> WorkerFacts:
        """Answers once everything is loaded."""
        models = tuple(sorted(model.sha256 for model in self._store.models))
        return WorkerFacts(socket.gethostname(), __version__, models)

    def perform(
        self, request: SynthesizeRequest, files: Mapping[str, Any]
    ) -> SynthesizeReply | JobEvent:
        """`files` are bytes, or references to bytes in Ray's object store, by their SHA-256."""
        with self._files.held(files, request.audio_sha256), self._pulse:
            return self._worker.perform(request, _ATTEMPT)

    def close(self) -> None:
        """Leaves nothing behind; the process is ended from outside."""
        shutil.rmtree(self._folder, ignore_errors=True)


class _Files:
    """The files in `folder`, which are named by their SHA-256."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._n_users: Counter[str] = Counter()

    @contextmanager
    def held(self, files: Mapping[str, Any], audio: str) -> Generator[None]:
        """They are there meanwhile; then `audio` goes with the last line that needs it."""
        with self._lock:
            self._n_users[audio] += 1
        try:
            with self._lock:
                for sha256, content in files.items():
                    path = self._folder / sha256
                    if not path.exists():
                        path.write_bytes(_fetch(content))
            yield
        finally:
            with self._lock:
                self._n_users[audio] -= 1
                if not self._n_users[audio]:
                    del self._n_users[audio]
                    (self._folder / audio).unlink(missing_ok=True)


class _Pulse:
    """Ends the process if all lines in hand are silent for too long, for Ray to tell that it
    died."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._n_lines = 0
        self._heard_s = 0.0
        threading.Thread(target=self._watch, name="pulse", daemon=True).start()

    def send(self, message: Message, attempt: bytes) -> None:
        """A sign of life from a line in hand."""
        del message, attempt
        self._heard_s = time.monotonic()

    def __enter__(self) -> None:
        with self._lock:
            self._n_lines += 1
            self._heard_s = time.monotonic()

    def __exit__(self, *_error: object) -> None:
        with self._lock:
            self._n_lines -= 1

    def _watch(self) -> None:
        while True:
            time.sleep(1.0)
            with self._lock:
                is_silent = self._n_lines and time.monotonic() - self._heard_s > _HANG_S
            if is_silent:
                os._exit(1)  # the other threads are deep inside a model


def _fetch(content: Any) -> bytes:
    if isinstance(content, bytes):
        return content
    ray: Any = importlib.import_module("ray")
    return ray.get(content)
