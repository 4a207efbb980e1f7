"""Two CURVE sockets to one daemon. The only module of a host that imports zmq.

A broken, refused or unauthorised connection raises `EngineUnavailableError` at once: libzmq itself
would retry for ever in silence, so its monitor is read and its retrying is switched off.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from typing import TYPE_CHECKING

import zmq
from zmq.utils.monitor import recv_monitor_message

from ..errors import EngineUnavailableError
from .connection_file import ConnectionInfo
from .losses import Loss, lost

HIGH_WATER_MARK = 64
MAX_FRAME_BYTES = 64 * 1024 * 1024  # a result: 55 channels of 10 minutes at 240 fps are half of it
HANDSHAKE_MS = 3000

KEEPALIVE_S = 60  # then a computer that is gone without a word is asked for, and given up

_LOST = {
    zmq.EVENT_CLOSED: Loss.nobody,
    zmq.EVENT_DISCONNECTED: Loss.closed,
    zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL: Loss.strangers,
    zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL: Loss.plain,
    zmq.EVENT_HANDSHAKE_FAILED_AUTH: Loss.refused,
}
_NEWS_MS = 100
_FULL = 500
"""The status with which a daemon refuses one connection more."""

if TYPE_CHECKING:
    _Monitored = tuple[zmq.Socket[bytes], zmq.Socket[bytes]]
    """A socket, and the one that tells of its connection."""


class Transport:
    """Owned by one thread. `wake` is a socket that makes `receive` return early when readable."""

    def __init__(self, info: ConnectionInfo, wake: socket.socket | None = None) -> None:
        _require_encryption()
        self._info = info
        self._context = zmq.Context(io_threads=1)
        self._poller = zmq.Poller()
        self._wake = wake
        if wake is not None:
            self._poller.register(wake, zmq.POLLIN)
        self._monitors: dict[zmq.Socket[bytes], str] = {}
        try:
            self._main = self._open(info.endpoint, info)
            self._control = self._open(info.control_endpoint, info)
        except (zmq.ZMQError, ValueError) as error:  # an endpoint or key that is none
            self.close()
            raise EngineUnavailableError(
                f"The connection file names the endpoint '{info.endpoint}', which can't be used "
                f"({error}); delete the file and try again."
            ) from error

    def send(self, frames: Sequence[bytes], *, is_control: bool) -> None:
        """Queues one message. Raises `EngineUnavailableError` if the daemon takes none any more.

        The control socket is answered even while a model runs; the main one carries the data.
        """
        dealer, monitor = self._control if is_control else self._main
        try:
            dealer.send_multipart(frames, zmq.NOBLOCK)
        except zmq.Again as error:
            if monitor.poll(_NEWS_MS):  # a connection that is lost takes nothing either
                self._refuse_loss(monitor)
            raise EngineUnavailableError(
                f"The daemon has left {HIGH_WATER_MARK} messages unread; run `mynah status`."
            ) from error

    def receive(self, timeout_s: float | None) -> list[list[bytes]]:
        """The messages that have arrived, after at most `timeout_s` (None: for ever).

        Empty on a time-out and on a wake-up. Raises `EngineUnavailableError` if the connection is
        lost, but only once everything that came before the loss was handed out.
        """
        timeout_ms = None if timeout_s is None else max(0, round(timeout_s * 1000))
        ready = dict(self._poller.poll(timeout_ms))
        messages = self._drain_both()
        if self._wake is not None and self._wake.fileno() in ready:
            self._wake.recv(4096)
        rung = [monitor for monitor in self._monitors if monitor in ready]
        # The news of a loss may overtake the last replies: look once more before believing it.
        messages = messages or (self._drain_both() if rung else [])
        if not messages:
            for monitor in rung:
                self._refuse_loss(monitor)
        return messages

    def _drain_both(self) -> list[list[bytes]]:
        return [message for dealer, _ in (self._main, self._control) for message in _drain(dealer)]

    def close(self) -> None:
        """Drops what is unsent; never blocks."""
        self._context.destroy(linger=0)

    def _open(self, endpoint: str, info: ConnectionInfo) -> _Monitored:
        dealer = self._context.socket(zmq.DEALER)
        dealer.setsockopt(zmq.LINGER, 0)
        dealer.setsockopt(zmq.SNDHWM, HIGH_WATER_MARK)
        dealer.setsockopt(zmq.RCVHWM, HIGH_WATER_MARK)
        dealer.setsockopt(zmq.MAXMSGSIZE, MAX_FRAME_BYTES)
        dealer.setsockopt(zmq.HANDSHAKE_IVL, HANDSHAKE_MS)
        dealer.setsockopt(zmq.RECONNECT_IVL, -1)
        dealer.setsockopt(zmq.TCP_KEEPALIVE, 1)
        dealer.setsockopt(zmq.TCP_KEEPALIVE_IDLE, KEEPALIVE_S)
        dealer.curve_serverkey = info.server_public_key.encode()
        dealer.curve_publickey = info.client_public_key.encode()
        dealer.curve_secretkey = info.client_secret_key.encode()
        monitor = dealer.get_monitor_socket(sum(_LOST))
        self._monitors[monitor] = endpoint
        self._poller.register(dealer, zmq.POLLIN)
        self._poller.register(monitor, zmq.POLLIN)
        dealer.connect(endpoint)
        return dealer, monitor

    def _refuse_loss(self, monitor: zmq.Socket[bytes]) -> None:
        news = recv_monitor_message(monitor, zmq.NOBLOCK)
        loss = _LOST.get(zmq.Event(news["event"]))
        if loss is Loss.refused and news["value"] == _FULL:
            loss = Loss.full
        if loss is not None:
            raise lost(loss, self._info, self._monitors[monitor])


def make_key_pair() -> tuple[str, str]:
    """A new CURVE key pair (public, secret), each 40 characters of Z85."""
    _require_encryption()
    public, secret = zmq.curve_keypair()
    return public.decode(), secret.decode()


def _require_encryption() -> None:
    if not zmq.has("curve"):
        raise EngineUnavailableError(
            "This pyzmq was built without CURVE encryption, which Mynah needs; "
            "install pyzmq from its official wheels."
        )


def _drain(dealer: zmq.Socket[bytes]) -> list[list[bytes]]:
    messages: list[list[bytes]] = []
    while len(messages) < HIGH_WATER_MARK:
        try:
            messages.append(dealer.recv_multipart(zmq.NOBLOCK))
        except zmq.Again:
            break
    return messages
