"""Any sound or video file as 16 kHz mono samples, decoded in a child process with limits."""

from __future__ import annotations

import contextlib
import json
import queue
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mynah_shared.errors import BadInputError

FloatArray = NDArray[np.float32]
_Child = subprocess.Popen[bytes]

SAMPLE_RATE: Final = 16_000
WALL_CLOCK_S: Final = 30.0
_RATES_TO_HEAR: Final = (8_000, 48_000)
_POLL_S: Final = 0.05
HEAD: Final = struct.Struct("<?IQ")
"""Before each answer of the child: whether it is a refusal, samples per second, length in bytes."""


def _never() -> None:
    """Nobody cancels."""


class Decoder:
    """Decodes files in child processes, one for each thread that decodes at the same time.

    A child stays, as starting it takes longer than decoding a line; it is replaced when a file
    kills it or keeps it too long.
    """

    def __init__(self) -> None:
        # the last one first: those that were needed only for a moment are never waited for
        self._idle: queue.LifoQueue[_Child] = queue.LifoQueue()

    def prepare(self) -> None:
        """Starts a child, if none is idle; returns at once."""
        self._idle.put(self._take())

    def decode(
        self,
        path: Path,
        name: str,
        start_s: float = 0.0,
        end_s: float = 0.0,
        check_cancelled: Callable[[], None] = _never,
    ) -> FloatArray:
        """Mono samples [N] in -1..1 at 16 kHz of the part from `start_s` to `end_s` (0 = the end).

        `name` stands for the file in sentences. `check_cancelled` is called every 50 ms; what it
        raises ends the decoding. Raises `BadInputError` if the file can't be used.
        """
        rates = (SAMPLE_RATE, SAMPLE_RATE)
        return self._decode(path, name, (start_s, end_s), rates, check_cancelled)[0]

    def decode_as_recorded(
        self, path: Path, name: str, start_s: float = 0.0, end_s: float = 0.0
    ) -> tuple[FloatArray, int]:
        """The same at the file's own rate, up to 48 kHz, and that rate: for people's ears."""
        return self._decode(path, name, (start_s, end_s), _RATES_TO_HEAR, _never)

    def _decode(
        self,
        path: Path,
        name: str,
        cut_s: tuple[float, float],
        rates: tuple[int, int],
        check_cancelled: Callable[[], None],
    ) -> tuple[FloatArray, int]:
        child = self._take()
        order = {
            "path": str(path), "name": name, "start_s": cut_s[0], "end_s": cut_s[1], "rates": rates
        }  # fmt: skip
        try:
            answer = _ask(child, order, check_cancelled)
        except BaseException:  # cancelled or too slow: either way the child must not go on
            _end(child)
            raise
        if answer is None:
            _end(child)
            raise BadInputError(
                f"'{name}' made the decoder fail or take over {WALL_CLOCK_S:.0f} s; convert it to "
                "WAV."
            )
        self._idle.put(child)
        is_refused, rate, content = answer
        if is_refused:
            raise BadInputError(content.decode("utf-8"))
        return np.frombuffer(content, np.float32), rate

    def close(self) -> None:
        """Ends the children that are idle."""
        with contextlib.suppress(queue.Empty):
            while True:
                _end(self._idle.get_nowait())

    def _take(self) -> _Child:
        """An idle child that lives, or a new one."""
        with contextlib.suppress(queue.Empty):
            while (child := self._idle.get_nowait()).poll() is not None:
                _end(child)
            return child
        return subprocess.Popen(
            [sys.executable, "-m", "mynah_daemon.audio.decode_child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )


def _end(child: _Child) -> None:
    child.kill()
    with contextlib.suppress(OSError):  # an order that it never read is lost with it
        child.__exit__(None, None, None)


def decode_file(path: Path, name: str, start_s: float = 0.0, end_s: float = 0.0) -> FloatArray:
    """One file's samples; see `Decoder.decode`."""
    with contextlib.closing(Decoder()) as decoder:
        return decoder.decode(path, name, start_s, end_s)


def _ask(
    child: _Child, order: Mapping[str, object], check_cancelled: Callable[[], None]
) -> tuple[bool, int, bytes] | None:
    """Whether the file was refused, the rate, and the samples or the sentence; None if the child
    died."""
    assert child.stdin is not None
    assert child.stdout is not None
    with contextlib.suppress(OSError):  # it has died: reading will tell
        child.stdin.write(json.dumps(order).encode() + b"\n")
        child.stdin.flush()
    answers: queue.SimpleQueue[tuple[bool, int, bytes] | None] = queue.SimpleQueue()
    # Only a thread can wait for a pipe with a time limit on every system.
    reader = threading.Thread(target=lambda: answers.put(_read(child)), daemon=True)
    reader.start()
    deadline = time.monotonic() + WALL_CLOCK_S
    while True:
        try:
            return answers.get(timeout=_POLL_S)
        except queue.Empty:
            check_cancelled()
            if time.monotonic() > deadline:
                raise BadInputError(
                    f"'{order['name']}' takes more than {WALL_CLOCK_S:.0f} s to decode; convert it "
                    "to WAV."
                ) from None


def _read(child: _Child) -> tuple[bool, int, bytes] | None:
    assert child.stdout is not None
    head = child.stdout.read(HEAD.size)
    if len(head) < HEAD.size:
        return None
    is_refused, rate, n_bytes = HEAD.unpack(head)
    content = child.stdout.read(n_bytes)
    return (is_refused, rate, content) if len(content) == n_bytes else None
