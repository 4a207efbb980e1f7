"""The answer to every handshake (ZAP, ZeroMQ RFC 27), in a thread of its own.

Without it, or if it doesn't answer, libzmq lets nobody in. A peer that is let in has its key as the
`User-Id` of each message, where `server.Responder` asks for it again.
"""

from __future__ import annotations

import threading
from typing import Final

import zmq
from zmq.utils import z85

from .log import logger
from .server import Bell
from .visitors import Verdict, Visitors

ZAP_DOMAIN: Final = b"mynah"
_ENDPOINT: Final = "inproc://zeromq.zap.01"
_VERSION, _CURVE, _KEY_BYTES = b"1.0", b"CURVE", 32
_REQUEST_FRAMES: Final = 7


class Gatekeeper(threading.Thread):
    """Answers from its making until `stop`, which comes before the end of the context."""

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]], visitors: Visitors) -> None:
        super().__init__(name="gatekeeper", daemon=True)
        self._visitors, self._bell = visitors, Bell()
        self._is_stopping = False
        self._socket = context.socket(zmq.REP)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.bind(_ENDPOINT)
        self.start()

    def stop(self) -> None:
        """Ends the thread and waits for it; no handshake succeeds afterwards."""
        self._is_stopping = True
        self._bell.ring()
        self.join(5)

    def run(self) -> None:
        poller = zmq.Poller()
        poller.register(self._socket, zmq.POLLIN)
        poller.register(self._bell.fileno(), zmq.POLLIN)
        while not self._is_stopping:
            poller.poll()
            self._bell.hush()
            while self._socket.poll(0):
                self._answer(self._socket.recv_multipart())
        self._socket.close()
        self._bell.close()

    def _answer(self, frames: list[bytes]) -> None:
        verdict, user = Verdict.refused, b""
        if _is_curve(frames):
            key = z85.encode(frames[6])
            try:
                verdict = self._visitors.judge(key, frames[3].decode("ascii", "replace"))
            except Exception:  # a defect lets nobody in, but the others stay served
                logger.exception("handshake_failed")
            if verdict is Verdict.welcome:
                user = key
        sequence = frames[1] if len(frames) > 1 else b""
        reply = [_VERSION, sequence, verdict.value, verdict.name.encode(), user, b""]
        self._socket.send_multipart(reply)


def _is_curve(frames: list[bytes]) -> bool:
    return (
        len(frames) == _REQUEST_FRAMES
        and frames[0] == _VERSION
        and frames[2] == ZAP_DOMAIN
        and frames[5] == _CURVE
        and len(frames[6]) == _KEY_BYTES
    )
