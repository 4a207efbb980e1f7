"""Any sound or video file as 16 kHz mono samples, decoded in a child process with limits."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mynah_shared.errors import BadInputError

FloatArray = NDArray[np.float32]

WALL_CLOCK_S: Final = 30.0
_POLL_S: Final = 0.05
_REFUSED: Final = 3


def decode_file(
    path: Path,
    name: str,
    start_s: float = 0.0,
    end_s: float = 0.0,
    check_cancelled: Callable[[], None] = lambda: None,
) -> FloatArray:
    """Mono samples [N] in -1..1 at 16 kHz of the part from `start_s` to `end_s` (0 = the end).

    `name` stands for the file in sentences. `check_cancelled` is called every 50 ms; what it raises
    ends the decoding. Raises `BadInputError` if the file can't be used; see `decode_child.py`.
    """
    command = [sys.executable, "-m", "mynah_daemon.audio.decode_child"]
    with path.open("rb") as file, subprocess.Popen(
        [*command, name, repr(start_s), repr(end_s)],
        stdin=file,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as child:  # fmt: skip
        try:
            output, errors = _wait(child, name, check_cancelled)
        except BaseException:  # cancelled or too slow: either way the child must not live on
            child.kill()
            raise
    if child.returncode == _REFUSED:
        raise BadInputError(errors.decode("utf-8"))
    if child.returncode != 0:
        raise BadInputError(
            f"'{name}' made the decoder fail or take over {WALL_CLOCK_S:.0f} s; convert it to WAV."
        )
    return np.frombuffer(output, np.float32)


def _wait(
    child: subprocess.Popen[bytes], name: str, check_cancelled: Callable[[], None]
) -> tuple[bytes, bytes]:
    deadline = time.monotonic() + WALL_CLOCK_S
    while True:
        try:
            return child.communicate(timeout=_POLL_S)
        except subprocess.TimeoutExpired:
            check_cancelled()
            if time.monotonic() > deadline:
                raise BadInputError(
                    f"'{name}' takes more than {WALL_CLOCK_S:.0f} s to decode; convert it to WAV."
                ) from None
