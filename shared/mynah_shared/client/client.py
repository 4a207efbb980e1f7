"""A blocking client: for the command line, the launcher and as the engine of BackgroundClient."""

from __future__ import annotations

import os
import socket
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, TypeVar

from ..errors import EngineUnavailableError, JobFailedError, VersionMismatchError
from ..protocol import codec
from ..protocol import messages as m
from ..protocol.version import PROTOCOL_VERSION, require_compatible
from . import steps
from .connection_file import ConnectionInfo
from .losses import silent

if TYPE_CHECKING:
    from .transport import Transport

HELLO_TIMEOUT_S = 3.0
REQUEST_TIMEOUT_S = 10.0
CONTROL_REQUESTS = (m.Hello, m.Ping, m.Cancel, m.StatusRequest, m.Shutdown)

T = TypeVar("T")
M = TypeVar("M", bound=m.Message)


class Client:
    """One session with one daemon, used by one thread.

    Every method raises `EngineUnavailableError` if the daemon is gone or silent, and
    `JobFailedError` with the daemon's sentence and code if it refuses.
    """

    def __init__(
        self,
        info: ConnectionInfo,
        app: str,
        app_version: str,
        *,
        session_id: bytes | None = None,
        wake: socket.socket | None = None,
    ) -> None:
        self._transport = _open_transport(info, wake)
        self.info = info
        self._hello = m.Hello(PROTOCOL_VERSION, app, app_version)
        self._session_id = session_id or os.urandom(codec.ID_BYTES)
        self._welcome: m.Welcome | None = None
        self._events: deque[m.JobEvent] = deque()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Never blocks; what is unsent is dropped."""
        self._transport.close()

    # --- one request each -----------------------------------------------------------------------

    def hello(self, timeout_s: float = HELLO_TIMEOUT_S) -> m.Welcome:
        """Introduces this client. Raises `VersionMismatchError` naming the side to update."""
        welcome = self.request(self._hello, m.Welcome, timeout_s)
        require_compatible(host=PROTOCOL_VERSION, daemon=welcome.protocol)
        self._welcome = welcome
        return welcome

    def upload(self, audio: Path | bytes, name: str = "audio") -> str:
        """Gives the daemon a file (unless it has it) and returns its SHA-256.

        Raises `BadInputError` if the file is missing, empty or not readable.
        """
        limits = (self._welcome or self.hello()).limits
        return self._run(steps.upload(audio, name, limits))

    def submit(
        self, requests: Sequence[m.SynthesizeRequest], *, is_batch: bool = False
    ) -> m.Accepted:
        """Queues jobs, all or none: some hundred at once, as a header has at most 64 KiB."""
        return self.request(m.Submit(tuple(requests), is_batch), m.Accepted)

    def fetch(self, job_id: str) -> m.SynthesizeReply:
        return self.request(m.Fetch(job_id), m.SynthesizeReply)

    def cancel(self, job_ids: Sequence[str]) -> m.JobStates:
        return self.request(m.Cancel(tuple(job_ids)), m.JobStates)

    def status(self) -> m.Status:
        return self.request(m.StatusRequest(), m.Status)

    def ping(self, timeout_s: float = REQUEST_TIMEOUT_S) -> m.Pong:
        return self.request(m.Ping(), m.Pong, timeout_s)

    def shutdown(self) -> None:
        self.request(m.Shutdown(), m.ShuttingDown)

    def next_event(self, timeout_s: float) -> m.JobEvent | None:
        """The next event of this session's jobs; None if none comes in time."""
        deadline = time.monotonic() + timeout_s
        while not self._events:
            remaining_s = deadline - time.monotonic()
            if remaining_s < 0:
                return None
            self._collect(remaining_s)
        return self._events.popleft()

    def request(
        self, message: m.Message, expected: type[M], timeout_s: float = REQUEST_TIMEOUT_S
    ) -> M:
        """Sends `message` and waits for its reply, which must be of the type `expected`."""
        return self._run(steps.ask(message, expected), timeout_s)

    # --- without waiting ------------------------------------------------------------------------

    def send(self, message: m.Message) -> bytes:
        """Queues `message` on the socket it belongs to and returns its id."""
        message_id = os.urandom(codec.ID_BYTES)
        frames = codec.encode(message, message_id=message_id, session_id=self._session_id)
        self._transport.send(frames, is_control=isinstance(message, CONTROL_REQUESTS))
        return message_id

    def receive(self, timeout_s: float | None) -> list[codec.Envelope]:
        """What arrives within `timeout_s` (None: for ever); empty on a time-out or wake-up."""
        return [codec.decode(frames) for frames in self._transport.receive(timeout_s)]

    def _collect(self, timeout_s: float) -> list[codec.Envelope]:
        """Replies; events are put aside for `next_event`."""
        envelopes = self.receive(timeout_s)
        self._events += [e.message for e in envelopes if isinstance(e.message, m.JobEvent)]
        return [e for e in envelopes if e.reply_to is not None]

    def _run(self, generator: steps.Steps[T], timeout_s: float = REQUEST_TIMEOUT_S) -> T:
        """Drives steps that ask and read, but pause for nothing."""
        try:
            step = next(generator)
            while True:
                reply = None if isinstance(step, steps.Wait) else self._exchange(step, timeout_s)
                if isinstance(reply, m.ErrorReply):
                    step = generator.throw(refusal(reply))
                else:
                    step = generator.send(reply)
        except StopIteration as done:
            return done.value

    def _exchange(self, message: m.Message, timeout_s: float) -> m.Message:
        message_id = self.send(message)
        deadline = time.monotonic() + timeout_s
        while (remaining_s := deadline - time.monotonic()) > 0:
            for reply in self._collect(remaining_s):
                if reply.reply_to == message_id:
                    return reply.message
        raise silent(self.info, timeout_s)


def refusal(reply: m.ErrorReply) -> JobFailedError | VersionMismatchError:
    """The exception for a daemon's `ErrorReply`."""
    if reply.code is m.ErrorCode.version:
        return VersionMismatchError(reply.message)
    return JobFailedError(reply.message, code=reply.code.value, retry=reply.retry)


def _open_transport(info: ConnectionInfo, wake: socket.socket | None) -> Transport:
    try:
        from .transport import Transport
    except ImportError as error:
        raise EngineUnavailableError(
            "Mynah needs the package pyzmq to talk to its engine, and it can't be loaded here; "
            "install the add-on's package for this platform again."
        ) from error
    return Transport(info, wake)
