"""The window on a real Qt without a screen, on the in-memory Maya and a daemon of the tests.

Python 3.10 stands for Maya 2024 with PySide2, every later one for Maya 2025 with PySide6.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mynah_shared.errors import EngineUnavailableError
from mynah_shared.protocol import messages as m
from mynah_shared.setup.status import looked
from mynah_shared.testing.fake_daemon import FakeDaemon
from tests.maya.faces import PLUGIN, make_clip, make_face, make_voice, until, values_at, wave_of

FRAMES = [10.0 + i for i in range(48)]


@pytest.fixture
def daemon() -> Iterator[FakeDaemon]:
    with FakeDaemon(step_s=0.001, clip=make_clip(jawOpen=wave_of(48))) as running:
        running.styles.append(m.StyleEntry("angry", ("loud",), "Shouts.", "", "CC0", 4.0, True))
        yield running


@pytest.fixture
def session(app: Any, daemon: FakeDaemon, tmp_path: Path) -> Iterator[Any]:
    from maya import cmds

    from mynah_maya.session import Session

    cmds.loadPlugin(str(PLUGIN))
    make_face()
    cmds.sound(file=make_voice(tmp_path / "line.wav"), offset=10, name="line_01")

    def connect() -> Any:
        if daemon.stopped.is_set():
            raise EngineUnavailableError("There is no engine; start one.")
        return daemon.info

    made = Session(connect)
    yield made
    made.close()


@pytest.fixture
def window(app: Any, session: Any) -> Iterator[Any]:
    from mynah_maya.ui.window import MynahWindow

    made = MynahWindow(session)
    made.show()
    yield made
    made.close()
    made.deleteLater()
    app.processEvents()


def wait(app: Any, is_done: Callable[[], bool]) -> None:
    """Let Qt's own timers do everything."""
    until(is_done, app.processEvents)


def slow(daemon: FakeDaemon) -> None:
    daemon.n_steps, daemon.step_s = 1000, 0.05


def two_sounds(tmp_path: Path) -> None:
    from maya import cmds

    cmds.sound(file=make_voice(tmp_path / "two.wav"), offset=80, name="line_02")


def cells(window: Any, column: int) -> list[str]:
    table = window.dialogue.table
    return [table.item(row, column).text() for row in range(table.rowCount())]


def bars(window: Any) -> list[int]:
    table = window.dialogue.table
    return [table.cellWidget(row, 3).value() for row in range(table.rowCount())]


def test_the_fields_are_the_line(window: Any, app: Any, daemon: FakeDaemon) -> None:
    from maya import cmds

    from mynah_maya.style_choice import StyleChoice

    form = window.form
    wait(app, lambda: form.styles.library.findData("angry") >= 0)
    assert "loud" in form.styles.library.currentText()
    form.styles.add_button.click()
    form.styles.details.weight.setValue(0.7)
    form.styles.add(StyleChoice("angry", 0.5, "brows"))
    cmds.select("face")
    form.selection_button.click()
    assert form.character.text() == "face"
    cmds.select(clear=True)
    form.voice.setEditText("line_01")
    form.strength.setValue(1.2)
    form.seed.setValue(3)
    form.quality.setCurrentIndex(form.quality.findData("best"))
    assert form.model.count() > 1, "the engine's models are not listed"
    form.model.setCurrentIndex(1)
    form.text.setText("Hello there.")
    form.amounts["lips"].spin.setValue(1.5)
    form.amounts["head"].mute.setChecked(True)
    window.generate_button.click()
    assert window.session.is_busy
    assert not window.generate_button.isEnabled()
    wait(app, lambda: not window.session.is_busy)
    (request,) = next(one for one in daemon.seen if isinstance(one, m.Submit)).requests
    assert request.styles == (m.StyleUse("angry", 0.7), m.StyleUse("angry", 0.5, "brows"))
    assert request.amounts == m.Amounts(lips=1.5, head=0.0)
    assert (request.seed, request.quality) == (3, m.Quality.best)
    assert (request.model, request.text) == (form.model.currentText(), "Hello there.")
    assert request.style_strength == pytest.approx(1.2)
    assert np.abs(values_at("faceBS.jawOpen", FRAMES) - wave_of(48)).max() < 0.0101
    assert "line_01" in window.box.toPlainText()
    assert window.generate_button.isEnabled()


def test_key_style_and_base_layer(window: Any, app: Any) -> None:
    from maya import cmds

    form = window.form
    cmds.select("face")
    assert (form.hold.isHidden(), form.bound.isHidden()) == (True, False)
    assert form.hold_or_bound.text() == "Error"
    form.keys.setCurrentIndex(form.keys.findData("stepped"))
    assert (form.hold.isHidden(), form.bound.isHidden()) == (False, True)
    assert form.hold_or_bound.text() == "Hold"
    form.hold.setValue(2)
    form.on_base.setChecked(True)
    window.generate_button.click()
    wait(app, lambda: not window.session.is_busy)
    assert "on the base layer" in window.box.toPlainText()
    assert not cmds.ls(type="animLayer")
    shown = values_at("faceBS.jawOpen", FRAMES)
    assert np.count_nonzero(np.diff(shown)) <= len(FRAMES) / 2


