"""The sockets: frames in, a handler, frames out, on two threads. Knows no model."""

from __future__ import annotations

import os
import queue
import socket
import struct
import threading
import time
import uuid
from collections.abc import Callable
from typing import Final, NamedTuple, cast

import zmq

from mynah_shared.errors import JobFailedError, MynahError, ProtocolError, VersionMismatchError
from mynah_shared.protocol import codec
from mynah_shared.protocol.messages import (
    Accepted,
    ErrorCode,
    ErrorReply,
    JobEvent,
    Message,
    Submit,
)

from .access import Access
from .connections import Connections
from .handlers import Handler, Service, submit
from .jobs import TERMINAL
from .log import log_event, logger
from .outflow import HeldRequests, Outflow
from .visitors import Visitors

_SESSION: Final = os.urandom(codec.ID_BYTES)
_TICK_MS: Final = 500
_HELD_TICK_MS: Final = 20
"""As often it is looked whether a client has read what it was sent: no event tells."""
_SWEEP_MS: Final = 1000
"""So long a client that was sent away may still be told why."""
_MONITOR_EVENT: Final = struct.Struct("=HI")
_LAST_WORDS_MS: Final = 500
"""How long the answer to `Shutdown` may take on its way out."""


class Bell:
    """Wakes a polling thread from any other, or from a signal handler."""

    def __init__(self) -> None:
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)

    def fileno(self) -> int:
        return self._reader.fileno()

    def ring(self) -> None:
        try:
            self._writer.send(b"\0")
        except OSError:  # full, so it rings already; or closed with the server
            return

    def hush(self) -> None:
        try:
            self._reader.recv(4096)
        except BlockingIOError:
            return

    def close(self) -> None:
        self._reader.close()
        self._writer.close()


class Peer(NamedTuple):
    """A connection and the key that it was let in with."""

    identity: bytes
    key: str


class Responder:
    """Answers the requests of one ROUTER with the handlers of its table, as far as `access` lets
    the user whose key the connection has."""

    def __init__(
        self,
        router: zmq.Socket[bytes],
        handlers: dict[type[Message], Handler],
        service: Service,
        visitors: Visitors,
        access: Access,
    ) -> None:
        self.router = router
        self._handlers, self._service = handlers, service
        self._visitors, self._access = visitors, access
        self._connections, self._swept_s = Connections(), 0.0
        self._outflow = Outflow()
        self._held: HeldRequests[tuple[Peer, list[bytes]]] = HeldRequests()
        self.heard_s = time.monotonic()

    @property
    def is_holding(self) -> bool:
        """Whether a client must read before it is answered further: look again soon."""
        return len(self._held) > 0

    def close_unwelcome(self) -> None:
        """Ends the connections of users who were removed; call it each second or more often."""
        now_s = time.monotonic()
        if self._visitors.may_change and now_s - self._swept_s >= _SWEEP_MS / 1000:
            self._swept_s = now_s
            self._connections.close_unless(lambda key: self._visitors.user_of(key) is not None)

    def answer_all(self) -> list[tuple[Peer, Message]]:
        """Answers what has arrived; the replies sent, each with who got it."""
        sent: list[tuple[Peer, Message]] = []
        for peer, frames in self._held.release(self._outflow):
            self._answer(peer, frames, sent)
        for _ in range(64):  # then the other sockets get their turn
            try:
                identity = self.router.recv(zmq.NOBLOCK, copy=False)
            except zmq.Again:
                break
            frames = self.router.recv_multipart(zmq.NOBLOCK)  # it is here: messages come whole
            self.heard_s = time.monotonic()
            # set by the gatekeeper at the handshake; nothing that the peer sends changes it
            peer = Peer(identity.bytes, cast(str, identity.get("User-Id")))
            if self._visitors.may_change:
                self._connections.note(*peer, identity.get(zmq.SRCFD))
            if peer.identity in self._held or self._outflow.is_full(peer.identity):
                if not self._held.hold(peer.identity, (peer, frames), sum(map(len, frames))):
                    log_event("request_dropped", reason="the client reads none of its answers")
            else:
                self._answer(peer, frames, sent)
        return sent

    def tell(self, peer: Peer, event: JobEvent) -> bool:
        """False if the client is gone, doesn't read, or may hear of this job no more."""
        user = self._visitors.user_of(peer.key)
        return self._access.has_submitted(user, event.job_id) and self.send(peer.identity, event)

    def ended(self, job_id: str) -> None:
        """The job is over for all who wanted it."""
        self._access.ended(job_id)

    def send(self, identity: bytes, message: Message, reply_to: bytes | None = None) -> bool:
        """False if the client is gone or doesn't read."""
        frames = codec.encode(
            message, message_id=os.urandom(codec.ID_BYTES), session_id=_SESSION, reply_to=reply_to
        )
        try:
            self._outflow.send(self.router, identity, frames)
        except zmq.ZMQError:  # EHOSTUNREACH or EAGAIN: nobody there, or 64 messages unread
            return False
        return True

    def _answer(self, peer: Peer, frames: list[bytes], sent: list[tuple[Peer, Message]]) -> None:
        identity = peer.identity
        try:
            envelope = codec.decode(frames)
        except codec.RefusedMessageError as err:
            log_event("message_refused", code=err.code.value)
            if err.message_id is not None:
                self.send(identity, ErrorReply(err.code, str(err)), err.message_id)
            return
        reply = self._handle(peer, envelope)
        self.send(identity, reply, envelope.message_id)
        sent.append((peer, reply))

    def _handle(self, peer: Peer, envelope: codec.Envelope) -> Message:
        message = envelope.message
        handler = self._handlers.get(type(message))
        if handler is None:
            return ErrorReply(
                ErrorCode.unsupported,
                f"'{codec.WIRE_NAMES[type(message)]}' is not answered on this socket.",
            )
        try:
            user = self._visitors.user_of(peer.key)

            def handle(message: Message) -> Message:
                if isinstance(message, Submit):
                    # users of other computers share by name, however many sessions they open
                    return submit(
                        self._service, message, (user or "").encode() or envelope.session_id
                    )
                return handler(self._service, message)

            return self._access.answer(user, message, handle)
        except JobFailedError as err:
            after_ms = 1000 if err.code == ErrorCode.busy else 0
            return ErrorReply(ErrorCode(err.code), str(err), err.retry, after_ms)
        except VersionMismatchError as err:
            return ErrorReply(ErrorCode.version, str(err))
        except MynahError as err:
            return ErrorReply(ErrorCode.internal, str(err))
        except Exception:  # a defect answers one request badly, but the daemon lives on
            log_id = uuid.uuid4().hex[:8]
            logger.exception("handler_failed", extra={"fields": {"log_id": log_id}})
            return ErrorReply(
                ErrorCode.internal, f"Something went wrong in the daemon; its log names {log_id}."
            )


