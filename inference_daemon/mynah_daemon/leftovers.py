"""Worker processes that a killed daemon left behind: frozen ones don't notice that it is gone."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

from .log import log_event
from .store.job_store import JobStore


def start_of(pid: int) -> str:
    """When the process was started, as the system counts; '' if that can't be told. Together with
    `pid` it names a process for good."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8", errors="replace")
    except OSError:
        return ""
    return stat.rpartition(")")[2].split()[19]


def end_leftovers(store: JobStore) -> None:
    """Kills the workers of a former daemon that are still there."""
    for pid, started in store.noted_workers():
        if started and start_of(pid) == started:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
                log_event("leftover_worker_killed", pid=pid)
        store.forget_worker(pid)
