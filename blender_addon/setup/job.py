"""The installer's process, watched by a thread; Blender's main thread only reads a queue."""

from __future__ import annotations

import contextlib
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import bpy

from .installer.order import Order, Told
from .places import find_python
from .status import looked

TICK_S = 0.1
CANCELLED = "Cancelled; nothing was changed."
_NO_PYTHON = (
    "This Blender brings no Python program to set up the engine with: install the engine with "
    "Python 3.11 to 3.13 and name that as your own engine."
)
_RUN = (
    "import runpy, sys; sys.path.insert(0, sys.argv.pop(1)); "
    "runpy.run_module('installer', run_name='__main__')"
)


class SetUp:
    """At most one installer at a time. `told` is its progress; `ended` how the last one ended."""

    def __init__(self) -> None:
        self.told: Told | None = None
        self.ended: Told | None = None
        self.action = ""
        self._watch: _Watch | None = None
        self._then: Callable[[], None] = lambda: None

    @property
    def is_busy(self) -> bool:
        return self.told is not None

    def start(self, order: Order, then: Callable[[], None] = lambda: None) -> None:
        """Begin and return at once; `then` is called when the engine is another one."""
        assert not self.is_busy
        python = find_python()
        if python is None:
            self.ended = Told(1.0, _NO_PYTHON, "error")
            return
        self.ended, self.told = None, Told(0.0, "Preparing")
        self.action, self._then = order.action, then
        self._watch = _Watch(python, order)
        self._watch.start()
        if not bpy.app.background and not bpy.app.timers.is_registered(_tick):
            # the engine has nothing to do with the file: another may be opened meanwhile
            bpy.app.timers.register(_tick, first_interval=TICK_S, persistent=True)

    def cancel(self) -> None:
        """Give up; the installer cleans up by itself."""
        if self._watch is not None:
            self._watch.cancel()
            self._end(Told(1.0, CANCELLED, "cancelled"))

    def pump(self) -> None:
        """Take what the installer has told. Never waits."""
        while self._watch is not None:
            try:
                told = self._watch.told.get_nowait()
            except queue.Empty:
                return
            if not told.ending:
                self.told = told
                continue
            self._end(told)
            if told.ending == "done":
                self._then()

    def run_until_done(self) -> None:
        """For Blender without a window, where timers never run."""
        while self.is_busy:
            self.pump()
            time.sleep(TICK_S / 5)

    def close(self) -> None:
        """Cancel and stop the timer."""
        self.cancel()
        self.ended = None
        if bpy.app.timers.is_registered(_tick):
            bpy.app.timers.unregister(_tick)

    def _end(self, told: Told) -> None:
        self.told, self.ended, self._watch = None, told, None
        looked.forget()


class _Watch(threading.Thread):
    """Starts the installer, which takes its time on some systems, and reads what it tells."""

    def __init__(self, python: Path, order: Order) -> None:
        super().__init__(name="mynah-set-up", daemon=True)
        self.told: queue.SimpleQueue[Told] = queue.SimpleQueue()
        self._command = [str(python), "-I", "-B", "-c", _RUN, str(Path(__file__).parent)]
        self._command.append(order.to_json())
        self._is_cancelled = threading.Event()
        self._process: subprocess.Popen[str] | None = None

    def cancel(self) -> None:
        self._is_cancelled.set()
        self._close_pipe()

    def run(self) -> None:
        try:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                encoding="utf-8",
                errors="replace",
                start_new_session=True,  # what ends Blender's group must not keep it from cleaning
                creationflags=subprocess.CREATE_NO_WINDOW if sys.platform == "win32" else 0,
            )
        except OSError as error:
            words = f"Blender's Python can't be run ({error.strerror}: {self._command[0]})."
            self.told.put(Told(1.0, words, "error"))
            return
        if self._is_cancelled.is_set():
            self._close_pipe()
        stray = ""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            try:
                self.told.put(Told.from_json(line))
            except (ValueError, TypeError):  # Python itself has something to say
                stray = line.strip()
        self._process.stdout.close()
        self._process.wait()
        self._close_pipe()
        # of no effect after a proper ending
        words = f"The set-up ended in the middle ({stray or self._process.returncode})."
        self.told.put(Told(1.0, words, "error"))

    def _close_pipe(self) -> None:
        """Tells the installer to stop, if it still runs."""
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(OSError):  # it has ended
                self._process.stdin.close()


set_up = SetUp()


def _tick() -> float | None:
    before = (set_up.told, set_up.ended)
    set_up.pump()
    if before != (set_up.told, set_up.ended):
        _redraw()
    return TICK_S if set_up.is_busy else None


def _redraw() -> None:
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type in {"VIEW_3D", "PREFERENCES"}:
                area.tag_redraw()
