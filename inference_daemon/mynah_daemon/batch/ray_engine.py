"""`--engine ray`: the workers of a Ray cluster as those who make the lines of a batch.

One actor is one `RayWorker` with a few lines in hand. When it dies, each of them is tried again
alone, as in the daemon, so that only the guilty one fails. Files travel to the workers and results
come back, so no disk is shared.
"""

from __future__ import annotations

import importlib
import json
import logging
import math
import os
import re
import secrets
import shutil
import signal
import socket
import tempfile
import threading
import time
import uuid
from collections import OrderedDict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from mynah_shared._version import __version__
from mynah_shared.client.events import ClientEvent, Failed, Finished, Progressed, failure
from mynah_shared.client.steps import Line
from mynah_shared.errors import EngineUnavailableError, MynahError
from mynah_shared.protocol.messages import (
    ErrorCode,
    ModelInfo,
    SynthesizeReply,
    SynthesizeRequest,
)

from ..config import config_from_environment
from ..engine.model_store import open_store
from ..jobs import STRIKES
from ..supervisor import WORKER_ENVIRONMENT
from .ray_worker import LINES_IN_HAND, RayWorker, WorkerFacts
from .read_files import FileReader

INSTALL: Final = "pip install 'mynah_daemon[ray]'"
_POLL_S: Final = 0.1
_START_S: Final = 120.0
"""For a first worker: a cluster that grows on demand has begun to by then, or says why not."""
_KNOCK_S: Final = 5.0
_FAREWELL_S: Final = 2.0
_COLOUR: Final = re.compile(r"\x1b\[[0-9;]*m")
_MOST_STILLBORN: Final = 3
_OBJECTS_BYTES: Final = 512 << 20
_MOST_KEPT_STYLES: Final = 64
_LOCAL: Final = {
    "RAY_USAGE_STATS_ENABLED": "0",
    # Without it Ray's ports are open to the network; the name tells the systems where it is usual.
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    "RAY_AUTH_MODE": "token",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}


@dataclass
class _Task:
    """A line on its way."""

    ticket: str
    line: Line
    strikes: int = 0
    is_suspect: bool = False
    """It was with a worker that died, and is only tried alone."""


@dataclass(eq=False)
class _Worker:
    """An actor, the lines that it has in hand, and how many of them it took with it when it
    died."""

    actor: Any
    tasks: list[_Task] = field(default_factory=list[_Task])
    n_lost: int = 0

    def has_room(self, task: _Task) -> bool:
        if task.is_suspect:
            return not self.tasks
        return len(self.tasks) < LINES_IN_HAND and not any(t.is_suspect for t in self.tasks)