class MainServer:
    """The main socket: uploads, jobs, results, and the events of jobs to who submitted them."""

    def __init__(
        self,
        responder: Responder,
        bell: Bell,
        events: queue.SimpleQueue[JobEvent],
        is_outdated: Callable[[JobEvent], bool],
    ) -> None:
        self._responder, self._bell, self._events = responder, bell, events
        self._is_outdated = is_outdated
        self._watchers: dict[str, set[Peer]] = {}

    def run(self, is_stopping: Callable[[], bool]) -> None:
        """Serves until `is_stopping`, which is asked after each ring of the bell."""
        poller = zmq.Poller()
        poller.register(self._responder.router, zmq.POLLIN)
        poller.register(self._bell.fileno(), zmq.POLLIN)
        while not is_stopping():
            poller.poll(_HELD_TICK_MS if self._responder.is_holding else _TICK_MS)
            self._bell.hush()
            for peer, reply in self._responder.answer_all():
                if isinstance(reply, Accepted):
                    for job in reply.jobs:
                        if job.state not in TERMINAL:
                            self._watchers.setdefault(job.job_id, set()).add(peer)
            self._send_events()
            self._responder.close_unwelcome()

    def _send_events(self) -> None:
        while True:
            try:
                event = self._events.get_nowait()
            except queue.Empty:
                return
            if self._is_outdated(event):
                continue  # who submitted the line again must not hear of its former end
            is_last = event.state in TERMINAL
            watchers = self._watchers.get(event.job_id, set())
            for peer in list(watchers):
                if not self._responder.tell(peer, event) and not is_last:
                    watchers.discard(peer)
            if is_last:
                self._responder.ended(event.job_id)
                self._watchers.pop(event.job_id, None)


class ControlServer(threading.Thread):
    """The control socket in a thread of its own; also counts who is connected."""

    def __init__(self, responder: Responder, bell: Bell) -> None:
        super().__init__(name="control", daemon=True)
        self._responder, self._bell = responder, bell
        self._monitor = responder.router.get_monitor_socket(
            zmq.EVENT_ACCEPTED | zmq.EVENT_DISCONNECTED
        )
        self._is_stopping = False
        self._connections: set[int] = set()

    @property
    def heard_s(self) -> float:
        return self._responder.heard_s

    @property
    def n_clients(self) -> int:
        return len(self._connections)

    def stop(self) -> None:
        """Ends the thread and waits for it."""
        self._is_stopping = True
        self._bell.ring()
        self.join(5)

    def run(self) -> None:
        poller = zmq.Poller()
        poller.register(self._responder.router, zmq.POLLIN)
        poller.register(self._monitor, zmq.POLLIN)
        poller.register(self._bell.fileno(), zmq.POLLIN)
        while not self._is_stopping:
            poller.poll(_SWEEP_MS)
            self._bell.hush()
            self._count_clients()
            try:
                self._responder.answer_all()
            except ProtocolError:
                logger.exception("control_reply_failed")
            self._responder.close_unwelcome()
        self._responder.router.disable_monitor()
        self._responder.router.close(linger=_LAST_WORDS_MS)

    def _count_clients(self) -> None:
        """Keeps the file descriptors of the open connections."""
        while True:
            try:
                content, _endpoint = self._monitor.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            event, descriptor = _MONITOR_EVENT.unpack(content)
            if event == zmq.EVENT_ACCEPTED:
                self._connections.add(descriptor)
            else:
                self._connections.discard(descriptor)
