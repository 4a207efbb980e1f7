"""Lines under way while the artist works on: nothing waits, and whatever happens is survived."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import numpy as np
import pytest

from mynah_shared.errors import EngineUnavailableError
from mynah_shared.protocol import messages as m
from mynah_shared.testing.fake_daemon import FakeDaemon
from tests.maya.faces import PLUGIN, make_clip, make_face, make_voice, until, values_at, wave_of

FRAMES = [10.0 + i for i in range(48)]


class Bar:
    """A progress bar that remembers, and an Esc key."""

    def __init__(self) -> None:
        self.shown: list[tuple[str, float]] = []
        self.escape = False
        self.ended = 0

    def show(self, status: str, fraction: float) -> None:
        self.shown.append((status, fraction))

    def is_cancelled(self) -> bool:
        return self.escape

    def end(self) -> None:
        self.ended += 1


class Timer:
    """A QTimer without Qt: its test calls it."""

    made: ClassVar[list[Timer]] = []

    def __init__(self) -> None:
        self.timeout, self.slots, self.running = self, [], False
        self.interval = 0
        Timer.made.append(self)

    def setInterval(self, interval: int) -> None:
        self.interval = interval

    def connect(self, slot: Callable[[], None]) -> None:
        self.slots.append(slot)

    def start(self) -> None:
        self.running = True

    def stop(self) -> None:
        self.running = False


@pytest.fixture
def qt(monkeypatch: pytest.MonkeyPatch) -> str:
    """A PySide6 whose timer is the one above."""
    import sys

    Timer.made = []
    core = ModuleType("PySide6.QtCore")
    core.QTimer = Timer  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "PySide6", ModuleType("PySide6"))
    monkeypatch.setitem(sys.modules, "PySide6.QtCore", core)
    return "PySide6"


@pytest.fixture
def daemon() -> Iterator[FakeDaemon]:
    with FakeDaemon(step_s=0.001, clip=make_clip(jawOpen=wave_of(48))) as running:
        yield running


@pytest.fixture
def session(maya: Any, qt: str, daemon: FakeDaemon, tmp_path: Path) -> Iterator[Any]:
    """A session in a Maya with windows, with a face and a sound."""
    from maya import cmds

    from mynah_maya.session import Session

    cmds.loadPlugin(str(PLUGIN))
    make_face()
    cmds.sound(file=make_voice(tmp_path / "line.wav"), offset=10, name="line_01")

    def connect() -> Any:
        if daemon.stopped.is_set():
            raise EngineUnavailableError("There is no engine; start one.")
        return daemon.info

    made = Session(connect, Bar())
    yield made
    made.close()


def order(**rest: Any) -> Any:
    from mynah_maya.order import Wish, order_of

    return order_of(Wish(audio="line_01", characters=("face",), **rest))


def finish(session: Any) -> Any:
    until(lambda: not session.is_busy, session.tick)
    return session.outcomes[-1]


def test_starting_returns_at_once_and_the_timer_does_the_rest(
    session: Any, daemon: FakeDaemon
) -> None:
    # RIVALS: the best rival waits for its service inside of Maya
    daemon.frozen.set()
    begin = time.monotonic()
    session.start(order())
    for _ in range(20):
        session.tick()
    assert time.monotonic() - begin < 5, "a silent engine holds Maya up"
    assert session.is_busy
    (timer,) = Timer.made
    assert timer.running
    daemon.frozen.clear()
    until(lambda: not session.is_busy, timer.slots[0])
    assert not timer.running
    assert np.abs(values_at("faceBS.jawOpen", FRAMES) - wave_of(48)).max() < 0.0101
    assert session._progress.ended > 0
    assert session._progress.shown[-1][0].startswith("Mynah: line_01")


def test_nodes_may_be_renamed_meanwhile(session: Any) -> None:
    from maya import cmds

    session.start(order())
    cmds.rename("face", "visage")
    cmds.rename("faceBS", "visageBS")
    cmds.rename("line_01", "voice")
    cmds.group("visage", name="hero")
    assert finish(session).report is not None
    assert np.abs(values_at("visageBS.jawOpen", FRAMES) - wave_of(48)).max() < 0.0101


def test_a_deleted_character_gets_a_sentence(session: Any) -> None:
    from maya import cmds

    session.start(order())
    cmds.delete("face")
    cmds.polyCube(name="face", constructionHistory=False)  # a namesake is somebody else
    outcome = finish(session)
    assert outcome.is_error
    assert "'face' was deleted while the line was made; nothing was keyed." in outcome.message
    assert not cmds.ls(type="animLayer")


def test_shapes_that_are_locked_meanwhile_are_left_alone(session: Any) -> None:
    from maya import cmds

    session.start(order())
    cmds.setAttr("faceBS.jawLeft", lock=True)
    report = finish(session).report
    assert report.curves == 51
    assert any("jawLeft" in remark for remark in report.remarks)


@pytest.mark.parametrize("how", ["new", "open"])
def test_a_closed_scene_gives_up_the_line(
    session: Any, daemon: FakeDaemon, tmp_path: Path, how: str
) -> None:
    from maya import cmds

    cmds.file(rename=str(tmp_path / "shot.ma"))
    cmds.file(save=True)
    daemon.n_steps, daemon.step_s = 1000, 0.05
    session.start(order())
    until(lambda: daemon.count(m.Submit) > 0, session.tick)
    if how == "new":
        cmds.file(new=True, force=True)
    else:
        cmds.file(str(tmp_path / "shot.ma"), open=True, force=True)
    assert not session.is_busy
    assert "scene was closed" in session.outcomes[-1].message
    until(lambda: daemon.count(m.Cancel) > 0, session.tick)
    assert not cmds.ls(type="animLayer")


def test_a_killed_daemon_gets_a_sentence_and_the_old_take_stays(
    session: Any, daemon: FakeDaemon
) -> None:
    session.start(order())
    finish(session)
    shown = values_at("faceBS.jawOpen", FRAMES)
    daemon.n_steps, daemon.step_s = 1000, 0.05
    session.start(order(strength=2.0))
    until(lambda: daemon.count(m.Submit) > 1, session.tick)
    daemon.close()
    outcome = finish(session)
    assert outcome.is_error
    assert "There is no engine" in outcome.message
    assert np.array_equal(values_at("faceBS.jawOpen", FRAMES), shown)


def test_escape_cancels(session: Any, daemon: FakeDaemon) -> None:
    from maya import cmds

    daemon.n_steps, daemon.step_s = 1000, 0.05
    session.start(order())
    until(lambda: daemon.count(m.Submit) > 0, session.tick)
    session._progress.escape = True
    session.tick()
    assert not session.is_busy
    assert session.outcomes[-1].message == "Cancelled; nothing was changed."
    assert not session.outcomes[-1].is_error
    assert not cmds.ls(type="animLayer")
    assert not Timer.made[0].running


def test_several_lines_at_once_do_not_hold_each_other_up(session: Any, daemon: FakeDaemon) -> None:
    daemon.replies[m.Submit] = lambda message: (
        [m.ErrorReply(m.ErrorCode.bad_audio, "It has no sound.")]
        if isinstance(message, m.Submit) and message.requests[0].seed == 2
        else list(daemon._answer(message))
    )
    for seed in (1, 2, 3):
        session.start(order(seed=seed, line=f"line {seed}"))
    finish(session)
    assert sorted(outcome.is_error for outcome in session.outcomes) == [False, False, True]
    assert any("of 3" in status for status, _share in session._progress.shown)


def test_what_maya_refuses_is_an_outcome_too(session: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from mynah_maya import session as module

    def refuse(*_: Any, **__: Any) -> None:
        raise RuntimeError("Maya said no")

    monkeypatch.setattr(module, "key_line", refuse)
    session.start(order())
    with pytest.raises(RuntimeError, match="Maya said no"):
        finish(session)
    assert not session.is_busy
    assert "could not be keyed: Maya said no" in session.outcomes[-1].message


def test_the_scenes_rate_may_change_meanwhile(session: Any) -> None:
    from maya import cmds

    session.start(order())  # asks for 24 a second, from frame 10
    cmds.currentUnit(time="ntsc")
    assert finish(session).report is not None
    shown = values_at("faceBS.jawOpen", [(10 + i) * 30 / 24 for i in range(48)])
    assert np.abs(shown - wave_of(48)).max() < 0.0101


def test_mayas_own_progress_bar(maya: Any) -> None:
    from maya import cmds, mel

    from mynah_maya.progress import MainProgressBar

    bar = MainProgressBar()
    assert not bar.is_cancelled()
    bar.show("Mynah: line, motion", 0.4)
    main = mel.eval("$t=$gMainProgressBar")
    assert cmds.progressBar(main, query=True, progress=True) == 40
    assert not bar.is_cancelled()
    bar.end()
    bar.end()


@pytest.mark.parametrize(("version", "binding"), [(2024, "PySide2"), (2026, "PySide6")])
def test_the_version_of_maya_chooses_qt(
    maya: Any, version: int, binding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    from mynah_maya.qt import qt_module

    maya.version = version
    for name in ("PySide2", "PySide6"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
        core = ModuleType(f"{name}.QtCore")
        monkeypatch.setitem(sys.modules, f"{name}.QtCore", core)
    assert qt_module("QtCore").__name__ == f"{binding}.QtCore"
