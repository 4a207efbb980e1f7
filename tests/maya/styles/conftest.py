"""The window beside a daemon that has styles, and a face in the scene."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mynah_shared.protocol import messages as m
from mynah_shared.testing.fake_daemon import FakeDaemon
from tests.maya.faces import (
    PLUGIN,
    make_face,
    make_voice,
    until,
)
from tests.maya.styles.shown import CLIP


@pytest.fixture
def daemon() -> Iterator[FakeDaemon]:
    with FakeDaemon(step_s=0.001, clip=CLIP) as running:
        running.styles.append(m.StyleEntry("angry", ("loud",), "Shouts.", "", "CC0", 4.0, True))
        running.styles.append(m.StyleEntry("villain", (), "", "table read", "ours", 9.0, False))
        yield running


@pytest.fixture
def session(app: Any, daemon: FakeDaemon, tmp_path: Path) -> Iterator[Any]:
    from maya import cmds

    from mynah_maya.session import Session

    cmds.loadPlugin(str(PLUGIN))
    make_face()
    cmds.sound(file=make_voice(tmp_path / "line.wav"), offset=10, name="line_01")
    cmds.select("face")
    made = Session(lambda: daemon.info)
    yield made
    made.close()


@pytest.fixture
def window(app: Any, session: Any) -> Iterator[Any]:
    from mynah_maya.ui.window import MynahWindow

    made = MynahWindow(session)
    made.show()
    until(lambda: made.form.styles.library.findData("villain") >= 0, app.processEvents)
    yield made
    made.close()
    made.deleteLater()
    app.processEvents()


@pytest.fixture
def video(tmp_path: Path) -> Path:
    """What is uploaded; the fake daemon doesn't look at it."""
    folder = tmp_path / "footage"
    folder.mkdir()
    path = folder / "take 3.mov"
    path.write_bytes(os.urandom(300_000))
    return path
