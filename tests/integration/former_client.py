"""A client as it was in protocol 1.0: its own frames, and none of today's fields."""

from __future__ import annotations

import hashlib
import os
from typing import Any

import msgpack
import zmq

from mynah_shared.client.connection_file import ConnectionInfo

DEADLINE_MS = 30_000
REQUEST = {
    "fps": 30.0,
    "model": "",
    "styles": [{"name": "neutral", "weight": 1.0, "region": ""}],
    "seed": 0,
    "quality": "normal",
    "amounts": {"lips": 1.0, "brows": 1.0, "blinks": 1.0, "gaze": 1.0, "head": 1.0},
    "start_s": 0.0,
    "end_s": 0.0,
    "text": "",
    "representation": "arkit",
    "audio_guidance": 1.0,
    "style_guidance": 1.0,
}


class FormerClient:
    """Keeps one request under way; events are collected."""

    def __init__(self, info: ConnectionInfo) -> None:
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._main, self._control = (
            self._open(info, endpoint) for endpoint in (info.endpoint, info.control_endpoint)
        )
        self._sid = os.urandom(16)
        self.events: list[dict[str, Any]] = []

    def close(self) -> None:
        self._context.destroy(linger=0)

    def ask(
        self, name: str, body: dict[str, Any], *, control: bool = False, data: bytes | None = None
    ) -> tuple[str, dict[str, Any], list[bytes]]:
        """The reply's name, body and raw frames."""
        sock, message_id = self._control if control else self._main, os.urandom(16)
        arrays = [] if data is None else [{"n": "data", "d": "|u1", "s": [len(data)]}]
        header = {"t": name, "id": message_id, "sid": self._sid, "b": body, "p": arrays}
        sock.send_multipart([b"MYN1", msgpack.packb(header), *([] if data is None else [data])])
        while True:
            reply, frames = self._receive(sock)
            if reply.get("re") == message_id:
                return reply["t"], reply["b"], frames
            self.events.append(reply["b"])

    def next_event(self) -> dict[str, Any]:
        if not self.events:
            self.events.append(self._receive(self._main)[0]["b"])
        return self.events.pop(0)

    def upload(self, data: bytes) -> str:
        """The file's SHA-256."""
        sha256 = hashlib.sha256(data).hexdigest()
        state = self.ask("blob.stat", {"sha256": sha256, "n_bytes": len(data)})[1]
        while not state["complete"]:
            offset = state["offset"]
            body = {"sha256": sha256, "n_bytes": len(data), "offset": offset}
            state = self.ask("blob.put", body, data=data[offset : offset + 65536])[1]
        return sha256

    def _open(self, info: ConnectionInfo, endpoint: str) -> zmq.Socket[bytes]:
        sock = self._context.socket(zmq.DEALER)
        sock.curve_serverkey = info.server_public_key.encode()
        sock.curve_publickey = info.client_public_key.encode()
        sock.curve_secretkey = info.client_secret_key.encode()
        sock.connect(endpoint)
        return sock

    def _receive(self, sock: zmq.Socket[bytes]) -> tuple[dict[str, Any], list[bytes]]:
        assert sock.poll(DEADLINE_MS), "no answer"
        magic, header, *frames = sock.recv_multipart()
        assert magic == b"MYN1"
        return msgpack.unpackb(header), frames
