"""One daemon from its lock to its last word: keys, sockets, workers, connection file, clean end."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import threading
import time
import uuid
from collections.abc import Callable, Generator
from types import FrameType
from typing import Final

import zmq

from mynah_shared._version import __version__
from mynah_shared.client.connection_file import (
    ConnectionInfo,
    ensure_state_dir,
    remove_connection_file,
    write_connection_file,
)
from mynah_shared.errors import BadInputError, EngineUnavailableError
from mynah_shared.protocol.messages import JobEvent

from .access import Access
from .blobs import BlobStore
from .clients import ClientFolder
from .config import DaemonConfig
from .engine.model_store import open_store
from .handlers import CONTROL, MAIN, Service
from .jobs import JobTable
from .keys import SERVER_KEY_NAME, Keys, beyond, make_keys, open_router
from .leftovers import end_leftovers
from .listening import allow_many_files
from .locking import DaemonLock
from .log import log_event, logger, start_log
from .memory import peak_bytes
from .metrics import Gauges, serve_metrics
from .pool import WorkerPool
from .server import Bell, ControlServer, MainServer, Responder
from .store.job_store import CacheLimits, JobStore
from .styles.library import StyleLibrary
from .visitors import Visitors
from .zap import Gatekeeper

_STOP_S: Final = 5.0
_FAREWELL_S: Final = 0.1


class Daemon:
    """Serves between `run` and a signal, a `Shutdown` message or the end of its idle time."""

    def __init__(self, config: DaemonConfig) -> None:
        self._config = config
        self._server_id = uuid.uuid4().hex
        self._bell, self._control_bell = Bell(), Bell()
        self._stop = threading.Event()
        self._events: queue.SimpleQueue[JobEvent] = queue.SimpleQueue()

    def request_stop(self) -> None:
        """Ends `run` soon; from any thread or a signal handler."""
        self._stop.set()
        self._bell.ring()

    def run(self, ready: Callable[[int], None] = lambda _: None) -> None:
        """Serves until it is told to stop; calls `ready` with the process id once it answers.

        Raises `AlreadyRunningError` if another daemon holds the folder, and `MynahError` with a
        sentence if the folder, the weights' manifest or pyzmq can't be used.
        """
        ensure_state_dir()
        with DaemonLock(self._config.state_dir):
            start_log(self._config.log_dir)
            keys, visitors = self._open_door()
            store = self._open_store()
            service = self._make_service(store)
            context: zmq.Context[zmq.Socket[bytes]] = zmq.Context(io_threads=1)
            gatekeeper = Gatekeeper(context, visitors)
            try:
                with self._metrics(service):
                    self._serve(context, keys, visitors, service, ready)
            finally:
                self._remove_connection_file()
                service.pool.stop(_STOP_S)
                gatekeeper.stop()
                context.destroy(linger=0)
                service.blobs.close()
                store.close()
                log_event("stopped")

    def _open_door(self) -> tuple[Keys, Visitors]:
        """Who may come in. Raises `BadInputError` before others could be let in unknown."""
        if self._config.listen is None:
            keys = make_keys()
            return keys, Visitors(keys.client_public, None)
        folder = ClientFolder(self._config.client_dir)
        if not folder.list():
            raise BadInputError(
                "The daemon doesn't listen for other computers before somebody may connect; add "
                "the first with: mynah clients add NAME"
            )
        allow_many_files()
        keys = make_keys(self._config.state_dir / SERVER_KEY_NAME)
        return keys, Visitors(keys.client_public, folder)

    @contextlib.contextmanager
    def _metrics(self, service: Service) -> Generator[None]:
        """Figures for Prometheus, if asked for."""
        if not self._config.metrics_port:
            yield
            return
        gauges: Gauges = {
            "queued_lines": ("Lines that wait.", lambda: service.jobs.counts()[0]),
            "running_lines": ("Lines under way.", lambda: service.jobs.counts()[1]),
            "memory_bytes": ("The daemon's own, at most.", peak_bytes),
        }
        stop = serve_metrics(
            self._config.host, self._config.metrics_port, gauges, lambda: service.pool.states
        )
        try:
            yield
        finally:
            stop()

    def _open_store(self) -> JobStore:
        config = self._config
        return JobStore(config.job_dir, CacheLimits(config.result_bytes, config.result_days))

    def _make_service(self, store: JobStore) -> Service:
        config = self._config
        end_leftovers(config.blob_dir)
        jobs = JobTable(store, config.limits.queued_jobs, self._tell)
        blobs = BlobStore(config.blob_dir, config.limits, config.blob_bytes, jobs.uses_blob)
        jobs.fail_without(blobs.has)
        return Service(
            config=config,
            store=open_store(config.weights),
            styles=StyleLibrary(config.style_dir),
            blobs=blobs,
            jobs=jobs,
            pool=WorkerPool(config, jobs),
            request_stop=self.request_stop,
            server_id=self._server_id,
        )

    def _serve(
        self,
        context: zmq.Context[zmq.Socket[bytes]],
        keys: Keys,
        visitors: Visitors,
        service: Service,
        ready: Callable[[int], None],
    ) -> None:
        config = self._config
        n_bytes = config.limits.message_bytes
        at, control_at = beyond(config.listen)
        router, endpoint = open_router(context, keys, config.host, n_bytes, at)
        control_router, control_endpoint = open_router(
            context, keys, config.host, n_bytes, control_at
        )
        access = Access(service.blobs.abandon, lambda: len(service.styles.list()))
        responder = Responder(router, MAIN, service, visitors, access)
        control_responder = Responder(control_router, CONTROL, service, visitors, access)
        control = ControlServer(control_responder, self._control_bell)
        visitors.count = lambda: control.n_clients
        server = MainServer(responder, self._bell, self._events, service.jobs.is_outdated)
        self._handle_signals()
        control.start()
        service.pool.start()
        write_connection_file(
            ConnectionInfo(
                endpoint=endpoint,
                control_endpoint=control_endpoint,
                server_public_key=keys.server_public.decode(),
                client_public_key=keys.client_public.decode(),
                client_secret_key=keys.client_secret.decode(),
                pid=os.getpid(),
                server_id=self._server_id,
                version=__version__,
            )
        )
        log_event("started", pid=os.getpid(), version=__version__, server_id=self._server_id)
        ready(os.getpid())
        try:
            server.run(
                lambda: (
                    self._stop.is_set()
                    # without any of these threads it would only seem to serve: the next one will
                    or not (service.pool.is_alive() and control.is_alive())
                    or self._is_idle(service.jobs, responder, control)
                )
            )
        finally:
            # A client takes the loss of a socket for the daemon's end, so the answer to its
            # `Shutdown` needs a moment to arrive before.
            time.sleep(_FAREWELL_S)
            control.stop()
            router.close()

    def _remove_connection_file(self) -> None:
        try:
            remove_connection_file(self._server_id)
        except EngineUnavailableError:  # others may open it now: clients refuse it with a sentence
            logger.warning("connection_file_left")

    def _is_idle(self, jobs: JobTable, responder: Responder, control: ControlServer) -> bool:
        if self._config.listen is not None:
            return False  # no client could start it again
        heard_s = max(responder.heard_s, control.heard_s)
        if control.n_clients or time.monotonic() - heard_s < self._config.idle_exit_s:
            return False
        queued, running, _ = jobs.counts()
        return queued + running == 0

    def _handle_signals(self) -> None:
        if threading.current_thread() is not threading.main_thread():
            return  # an embedding program keeps its own

        def stop(_signal: int, _frame: FrameType | None) -> None:
            self.request_stop()

        signal.signal(signal.SIGINT, stop)
        signal.signal(signal.SIGTERM, stop)

    def _tell(self, event: JobEvent) -> None:
        self._events.put(event)
        self._bell.ring()
