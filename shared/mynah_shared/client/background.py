"""The client for hosts: one thread owns the sockets and hands frozen events to a queue.

client = BackgroundClient(find_or_start_daemon, "Blender", "5.0")
ticket = client.generate(Line(Path("line.wav"), "line.wav", fps=24.0))
other = client.ask(LibraryQuestion(ListStyles()))
while not client.events.empty():        # from a timer of the host, never waiting
    event = client.events.get_nowait()
"""

from __future__ import annotations

import logging
import os
import queue
import socket
import threading
import uuid
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from ..errors import BadInputError, EngineUnavailableError, MynahError
from ..protocol import codec
from .client import Client
from .connection_file import ConnectionInfo
from .events import (
    Answered,
    Cancelled,
    ClientEvent,
    Connected,
    Disconnected,
    Failed,
    Finished,
    Progressed,
    failure,
)
from .runner import LineRunner, Task
from .steps import LibraryQuestion, Line

__all__ = [
    "BackgroundClient",
    "Line",
    "LibraryQuestion",
    "ClientEvent",
    "Connected",
    "Disconnected",
    "Progressed",
    "Finished",
    "Answered",
    "Failed",
    "Cancelled",
]

logger = logging.getLogger(__name__)

MAX_ACTIVE = 16  # lines under way at once: they keep a daemon busy, and their audio fits in memory
MAX_ACTIVE_OF_BATCHES = 12  # a line that somebody waits for finds a place beside them
MAX_ATTEMPTS = 2


class BackgroundClient:
    """Performs lines on a daemon, and asks it questions, without ever keeping its caller waiting.

    `connect` finds or starts the daemon; the thread calls it at the start, and again for the next
    line after the daemon was lost. Each ticket ends with exactly one of `Finished` (a line),
    `Answered` (a question), `Failed` and `Cancelled`. All methods may be called from any thread.
    """

    def __init__(self, connect: Callable[[], ConnectionInfo], app: str, app_version: str) -> None:
        self.events: queue.SimpleQueue[ClientEvent] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._open_tickets: set[str] = set()
        self._is_closed = False
        wake, self._waker = socket.socketpair()
        self._waker.setblocking(False)
        self._worker = _Worker(connect, app, app_version, wake, self._report)
        self._thread = threading.Thread(target=self._worker.run, name="mynah-client", daemon=True)
        self._thread.start()

    def generate(self, line: Line, *, is_batch: bool = False) -> str:
        """Starts one line and returns its ticket at once. With `is_batch` nobody waits at a screen
        for it: other lines go first. Raises `BadInputError` after `close`."""
        return self._begin(line, is_batch=is_batch)

    def ask(self, question: LibraryQuestion) -> str:
        """Asks about the style library and returns the ticket of the answer at once; it does not
        wait for lines. Raises `BadInputError` after `close`."""
        return self._begin(question)

    def cancel(self, ticket: str) -> None:
        """Ends a line or question: `Cancelled` is queued at once. Harmless for a ticket that has
        ended."""
        with self._lock:
            if ticket not in self._open_tickets:
                return
            self._open_tickets.remove(ticket)
            self.events.put(Cancelled(ticket))
        self._tell(lambda worker: worker.cancel(ticket))

    def close(self, timeout_s: float = 0.5) -> None:
        """Cancels what is open and ends the thread, waiting for it at most `timeout_s`.

        No event comes afterwards. A thread that is just starting a daemon ends on its own later.
        """
        with self._lock:
            self._is_closed = True
            self._open_tickets.clear()
        self._tell(lambda worker: worker.close())
        self._thread.join(timeout_s)
        self._waker.close()

    def _begin(self, work: Line | LibraryQuestion, *, is_batch: bool = False) -> str:
        ticket = uuid.uuid4().hex
        with self._lock:
            if self._is_closed:
                raise BadInputError("This client is closed; make a new one.")
            self._open_tickets.add(ticket)
        self._tell(lambda worker: worker.add(Task(ticket, work, is_batch)))
        return ticket

    def _tell(self, command: Callable[[_Worker], None]) -> None:
        self._worker.commands.put(command)
        # A full socket means that the thread will wake anyway, a closed one that it has ended.
        with suppress(OSError):
            self._waker.send(b"\0")

    def _report(self, event: ClientEvent) -> None:
        """Queues an event unless its ticket has ended; all but `Progressed` end it."""
        with self._lock:
            if isinstance(event, (Connected, Disconnected)):
                is_wanted = not self._is_closed
            else:
                is_wanted = event.ticket in self._open_tickets
                if not isinstance(event, Progressed):
                    self._open_tickets.discard(event.ticket)
            if is_wanted:
                self.events.put(event)


