"""Qt as this Maya brings it: PySide2 up to 2024, PySide6 from 2025 on.

The version decides: to try one and fall back on the other has been seen to crash Maya.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from types import ModuleType
from typing import Any

from maya import cmds

_FIRST_WITH_6 = 2025


def qt_module(name: str) -> ModuleType:
    """`qt_module("QtCore")` and the like."""
    return importlib.import_module(f"{'PySide6' if _is_6() else 'PySide2'}.{name}")


def widget_at(pointer: int) -> Any:
    """The QWidget at an address that Maya told."""
    return _shiboken().wrapInstance(pointer, qt_module("QtWidgets").QWidget)


def is_alive(widget: Any) -> bool:
    """Whether Qt has not deleted it yet, as it does with what is in a closed panel."""
    return bool(_shiboken().isValid(widget))


def start_timer(tick: Callable[[], None], interval_ms: int) -> Any:
    """A running QTimer, which calls `tick` on the main thread until its `stop()`."""
    timer = qt_module("QtCore").QTimer()
    timer.setInterval(interval_ms)
    timer.timeout.connect(tick)
    timer.start()
    return timer


def is_mouse_pressed() -> bool:
    """Whether something is being dragged, and a tool's undo chunk may be open; never without
    windows."""
    if cmds.about(batch=True):
        return False
    buttons = qt_module("QtGui").QGuiApplication.mouseButtons()
    return bool(buttons != qt_module("QtCore").Qt.MouseButton.NoButton)


def _is_6() -> bool:
    return int(cmds.about(majorVersion=True)) >= _FIRST_WITH_6


def _shiboken() -> ModuleType:
    return importlib.import_module("shiboken6" if _is_6() else "shiboken2")
