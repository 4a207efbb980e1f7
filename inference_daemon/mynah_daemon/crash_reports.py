"""What is kept of a worker that crashed, for those who look for the cause: no audio, no keys."""

from __future__ import annotations

import json
import platform
import signal
import sys
import time
import zipfile
from collections import deque
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from mynah_shared._version import __version__

from .log import LOG_NAME

_MOST_REPORTS: Final = 10
_LOG_LINES: Final = 200


@dataclass(frozen=True)
class Crash:
    """How a worker ended (its exit code; below 0, the signal's number), the ids of the jobs that it
    had in hand, its number among the daemon's workers, and its device."""

    exit_code: int
    jobs: Sequence[str]
    worker: int = 0
    device: str = "cpu"

    @property
    def cause(self) -> str:
        """The signal's name, or the exit code."""
        try:
            return signal.Signals(-self.exit_code).name
        except ValueError:
            return f"exit code {self.exit_code}"


def trace_path(log_dir: Path, worker: int) -> Path:
    """Where a worker leaves the stacks of its threads as it crashes."""
    return log_dir / f"worker_trace_{worker}.txt"


def write_report(log_dir: Path, crash: Crash) -> Path:
    """A zip in `log_dir`/crashes with the facts, the end of the log, and the worker's trace if it
    left one; the oldest beyond ten go. Raises `OSError` if it can't be written."""
    folder = log_dir / "crashes"
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / time.strftime(f"%Y-%m-%d_%H-%M-%S_{crash.worker}.zip", time.gmtime())
    trace = trace_path(log_dir, crash.worker)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as report:
        report.writestr("crash.json", json.dumps(_facts(crash), indent=2))
        report.writestr("log.jsonl", _last_lines(log_dir / LOG_NAME))
        if trace.is_file() and trace.stat().st_size:
            report.write(trace, "trace.txt")
    for old in list_reports(log_dir)[:-_MOST_REPORTS]:
        old.unlink(missing_ok=True)
    return path


def list_reports(log_dir: Path) -> list[Path]:
    """The reports that are kept, oldest first."""
    return sorted((log_dir / "crashes").glob("*.zip"))


def _facts(crash: Crash) -> dict[str, object]:
    return {
        **asdict(crash),
        "cause": crash.cause,
        "mynah": __version__,
        "python": sys.version.split()[0],
        "system": platform.platform(),
    }


def _last_lines(log: Path) -> str:
    try:
        with log.open(encoding="utf-8", errors="replace") as file:
            return "".join(deque(file, _LOG_LINES))
    except FileNotFoundError:
        return ""
