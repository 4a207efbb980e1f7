"""What the list of styles and its dialogs show, and a daemon that gets stuck."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mynah_shared.protocol import messages as m
from mynah_shared.testing.fake_daemon import FakeDaemon
from tests.maya.faces import (
    make_clip,
    until,
    wave_of,
)

CLIP = make_clip(25.0, 90, jawOpen=wave_of(90))


def stuck(daemon: FakeDaemon) -> None:
    """It has watched 3 of 10 frames and gets no further."""
    daemon.replies[m.Submit] = lambda _: [
        m.Accepted((m.JobStatus("job", m.JobState.running),)),
        m.JobEvent("job", 1, m.JobState.running, "capture", 3, 10),
    ]


def wait(app: Any, is_done: Callable[[], bool]) -> None:
    until(is_done, app.processEvents)


def styles_of(window: Any) -> list[str]:
    return [choice.name for choice in window.form.styles.choices]


def row(window: Any, place: int) -> list[str]:
    table = window.form.styles.table
    return [table.item(place, column).text() for column in range(table.columnCount())]


def dialog(app: Any, kind: str) -> Any:
    """The dialog that is open."""
    (found,) = [w for w in app.topLevelWidgets() if type(w).__name__ == kind and w.isVisible()]
    return found
