"""One daemon per state folder: a lock that the system releases when its holder dies."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import TracebackType

if sys.platform == "win32":
    import msvcrt

    def _lock(handle: int) -> None:
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


class AlreadyRunningError(Exception):
    """Another living process holds the lock."""


class DaemonLock:
    """Held between `__enter__`, which raises `AlreadyRunningError`, and `__exit__`.

    The file stays: deleting it would let two processes lock two files of the same name.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "daemon.lock"
        self._handle = -1

    def __enter__(self) -> DaemonLock:
        self._handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _lock(self._handle)
        except OSError as err:
            os.close(self._handle)
            raise AlreadyRunningError from err
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        os.close(self._handle)