class RayEngine:
    """See `Performers`. `address` is that of a running cluster, '' to start Ray on this computer;
    `n_workers` 0 is one per GPU, or one per two CPUs where there is none.

    Raises `EngineUnavailableError` at once if Ray is not installed.
    """

    def __init__(self, address: str = "", n_workers: int = 0) -> None:
        self._address, self._n_workers = address, n_workers
        self._config = config_from_environment()
        self._store = open_store(self._config.weights)
        self._reader = FileReader(self._config, self._store)
        self._waiting: deque[_Task] = deque()
        self._events: deque[ClientEvent] = deque()
        self._ready: list[_Worker] = []
        self._starting: dict[Any, _Worker] = {}
        self._running: dict[Any, tuple[_Worker, _Task]] = {}
        self._kept_styles: OrderedDict[str, Any] = OrderedDict()
        self._n_stillborn = 0
        self._folder = ""
        self._ray = _load_ray(is_local=not address)

    @property
    def in_flight(self) -> int:
        """A few more than the workers take: their files are hashed meanwhile."""
        return self._n_workers * LINES_IN_HAND + 2

    def models(self) -> Sequence[ModelInfo]:
        self._connect()
        deadline = time.monotonic() + _START_S
        while not self._ready:
            self._look()
            if time.monotonic() > deadline:
                raise EngineUnavailableError(
                    f"No worker was ready within {_START_S:.0f} s; see `ray status` for whether "
                    "the cluster has a free CPU (and GPU, if it has any), or give fewer --workers."
                )
        return self._store.models

    def generate(self, line: Line) -> str:
        task = _Task(uuid.uuid4().hex, line)
        self._waiting.append(task)
        return task.ticket

    def next_event(self) -> ClientEvent | None:
        while self._waiting and not self._events:
            rooms = [worker for worker in self._ready if worker.has_room(self._waiting[0])]
            if not rooms:
                break
            self._hand_out(self._waiting.popleft(), min(rooms, key=lambda w: len(w.tasks)))
        if not self._events:
            self._look()
        return self._events.popleft() if self._events else None

    def close(self) -> None:
        actors = [worker.actor for worker in (*self._ready, *self._starting.values())]
        try:
            if actors and self._ray.is_initialized():
                farewells = [actor.close.remote() for actor in actors]
                self._ray.wait(farewells, num_returns=len(farewells), timeout=_FAREWELL_S)
                for actor in actors:
                    self._ray.kill(actor)
        finally:
            self._ray.shutdown()
            if self._folder:
                shutil.rmtree(self._folder, ignore_errors=True)

    # --- the cluster ----------------------------------------------------------------------------

    def _connect(self) -> None:
        is_main = threading.current_thread() is threading.main_thread()
        handler = signal.getsignal(signal.SIGTERM)
        try:
            self._init()
        except (OSError, ValueError, RuntimeError, self._ray.exceptions.RayError) as err:
            where = f"at '{self._address}' can't be joined" if self._address else "can't be started"
            raise EngineUnavailableError(
                f"Ray {where} ({_first_line(err)}); this computer must be a node of the cluster, "
                "with the same versions of Ray and Python."
            ) from err
        finally:
            if is_main:  # Ray installs its own
                signal.signal(signal.SIGTERM, handler)
        resources = self._ray.cluster_resources()
        n_cpus, n_gpus = int(resources.get("CPU", 0)), int(resources.get("GPU", 0))
        self._n_workers = self._n_workers or n_gpus or max(1, n_cpus // 2)
        flame_map = self._config.flame_map
        self._flame_map = flame_map.read_bytes() if flame_map.is_file() else b""
        # Lines that kill a worker are counted here, so Ray itself tries nothing again. The last
        # thread is for `close`, while lines are in hand.
        self._actor = self._ray.remote(
            num_cpus=1,
            num_gpus=1 / math.ceil(self._n_workers / n_gpus) if n_gpus else 0,
            max_restarts=0,
            max_task_retries=0,
            max_concurrency=LINES_IN_HAND + 1,
            runtime_env={"env_vars": WORKER_ENVIRONMENT},
        )(RayWorker)
        for _ in range(self._n_workers):
            self._start_worker()

    def _init(self) -> None:
        if self._address:
            _knock(self._address)
            self._ray.init(address=self._address, logging_level=logging.ERROR, log_to_driver=False)
            return
        # Sockets lie in it, whose paths must be short.
        short = "/tmp" if os.name == "posix" else None
        self._folder = tempfile.mkdtemp(prefix="mynah-ray-", dir=short)
        self._ray.init(
            address="local",
            include_dashboard=False,
            num_cpus=max(self._n_workers, os.cpu_count() or 1),
            object_store_memory=_OBJECTS_BYTES,
            logging_level=logging.ERROR,
            log_to_driver=False,
            _temp_dir=self._folder,
        )

    def _start_worker(self) -> None:
        actor = self._actor.remote(self._flame_map, self._folder)
        self._starting[actor.describe.remote()] = _Worker(actor)

    def _look(self) -> None:
        """Waits a moment for a worker that is ready or has done its line."""
        open_ = [*self._starting, *self._running]
        if not open_:
            time.sleep(_POLL_S)
            return
        done, _ = self._ray.wait(open_, num_returns=1, timeout=_POLL_S)
        for answer in done:
            if answer in self._starting:
                self._welcome(answer, self._starting.pop(answer))
            else:
                self._take(answer, *self._running.pop(answer))

    def _welcome(self, answer: Any, worker: _Worker) -> None:
        try:
            facts = self._ray.get(answer)
        except self._ray.exceptions.RayError as err:
            self._n_stillborn += 1
            if self._n_stillborn >= _MOST_STILLBORN or not self._ready:
                raise EngineUnavailableError(
                    f"A worker of the Ray cluster can't start ({_last_line(err)}{_place(err)}); "
                    f"install the same Mynah {__version__} on all of its machines."
                ) from err
            self._start_worker()
            return
        self._ready.append(worker)
        self._check(facts)
        self._n_stillborn = 0

    def _check(self, facts: WorkerFacts) -> None:
        models = tuple(sorted(model.sha256 for model in self._store.models))
        if (facts.version, facts.models) != (__version__, models):
            what = "other models" if facts.version == __version__ else f"Mynah {facts.version}"
            raise EngineUnavailableError(
                f"The machine '{facts.host}' has {what}, this one Mynah {__version__}: results "
                "would differ; install the same on all machines of the Ray cluster."
            )

    # --- lines ----------------------------------------------------------------------------------

    def _hand_out(self, task: _Task, worker: _Worker) -> None:
        try:
            request, files = self._reader.read(task.line)
        except MynahError as error:
            self._events.append(failure(task.ticket, error))
            return
        answer = worker.actor.perform.remote(request, self._packed(request, files))
        self._running[answer] = worker, task
        worker.tasks.append(task)
        self._events.append(Progressed(task.ticket, "running", 0.0))

    def _packed(self, request: SynthesizeRequest, files: Mapping[str, bytes]) -> dict[str, Any]:
        """Style clips go to Ray's object store, once for all lines."""
        packed: dict[str, Any] = dict(files)
        for sha256 in files.keys() - {request.audio_sha256}:
            if sha256 not in self._kept_styles:
                self._kept_styles[sha256] = self._ray.put(files[sha256])
                if len(self._kept_styles) > _MOST_KEPT_STYLES:
                    self._kept_styles.popitem(last=False)
            self._kept_styles.move_to_end(sha256)
            packed[sha256] = self._kept_styles[sha256]
        return packed

    def _take(self, answer: Any, worker: _Worker, task: _Task) -> None:
        exceptions = self._ray.exceptions
        try:
            reply = self._ray.get(answer)
        except exceptions.RayTaskError as err:  # the machine's disk is full, for one
            worker.tasks.remove(task)
            sentence = f"The worker failed on '{task.line.audio_name}' ({_last_line(err)})."
            self._events.append(Failed(task.ticket, ErrorCode.internal, sentence))
            return
        except exceptions.RayError:  # it died, alone or with its machine
            self._replace(worker)
            worker.tasks.remove(task)
            self._try_again(task, was_alone=worker.n_lost == 1)
            return
        worker.tasks.remove(task)
        if isinstance(reply, SynthesizeReply):
            self._events.append(Finished(task.ticket, reply.clip, json.loads(reply.meta)))
        elif reply.code == ErrorCode.internal:
            sentence = (
                f"The engine failed on '{task.line.audio_name}'; the local one's log says why."
            )
            self._events.append(Failed(task.ticket, reply.code, sentence))
        else:
            self._events.append(Failed(task.ticket, reply.code, reply.message))

    def _replace(self, dead: _Worker) -> None:
        """Starts another worker, at the first word of its death."""
        if dead in self._ready:
            self._ready.remove(dead)
            dead.n_lost = len(dead.tasks)
            self._ray.kill(dead.actor)
            self._start_worker()

    def _try_again(self, task: _Task, *, was_alone: bool) -> None:
        task.is_suspect = True
        task.strikes += was_alone
        if task.strikes < STRIKES:
            self._waiting.appendleft(task)
            return
        sentence = (
            f"The engine crashed {STRIKES} times on '{task.line.audio_name}'; convert the file to "
            "WAV, and try it with the local engine if that fails too."
        )
        self._events.append(Failed(task.ticket, ErrorCode.worker_crash, sentence))


def _load_ray(*, is_local: bool) -> Any:
    if is_local:  # read when Ray is imported, and by all of its processes
        os.environ.update(_LOCAL, RAY_AUTH_TOKEN=secrets.token_hex(32))
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        return importlib.import_module("ray")
    except ImportError as err:
        raise EngineUnavailableError(
            f"--engine ray needs Ray, which is not installed; install it with: {INSTALL}"
        ) from err


def _knock(address: str) -> None:
    """Raises `OSError` if nothing listens there: Ray itself would wait for minutes."""
    host, colon, port = address.rpartition(":")
    if colon and port.isdecimal() and "/" not in host:
        socket.create_connection((host.strip("[]"), int(port)), _KNOCK_S).close()


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__).rstrip(".")


def _last_line(error: BaseException) -> str:
    lines = _COLOUR.sub("", str(error)).strip().splitlines()
    return (lines or [type(error).__name__])[-1].strip().rstrip(".")


def _place(error: BaseException) -> str:
    """Where Ray says that it happened."""
    address = re.search(r"\bip=([\w.:]+)", str(error))
    return f", on {address[1]}" if address else ""
