"""Who may connect: CURVE on every socket, and only the one client key of the connection file."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from typing import Final, cast

import zmq
from zmq.auth.thread import ThreadAuthenticator

from mynah_shared.errors import EngineUnavailableError

ZAP_DOMAIN: Final = b"mynah"


@dataclass(frozen=True)
class Keys:
    """Fresh at every start; the server's secret never leaves this process."""

    server_public: bytes
    server_secret: bytes = field(repr=False)
    client_public: bytes
    client_secret: bytes = field(repr=False)


def make_keys() -> Keys:
    """Raises `EngineUnavailableError` if this pyzmq can't encrypt."""
    if not zmq.has("curve"):
        raise EngineUnavailableError(
            "This pyzmq was built without CURVE encryption, without which the daemon doesn't "
            "start; install pyzmq from its official wheels."
        )
    return Keys(*zmq.curve_keypair(), *zmq.curve_keypair())


def start_authenticator(context: zmq.Context[zmq.Socket[bytes]], keys: Keys) -> ThreadAuthenticator:
    """Refuses every handshake but that of the client key; stop it before the context."""
    authenticator = ThreadAuthenticator(context)
    authenticator.start()
    authenticator.configure_curve_callback(
        domain=ZAP_DOMAIN.decode(), credentials_provider=_OneClient(keys.client_public)
    )
    return authenticator


def open_router(
    context: zmq.Context[zmq.Socket[bytes]], keys: Keys, host: str, message_bytes: int
) -> tuple[zmq.Socket[bytes], str]:
    """An encrypted ROUTER on a free port of `host`, and its endpoint."""
    router = context.socket(zmq.ROUTER)
    router.setsockopt(zmq.LINGER, 0)
    router.setsockopt(zmq.SNDHWM, 64)
    router.setsockopt(zmq.RCVHWM, 64)
    router.setsockopt(zmq.MAXMSGSIZE, message_bytes)
    router.setsockopt(zmq.HANDSHAKE_IVL, 3000)
    router.setsockopt(zmq.ROUTER_MANDATORY, 1)
    router.setsockopt(zmq.ZAP_DOMAIN, ZAP_DOMAIN)
    router.setsockopt(zmq.CURVE_SERVER, 1)
    router.setsockopt(zmq.CURVE_SECRETKEY, keys.server_secret)
    router.bind(f"tcp://{host}:*")
    endpoint = cast(bytes, router.getsockopt(zmq.LAST_ENDPOINT))
    return router, endpoint.decode().rstrip("\0")


class _OneClient:
    """The credentials provider that pyzmq's authenticator asks."""

    def __init__(self, public_key: bytes) -> None:
        self._public_key = public_key

    def callback(self, domain: str, key: bytes) -> bool:  # noqa: ARG002  (pyzmq's signature)
        return hmac.compare_digest(key, self._public_key)
