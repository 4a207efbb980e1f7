"""The installer's process, watched by a thread; the host's main thread only reads a queue."""

from __future__ import annotations

import contextlib
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ..client.other_python import ALONE, environment_for_other_python
from .installer.order import Order, SetUpError, Told
from .status import looked

TICK_S = 0.1
CANCELLED = "Cancelled; nothing was changed."
_RUN = (
    "import runpy, sys; sys.path.insert(0, sys.argv.pop(1)); "
    "runpy.run_module('installer', run_name='__main__')"
)


class SetUp:
    """At most one installer at a time. `told` is its progress; `ended` how the last one ended.

    `find_python` tells the Python to set up the engine with, or raises `SetUpError`; it is asked in
    a thread and may take its time.
    """

    def __init__(self, find_python: Callable[[], Path]) -> None:
        self.told: Told | None = None
        self.ended: Told | None = None
        self.action = ""
        self.watch: Watch | None = None
        self._find_python = find_python
        self._then: Callable[[], None] = lambda: None

    @property
    def is_busy(self) -> bool:
        """Whether an installer is at work."""
        return self.told is not None

    def start(self, order: Order, then: Callable[[], None] = lambda: None) -> None:
        """Begin and return at once; `then` is called when the engine is another one."""
        assert not self.is_busy
        self.ended, self.told = None, Told(0.0, "Preparing")
        self.action, self._then = order.action, then
        self.watch = Watch(self._find_python, order)
        self.watch.start()

    def cancel(self) -> None:
        """Give up; the installer cleans up by itself."""
        if self.watch is not None:
            self.watch.cancel()
            self._end(Told(1.0, CANCELLED, "cancelled"))

    def pump(self) -> None:
        """Take what the installer has told. Never waits."""
        while self.watch is not None:
            try:
                told = self.watch.told.get_nowait()
            except queue.Empty:
                return
            if not told.ending:
                self.told = told
                continue
            self._end(told)
            if told.ending == "done":
                self._then()

    def run_until_done(self) -> None:
        """For hosts without windows, where timers never run."""
        while self.is_busy:
            self.pump()
            time.sleep(TICK_S / 5)

    def close(self) -> None:
        """Cancel, and forget how it ended."""
        self.cancel()
        self.ended = None

    def _end(self, told: Told) -> None:
        self.told, self.ended, self.watch = None, told, None
        looked.forget()


class Watch(threading.Thread):
    """Starts the installer, which takes its time on some systems, and reads what it tells."""

    def __init__(self, find_python: Callable[[], Path], order: Order) -> None:
        super().__init__(name="mynah-set-up", daemon=True)
        self.told: queue.SimpleQueue[Told] = queue.SimpleQueue()
        self.process: subprocess.Popen[str] | None = None
        self._find_python, self._order = find_python, order
        self._is_cancelled = threading.Event()

    def cancel(self) -> None:
        """Tell the installer to stop."""
        self._is_cancelled.set()
        self._close_pipe()

    def run(self) -> None:
        """What the thread does."""
        try:
            python = str(self._find_python())
        except SetUpError as error:
            self.told.put(Told(1.0, str(error), "error"))
            return
        except Exception as error:  # a bug; whoever waits for the set-up must hear of it
            self.told.put(Told(1.0, f"The set-up failed ({error!r}).", "error"))
            raise
        if self._is_cancelled.is_set():
            return
        try:
            self.process = subprocess.Popen(
                [python, "-B", "-c", _RUN, str(Path(__file__).parent)]
                + [replace(self._order, python=python).to_json()],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                encoding="utf-8",
                errors="replace",
                env={**environment_for_other_python(), **ALONE},
                start_new_session=True,  # what ends the host's group must not keep it from cleaning
                creationflags=subprocess.CREATE_NO_WINDOW if sys.platform == "win32" else 0,
            )
        except OSError as error:
            words = f"The Python '{python}' can't be run ({error.strerror})."
            self.told.put(Told(1.0, words, "error"))
            return
        if self._is_cancelled.is_set():
            self._close_pipe()
        stray = ""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            try:
                self.told.put(Told.from_json(line))
            except (ValueError, TypeError):  # Python itself has something to say
                stray = line.strip()
        self.process.stdout.close()
        self.process.wait()
        self._close_pipe()
        # of no effect after a proper ending
        words = f"The set-up ended in the middle ({stray or self.process.returncode})."
        self.told.put(Told(1.0, words, "error"))

    def _close_pipe(self) -> None:
        """Tells the installer to stop, if it still runs."""
        if self.process is not None and self.process.stdin is not None:
            with contextlib.suppress(OSError):  # it has ended
                self.process.stdin.close()
