"""The set-up that Maya watches: with windows a timer looks after it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from maya import cmds

from .. import qt
from ..library import TICK_S, Order, SetUp
from .places import python_for_engine


class MayaSetUp(SetUp):
    """At most one at a time. It goes on when the window is closed or another scene opened."""

    def __init__(self) -> None:
        super().__init__(python_for_engine)
        self._timer: Any = None

    def start(self, order: Order, then: Callable[[], None] = lambda: None) -> None:
        super().start(order, then)
        if self._timer is None and not cmds.about(batch=True):
            self._timer = qt.start_timer(self._tick, round(1000 * TICK_S))

    def close(self) -> None:
        super().close()
        self._stop()

    def _tick(self) -> None:
        self.pump()
        if not self.is_busy:
            self._stop()

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None


set_up = MayaSetUp()
