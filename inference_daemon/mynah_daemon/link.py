"""The pipe between daemon and worker: MYN1 messages, each frame behind its length.

On this link a job is named by its attempt (16 random bytes, in hex as `job_id`), so that nothing a
killed worker said last can be taken for a word of the next one. What is said of the worker itself,
that it is ready first of all, is a `Status` with a single `WorkerStatus`, under `NO_ATTEMPT`.
"""

from __future__ import annotations

import contextlib
import queue
import struct
import threading
from typing import IO, Final

from mynah_shared.protocol import codec
from mynah_shared.protocol.messages import Message

NO_ATTEMPT: Final = bytes(codec.ID_BYTES)
_COUNT: Final = struct.Struct(">I")
_LENGTH: Final = struct.Struct(">Q")
_SESSION: Final = bytes(codec.ID_BYTES)


class LinkWriter:
    """Writes whole messages from any thread. Raises `OSError` once the other side is gone."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def send(self, message: Message, attempt: bytes) -> None:
        frames = codec.encode(message, message_id=attempt, session_id=_SESSION)
        lengths = b"".join(_LENGTH.pack(len(frame)) for frame in frames)
        with self._lock:
            self._stream.write(_COUNT.pack(len(frames)) + lengths)
            for frame in frames:
                self._stream.write(frame)
            self._stream.flush()


class PatientWriter:
    """As a `LinkWriter`, but `send` never waits for the other side, which may be frozen: a thread
    writes until `close` or the other side's end."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._writer = LinkWriter(stream)
        self._queue: queue.SimpleQueue[tuple[Message, bytes] | None] = queue.SimpleQueue()
        threading.Thread(target=self._write, name="link writer", daemon=True).start()

    def send(self, message: Message, attempt: bytes) -> None:
        self._queue.put((message, attempt))

    def close(self) -> None:
        self._queue.put(None)

    def _write(self) -> None:
        with contextlib.suppress(OSError, ValueError):  # it is gone, or closed by our side
            while (item := self._queue.get()) is not None:
                self._writer.send(*item)


def read_message(stream: IO[bytes]) -> codec.Envelope | None:
    """The next message; its `message_id` is the attempt. None at the end of the stream."""
    head = _read(stream, _COUNT.size)
    if head is None:
        return None
    frames: list[bytes] = []
    lengths = _read(stream, _LENGTH.size * _COUNT.unpack(head)[0])
    for (length,) in _LENGTH.iter_unpack(lengths or b""):
        frame = _read(stream, length)
        if frame is None:
            return None
        frames.append(frame)
    return codec.decode(frames) if frames else None


def _read(stream: IO[bytes], n_bytes: int) -> bytes | None:
    data = stream.read(n_bytes)
    return data if len(data) == n_bytes else None
