"""The programs that the installer runs, one at a time, so that a cancel can end them."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TextIO

from .order import CancelledError

_LEAKS = ("PYTHONHOME", "PYTHONPATH", "PYTHONSTARTUP", "PYTHONUSERBASE", "VIRTUAL_ENV")


class Children:
    """Runs programs and ends the one that runs when `cancel` is called from another thread."""

    def __init__(self, log: TextIO) -> None:
        self._log = log
        self._lock = threading.Lock()
        self._running: subprocess.Popen[str] | None = None
        self._is_cancelled = False

    def cancel(self) -> None:
        """End the one that runs, and start no other."""
        with self._lock:
            self._is_cancelled = True
            if self._running is not None:
                self._running.kill()

    def check(self) -> None:
        """Raises `CancelledError` if it was cancelled."""
        if self._is_cancelled:
            raise CancelledError

    def run(
        self,
        command: Sequence[str | Path],
        on_line: Callable[[str], None] = lambda _line: None,
        *,
        may_be_killed: bool = True,
        **variables: str,
    ) -> tuple[int, str]:
        """Its exit status and all it said, which goes to the log as well.

        Raises `CancelledError` if it was cancelled meanwhile; what may not be killed ends first.
        """
        words = [str(part) for part in command]
        self._log.write(f"\n$ {' '.join(words)}\n")
        with self._lock:
            self.check()
            process = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                encoding="utf-8",
                errors="replace",
                env=_environment(variables),
                creationflags=subprocess.CREATE_NO_WINDOW if sys.platform == "win32" else 0,
            )
            self._running = process if may_be_killed else None
        said: list[str] = []
        assert process.stdout is not None
        for line in process.stdout:
            said.append(line)
            self._log.write(line)
            self._log.flush()
            on_line(line)
        process.stdout.close()
        status = process.wait()
        with self._lock:
            self._running = None
        self.check()
        return status, "".join(said)


def _environment(variables: dict[str, str]) -> dict[str, str]:
    """The host's and the user's variables for another Python must not reach this one."""
    clean = {name: value for name, value in os.environ.items() if name not in _LEAKS}
    clean["PYTHONSAFEPATH"] = "1"  # what lies in the current folder must not get in the way
    return {**clean, "PYTHONUTF8": "1", "PYTHONNOUSERSITE": "1", "NO_COLOR": "1", **variables}