class _Worker:
    """The thread's side: connects, runs lines, survives the loss of the daemon."""

    def __init__(
        self,
        connect: Callable[[], ConnectionInfo],
        app: str,
        app_version: str,
        wake: socket.socket,
        report: Callable[[ClientEvent], None],
    ) -> None:
        self.commands: queue.SimpleQueue[Callable[[_Worker], None]] = queue.SimpleQueue()
        self._connect = connect
        self._app = app
        self._app_version = app_version
        self._wake = wake
        self._report = report
        self._session_id = os.urandom(codec.ID_BYTES)  # one for all connections of this client
        self._waiting: deque[Task] = deque()
        self._runner: LineRunner | None = None
        self._is_closing = False

    # --- commands -------------------------------------------------------------------------------

    def add(self, task: Task) -> None:
        """Questions go before the lines that wait: they are answered within milliseconds. Lines of
        batches go last."""
        place = sum(_rank(other) <= _rank(task) for other in self._waiting)
        self._waiting.insert(place, task)

    def cancel(self, ticket: str) -> None:
        self._waiting = deque(task for task in self._waiting if task.ticket != ticket)
        if self._runner:
            self._runner.cancel(ticket)

    def close(self) -> None:
        self._is_closing = True

    # --- the thread -----------------------------------------------------------------------------

    def run(self) -> None:
        """Connects at once, so that hosts can show the models; later only for a waiting line."""
        try:
            while not self._is_closing:
                self._serve()
                while not (self._waiting or self._is_closing):
                    self.commands.get()(self)
        finally:
            self._wake.close()

    def _serve(self) -> None:
        """One connection, from its start to its loss or to the end of the thread."""
        try:
            with self._open_client() as client:
                self._run_lines(client)
        except MynahError as error:
            self._handle_loss(error)
        except Exception as error:  # a bug: unreported, the lines would stay open for ever
            logger.exception("The client's thread failed.")
            self._fail_all(EngineUnavailableError(f"Mynah's client failed ({error!r})."))

    def _open_client(self) -> Client:
        return Client(
            self._connect(),
            self._app,
            self._app_version,
            session_id=self._session_id,
            wake=self._wake,
        )

    def _run_lines(self, client: Client) -> None:
        welcome = client.hello()
        self._report(
            Connected(welcome.server_id, welcome.server_version, welcome.models, welcome.styles)
        )
        self._runner = LineRunner(client, welcome.limits, self._report)
        self._run_commands()
        while not self._is_closing:
            while self._waiting and self._may_start(self._waiting[0]):
                self._runner.start(self._waiting.popleft())
            self._runner.turn()
            self._run_commands()
        self._runner.farewell()

    def _may_start(self, task: Task) -> bool:
        assert self._runner is not None
        if isinstance(task.work, LibraryQuestion):
            return True
        n_lines = sum(isinstance(other.work, Line) for other in self._runner.tasks)
        return n_lines < (MAX_ACTIVE_OF_BATCHES if task.is_batch else MAX_ACTIVE)

    def _run_commands(self) -> None:
        with suppress(queue.Empty):
            while True:
                self.commands.get_nowait()(self)

    def _handle_loss(self, error: MynahError) -> None:
        """Lines under way get one more attempt; without any connection, none would help."""
        self._report(Disconnected(str(error)))
        if self._runner is None:
            self._fail_all(error)
            return
        lost, self._runner = self._runner.release(), None
        for task in reversed(lost):
            if task.attempts < MAX_ATTEMPTS:
                self._waiting.appendleft(task)
            else:
                self._report(failure(task.ticket, _lost_twice(task.work, error)))

    def _fail_all(self, error: MynahError) -> None:
        self._run_commands()  # lines that came while no daemon could be reached
        tasks = [*self._waiting, *(self._runner.release() if self._runner else [])]
        self._waiting.clear()
        self._runner = None
        for task in tasks:
            self._report(failure(task.ticket, error))


def _rank(task: Task) -> int:
    if isinstance(task.work, LibraryQuestion):
        return 0
    return 2 if task.is_batch else 1


def _lost_twice(work: Line | LibraryQuestion, error: MynahError) -> EngineUnavailableError:
    if isinstance(work, LibraryQuestion):
        return EngineUnavailableError(
            f"The engine was lost twice while it was asked about its styles ({error}) "
            "Run `mynah doctor` if that happens again."
        )
    return EngineUnavailableError(
        f"The engine was lost twice while it worked on '{work.audio_name}' ({error}) "
        "Try another file, and run `mynah doctor` if that fails too."
    )
