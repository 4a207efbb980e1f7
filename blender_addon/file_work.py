"""Files read and written beside Blender's main thread, which only asks whether that is done."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from .library import BadInputError
from .pieces import Pieces

T = TypeVar("T")

WAITING = -1.0
"""What pieces yield that have nothing to do yet but wait."""


class FileWork:
    """Threads that never see a Blender object."""

    def __init__(self) -> None:
        self._pool: ThreadPoolExecutor | None = None
        self._hashes: dict[tuple[Path, int, int], str] = {}

    def do(self, work: Callable[[], T]) -> Future[T]:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(2, thread_name_prefix="mynah-files")
        return self._pool.submit(work)

    def hash_file(self, path: Path) -> Pieces[str]:
        """The SHA-256 of a file's content; a file that has not changed since is not read again.
        Raises `BadInputError` if it can't be read."""
        try:
            status = path.stat()
            key = (path, status.st_size, status.st_mtime_ns)
            if key not in self._hashes:
                self._hashes[key] = yield from wait_for(self.do(lambda: _hash(path)))
            return self._hashes[key]
        except OSError as error:
            raise BadInputError(
                f"'{path.name}' can't be read ({error.strerror}); choose another file."
            ) from error

    def flush(self) -> None:
        """Wait until everything is written."""
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None

    def close(self) -> None:
        """What is being written is finished, and what waits to be; nothing waits for it."""
        if self._pool is not None:
            self._pool.shutdown(wait=False)
            self._pool = None


def wait_for(future: Future[T]) -> Pieces[T]:
    """What the future gives, or raises."""
    while not future.done():
        yield WAITING
    return future.result()


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


file_work = FileWork()
