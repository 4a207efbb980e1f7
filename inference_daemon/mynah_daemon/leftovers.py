"""Worker processes that a killed daemon left behind: frozen ones don't notice that it is gone."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

from .log import log_event
from .supervisor import WORKER


def end_leftovers(blobs: Path) -> None:
    """Kills the workers of a former daemon that are still there: those whose folder of files is
    `blobs`. Only for who holds the daemon's lock, before it has workers of its own. Where the
    system doesn't show processes as files, nothing happens.

    They are told by their command lines: a list would lack a worker whose daemon was killed in the
    moment between starting and noting it.
    """
    for pid, words in _processes():
        if WORKER[1:] == tuple(words[1 : len(WORKER)]) and str(blobs) in words:
            with contextlib.suppress(OSError):  # it has ended by itself meanwhile
                os.kill(pid, signal.SIGKILL)
                log_event("leftover_worker_killed", pid=pid)


def _processes() -> Iterator[tuple[int, list[str]]]:
    """The numbers and command lines of this computer's processes, other users' included."""
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has just ended
            line = (folder / "cmdline").read_text("utf-8", errors="surrogateescape")
            yield int(folder.name), line.split("\0")
