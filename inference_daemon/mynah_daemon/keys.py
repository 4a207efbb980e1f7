"""The daemon's key pair and the encrypted sockets: CURVE on every one, and no way to do without."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, cast

import zmq

from mynah_shared.client.remote import load_key_pair
from mynah_shared.errors import BadInputError, EngineUnavailableError

from .listening import Listen
from .zap import ZAP_DOMAIN

SERVER_KEY_NAME: Final = "server.key"
_KEEPALIVE_S: Final = 60
"""Then a client whose computer is gone without a word is asked for, and given up."""
_UNREAD_MS: Final = 120_000
"""A connection on which data waits for so long, and the other side takes none, is closed."""


@dataclass(frozen=True)
class Keys:
    """The client's pair is fresh at every start, and so is the server's if it serves its own
    computer only: then its secret never leaves this process."""

    server_public: bytes
    server_secret: bytes = field(repr=False)
    client_public: bytes
    client_secret: bytes = field(repr=False)


def make_keys(lasting: Path | None = None) -> Keys:
    """`lasting` is where the server's pair is kept, mode 0600, for computers that know it by its
    public key. Raises `EngineUnavailableError` if this pyzmq can't encrypt or the file can't be
    used."""
    if not zmq.has("curve"):
        raise EngineUnavailableError(
            "This pyzmq was built without CURVE encryption, without which the daemon doesn't "
            "start; install pyzmq from its official wheels."
        )
    if lasting is None:
        return Keys(*zmq.curve_keypair(), *zmq.curve_keypair())
    public, secret = load_key_pair(lasting)
    return Keys(public.encode(), secret.encode(), *zmq.curve_keypair())


def open_router(
    context: zmq.Context[zmq.Socket[bytes]],
    keys: Keys,
    host: str,
    message_bytes: int,
    beyond: str = "",
) -> tuple[zmq.Socket[bytes], str]:
    """An encrypted ROUTER on a free port of `host`, and its endpoint; also on ADDRESS:PORT
    `beyond`, for other computers. Raises `BadInputError` if that can't be had."""
    router = context.socket(zmq.ROUTER)
    router.setsockopt(zmq.LINGER, 0)
    router.setsockopt(zmq.SNDHWM, 64)
    router.setsockopt(zmq.RCVHWM, 64)
    router.setsockopt(zmq.MAXMSGSIZE, message_bytes)
    router.setsockopt(zmq.HANDSHAKE_IVL, 3000)
    router.setsockopt(zmq.ROUTER_MANDATORY, 1)
    router.setsockopt(zmq.TCP_KEEPALIVE, 1)
    router.setsockopt(zmq.TCP_KEEPALIVE_IDLE, _KEEPALIVE_S)
    router.setsockopt(zmq.TCP_MAXRT, _UNREAD_MS)
    router.setsockopt(zmq.ZAP_DOMAIN, ZAP_DOMAIN)
    router.setsockopt(zmq.CURVE_SERVER, 1)
    router.setsockopt(zmq.CURVE_SECRETKEY, keys.server_secret)
    router.bind(f"tcp://{host}:*")
    endpoint = cast(bytes, router.getsockopt(zmq.LAST_ENDPOINT))
    if beyond:
        try:
            router.bind(f"tcp://{beyond}")
        except zmq.ZMQError as err:
            reason = zmq.strerror(err.errno or 0)
            raise BadInputError(
                f"The daemon can't listen on {beyond} ({reason}); choose another port, or an "
                "address that this computer has."
            ) from err
    return router, endpoint.decode().rstrip("\0")


def beyond(listen: Listen | None) -> tuple[str, str]:
    """Where the main and the control socket listen for other computers; empty if nowhere."""
    if listen is None:
        return "", ""
    return f"{listen.address}:{listen.port}", f"{listen.address}:{listen.control_port}"
