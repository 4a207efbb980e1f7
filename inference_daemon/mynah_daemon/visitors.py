"""Who is at the door: CURVE keys to users, at the handshake and for every message."""

from __future__ import annotations

import enum
import hmac
import ipaddress
import threading
import time
from collections.abc import Callable
from typing import Final, TypeVar

from mynah_shared.errors import MynahError

from .clients import ClientFolder
from .log import log_event, logger

LOCAL: Final = ""
"""The user whose daemon it is, with the key of its own connection file."""
MOST_CONNECTIONS: Final = 512
_LOGGED_PER_MINUTE: Final = 30
T = TypeVar("T")


class Verdict(enum.Enum):
    """What a handshake is answered with: the status of RFC 27."""

    welcome = b"200"
    refused = b"400"
    full = b"500"


class Visitors:
    """Safe from any thread. `count` tells how many connections are open now; `folder` is None for
    a daemon that serves its own computer only."""

    def __init__(self, local_key: bytes, folder: ClientFolder | None) -> None:
        self._local_key, self._folder = local_key, folder
        self._refusals = _Meter(_LOGGED_PER_MINUTE)
        self.count: Callable[[], int] = int

    @property
    def may_change(self) -> bool:
        """Whether somebody who was let in can be sent away."""
        return self._folder is not None

    def judge(self, key: bytes, address: str) -> Verdict:
        """At a handshake: the key, 40 characters of Z85, of the peer at this address."""
        verdict = self._judge(key, address)
        if verdict is not Verdict.welcome and self._refusals.passes():
            log_event("connection_refused", address=address, status=verdict.value.decode())
        return verdict

    def user_of(self, key: str) -> str | None:
        """The name of who has the key now, `LOCAL`, or None if it is accepted no more."""
        if hmac.compare_digest(key.encode(), self._local_key):
            return LOCAL
        client = self._ask(lambda folder: folder.still_has(key))
        return client.name if client else None

    def _judge(self, key: bytes, address: str) -> Verdict:
        is_near = _is_loopback(address)
        if hmac.compare_digest(key, self._local_key):
            return Verdict.welcome if is_near else Verdict.refused
        client = self._ask(lambda folder: folder.find(key.decode()))
        if client is None:
            return Verdict.refused
        if not is_near and self.count() > MOST_CONNECTIONS:
            return Verdict.full
        log_event("connection_accepted", client=client.name, address=address)
        return Verdict.welcome

    def _ask(self, question: Callable[[ClientFolder], T | None]) -> T | None:
        """None, which lets nobody in, if the folder can't be trusted."""
        if self._folder is None:
            return None
        try:
            return question(self._folder)
        except (MynahError, OSError):
            if self._refusals.passes():
                logger.exception("clients_unreadable")
            return None


class _Meter:
    """Lets so much through per minute: what strangers do must not fill the log."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute, self._lock = per_minute, threading.Lock()
        self._minute, self._passed = 0, 0

    def passes(self) -> bool:
        with self._lock:
            minute = int(time.monotonic() // 60)
            if minute != self._minute:
                self._minute, self._passed = minute, 0
            self._passed += 1
            return self._passed <= self._per_minute


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