def test_the_library_has_pictures(
    app: Any, session: Any, daemon: FakeDaemon, tmp_path: Path
) -> None:
    from mynah_maya.qt import qt_module
    from mynah_maya.style_choice import StyleChoice
    from mynah_maya.ui.window import MynahWindow

    picture = qt_module("QtGui").QImage(96, 40, qt_module("QtGui").QImage.Format.Format_RGB32)
    picture.fill(0xFF8040)
    picture.save(str(tmp_path / "angry.png"))
    daemon.pictures["angry"] = (tmp_path / "angry.png").read_bytes()
    window = MynahWindow(session)
    window.form.styles.add(StyleChoice("angry"))
    window.show()
    library = window.form.styles.library
    wait(app, lambda: not library.itemIcon(0).isNull())
    assert library.itemText(0) == "angry  (loud)"
    assert not window.form.styles.table.item(0, 0).icon().isNull(), "the row has no picture"
    window.close()
    window.deleteLater()


def test_an_engine_that_comes_later_is_asked_then(
    app: Any, session: Any, daemon: FakeDaemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    from maya import cmds

    from mynah_maya.ui.window import MynahWindow

    def refuse() -> Any:
        raise EngineUnavailableError("There is no engine; start one.")

    connect = session._connect
    monkeypatch.setattr(session, "_connect", refuse)
    monkeypatch.setenv("MYNAH_ENGINE", sys.executable)  # so that it is not simply missing
    looked.forget()
    window = MynahWindow(session)
    window.show()
    library = window.form.styles.library
    wait(app, lambda: library.currentText() == "No engine has answered")
    assert "There is no engine; start one." in window.box.toPlainText()
    window.box.clear()
    window.hide()
    window.show()  # as a tab that is brought to the front: the same is not told twice
    assert not window.catalog.is_asked
    session.close()
    monkeypatch.setattr(session, "_connect", connect)
    cmds.select("face")
    window.generate_button.click()
    wait(app, lambda: library.findData("angry") >= 0)
    assert "keys on" in window.box.toPlainText()
    window.close()
    window.deleteLater()


def test_progress_is_shown_and_cancel_ends_it(window: Any, app: Any, daemon: FakeDaemon) -> None:
    from maya import cmds

    slow(daemon)
    cmds.select("face")
    window.generate_button.click()
    assert window.cancel_button.isEnabled()
    wait(app, lambda: window.bar.value() > 0)
    assert window.status.text().startswith("Mynah: line_01, ")
    window.cancel_button.click()
    assert not window.session.is_busy
    assert "Cancelled; nothing was changed." in window.box.toPlainText()
    assert not window.cancel_button.isEnabled()
    assert window.bar.isHidden()
    assert not cmds.ls(type="animLayer")


def test_a_wish_that_makes_no_sense_gets_its_sentence(window: Any, app: Any) -> None:
    from mynah_maya.style_choice import StyleChoice

    window.form.character.setText("nobody")
    window.generate_button.click()
    assert "no node, set or namespace 'nobody'" in window.box.toPlainText()
    assert window.generate_button.isEnabled()
    window.form.character.setText("face")
    window.form.styles.add(StyleChoice("D:/takes/a + b.csv"))
    window.generate_button.click()
    assert "There is no style clip 'D:/takes/a + b.csv'" in window.box.toPlainText()


def test_a_lost_engine_gets_its_sentence(window: Any, app: Any, daemon: FakeDaemon) -> None:
    from maya import cmds

    slow(daemon)
    cmds.select("face")
    window.generate_button.click()
    wait(app, lambda: daemon.count(m.Submit) > 0)
    daemon.close()
    wait(app, lambda: not window.session.is_busy)
    assert "Error: 'line_01': There is no engine" in window.box.toPlainText()


def test_the_scenes_dialogue(window: Any, app: Any, tmp_path: Path) -> None:
    two_sounds(tmp_path)
    window.form.character.setText("face")
    window.dialogue.scene_button.click()
    assert cells(window, 0) == ["face", "face"]
    assert cells(window, 1) == ["line_01", "line_02"]
    assert cells(window, 2) == ["not made", "not made"]
    window.dialogue.generate_button.click()
    wait(app, lambda: not window.session.is_busy)
    assert cells(window, 2) == ["done", "done"]
    assert bars(window) == [100, 100]
    assert "2 of 2 lines were made." in window.box.toPlainText()


def test_only_what_was_cancelled_is_tried_again(
    window: Any, app: Any, daemon: FakeDaemon, tmp_path: Path
) -> None:
    two_sounds(tmp_path)
    sheet = tmp_path / "shot.csv"
    sheet.write_text(
        "line,character,audio,quality\none,face,line.wav,normal\ntwo,face,two.wav,draft\n"
    )
    daemon.held.add(m.Quality.draft)
    window.dialogue.read_sheet(sheet)
    assert cells(window, 1) == ["one", "two"]
    assert not window.dialogue.retry_button.isEnabled()
    window.dialogue.generate_button.click()
    wait(app, lambda: cells(window, 2)[0] == "done")
    window.dialogue.cancel_button.click()
    assert cells(window, 2) == ["done", "cancelled"]
    before = daemon.count(m.Submit)
    daemon.held.clear()
    window.dialogue.retry_button.click()
    wait(app, lambda: not window.session.is_busy)
    assert cells(window, 2) == ["done", "done"]
    assert daemon.count(m.Submit) == before + 1


def test_one_row_is_cancelled_and_the_others_go_on(
    window: Any, app: Any, daemon: FakeDaemon, tmp_path: Path
) -> None:
    from maya import cmds

    two_sounds(tmp_path)
    window.form.character.setText("face")
    daemon.held.add(m.Quality.normal)
    window.dialogue.scene_button.click()
    button = window.dialogue.table.cellWidget(0, 4)
    assert not button.isEnabled(), "there is nothing to cancel yet"
    window.dialogue.generate_button.click()
    wait(app, lambda: daemon.count(m.Submit) > 1)
    assert button.isEnabled()
    button.click()
    assert cells(window, 2)[0] == "cancelled"
    assert window.session.is_busy, "the other line was given up, too"
    daemon.held.clear()
    wait(app, lambda: not window.session.is_busy)
    assert cells(window, 2) == ["cancelled", "done"]
    assert bars(window) == [0, 100]
    assert cmds.ls(type="animLayer")
    assert not cmds.ls("mynah_line_01*")
    button.click()  # nothing is under way in this row any more
    window.dialogue.cancel(0)
    assert cells(window, 2) == ["cancelled", "done"]


def test_a_sheet_that_is_wrong_gets_its_sentence(window: Any, tmp_path: Path) -> None:
    sheet = tmp_path / "shot.csv"
    sheet.write_text("line,audio\none,missing.wav\n")
    window.dialogue.read_sheet(sheet)
    assert "'missing.wav' does not exist" in window.box.toPlainText()
    assert window.dialogue.table.rowCount() == 0


def test_closing_the_window_ends_no_line(app: Any, session: Any, daemon: FakeDaemon) -> None:
    from maya import cmds

    from mynah_maya.ui.window import MynahWindow

    daemon.held.add(m.Quality.normal)
    listeners = len(session.after_line)
    first = MynahWindow(session)
    first.show()
    cmds.select("face")
    first.generate_button.click()
    wait(app, lambda: daemon.count(m.Submit) > 0)
    first.close()
    first.deleteLater()
    app.processEvents()
    assert len(session.after_line) == listeners
    assert session.is_busy
    second = MynahWindow(session)
    second.show()
    assert second.cancel_button.isEnabled(), "the line under way is not shown"
    daemon.held.clear()
    second.cancel_button.click()
    assert "Cancelled" in second.box.toPlainText()
    second.close()
    second.deleteLater()


def test_a_window_that_qt_deleted_is_forgotten(app: Any, session: Any) -> None:
    # Maya deletes what is in a panel that is closed, without telling it
    from maya import cmds

    from mynah_maya import qt
    from mynah_maya.order import Wish, order_of
    from mynah_maya.ui.window import MynahWindow

    window = MynahWindow(session)
    window.show()
    cmds.select("face")
    session.start(order_of(Wish()))
    core = qt.qt_module("QtCore")
    window.deleteLater()
    core.QCoreApplication.sendPostedEvents(window, core.QEvent.Type.DeferredDelete)
    assert not qt.is_alive(window)
    wait(app, lambda: not session.is_busy)
    assert session.outcomes[-1].report is not None
    assert not any("_take" in repr(listener) for listener in session.after_line)


@pytest.mark.parametrize("is_docked", [True, False])
def test_it_is_docked_where_maya_has_a_panel(
    app: Any, maya: Any, session: Any, is_docked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    from maya import cmds

    from mynah_maya import qt
    from mynah_maya import session as sessions
    from mynah_maya.ui import dock

    monkeypatch.setattr(sessions, "session", session)
    widgets = qt.qt_module("QtWidgets")
    shiboken = pytest.importorskip("shiboken2" if sys.version_info < (3, 11) else "shiboken6")
    panel = widgets.QWidget()
    widgets.QVBoxLayout(panel)
    if is_docked:
        pointer = shiboken.getCppPointer(panel)[0]
        maya.widgets[dock.CONTROL] = {"kind": "workspaceControl", "pointer": pointer}
    try:
        shown = dock.show()
        assert dock.show() is shown
        assert shown.isWindow() is not is_docked
        assert cmds.workspaceControl(dock.CONTROL, exists=True)
    finally:
        dock.close()
    assert not cmds.workspaceControl(dock.CONTROL, exists=True)
