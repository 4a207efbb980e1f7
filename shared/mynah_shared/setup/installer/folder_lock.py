"""Only one installer works in a folder at a time; the system frees the lock when it ends."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from .order import SetUpError

_NAME = "set-up.lock"
_WAIT_S = 30.0
"""An installer that was cancelled cleans up meanwhile."""


@contextmanager
def locked(folder: Path, check: Callable[[], None]) -> Generator[None, None, None]:
    """Raises `SetUpError` if another holds the lock for long, and what `check` raises."""
    with open(folder / _NAME, "a+b") as file:
        deadline = time.monotonic() + _WAIT_S
        while not _try(file):
            check()
            if time.monotonic() > deadline:
                raise SetUpError(
                    "Another program is setting up the engine; wait until it is done and try again."
                )
            time.sleep(0.1)
        yield


def _try(file: IO[bytes]) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
