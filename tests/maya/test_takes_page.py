"""The page of takes, on a real Qt without a screen and a daemon of the tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mynah_shared.testing.fake_daemon import FakeDaemon
from tests.maya.faces import PLUGIN, make_face, make_voice, until, values_at
from tests.maya.performer import Performer

FRAMES = [10.0 + i for i in range(96)]


@pytest.fixture
def daemon() -> Iterator[FakeDaemon]:
    with FakeDaemon(step_s=0.001, n_steps=1) as running:
        yield running


@pytest.fixture
def performer(daemon: FakeDaemon) -> Performer:
    return Performer(daemon)


@pytest.fixture
def window(app: Any, performer: Performer, daemon: FakeDaemon, tmp_path: Path) -> Iterator[Any]:
    from maya import cmds

    from mynah_maya.session import Session
    from mynah_maya.ui.window import MynahWindow

    cmds.loadPlugin(str(PLUGIN))
    make_face(shapes=("jawOpen", "mouthClose", "browInnerUp"))
    cmds.sound(file=make_voice(tmp_path / "line.wav", 4.0), offset=10, name="line_01")
    session = Session(lambda: daemon.info)
    made = MynahWindow(session)
    made.show()
    made.form.character.setText("face")
    made.form.voice.setEditText("line_01")
    yield made
    made.close()
    made.deleteLater()
    session.close()
    app.processEvents()


@pytest.fixture
def page(window: Any, app: Any) -> Any:
    """The page in front, with two takes of which the second shows."""
    press(window, app, window.generate_button)
    window.open_page("takes")
    press(window, app, window.takes.new_button)
    return window.takes


def press(window: Any, app: Any, button: Any) -> None:
    """A click, and the line that it begins."""
    assert button.isEnabled()
    button.click()
    assert window.session.is_busy, window.takes.box.toPlainText()
    wait(app, lambda: not window.session.is_busy)
    window.refresh()


def wait(app: Any, is_done: Callable[[], bool]) -> None:
    until(is_done, app.processEvents)


def rows(page: Any) -> list[tuple[str, ...]]:
    table = page.table
    return [
        tuple(table.item(row, column).text() for column in range(4))
        for row in range(table.rowCount())
    ]


def brows() -> np.ndarray:
    return values_at("faceBS.browInnerUp", FRAMES)


def test_a_new_take_has_the_next_seed_and_shows(page: Any, performer: Performer) -> None:
    assert [request.seed for request in performer.requests] == [0, 1]
    assert rows(page) == [("", "line_01", "0", "neutral"), ("●", "line_01", "1", "neutral")]
    assert page.table.item(1, 4).text()[:2] == "20"
    assert page.title.text() == "2 takes of 1 line."
    assert np.abs(brows() - performer.clip(1).column("browInnerUp")).max() < 0.0101


def test_previous_next_and_show(page: Any, performer: Performer) -> None:
    from maya import cmds

    page.previous_button.click()
    assert [row[0] for row in rows(page)] == ["●", ""]
    assert np.abs(brows() - performer.clip(0).column("browInnerUp")).max() < 0.0101
    assert not page.show_button.isEnabled()
    page.next_button.click()
    assert [row[0] for row in rows(page)] == ["", "●"]
    page.table.selectRow(0)
    page.show_button.click()
    assert [row[0] for row in rows(page)] == ["●", ""]
    cmds.undo()
    page.look()
    assert [row[0] for row in rows(page)] == ["", "●"]


def test_an_edited_take_is_deleted_only_after_a_question(page: Any, maya: Any) -> None:
    from maya import cmds

    page.delete_button.click()  # nothing in it: no question
    assert [row[:3] for row in rows(page)] == [("●", "line_01", "0")]
    cmds.undo()
    page.look()
    edited = cmds.animLayer("mynah_line_01_1", query=True, animCurves=True)[0]
    cmds.keyframe(edited, edit=True, relative=True, valueChange=0.125)
    page.table.selectRow(1)
    maya.answers.append("Cancel")
    page.delete_button.click()
    assert len(rows(page)) == 2
    maya.answers.append("Delete")
    page.delete_button.click()
    assert len(rows(page)) == 1
    questions = [text for kind, text in maya.said if kind == "dialog"]
    assert questions == [
        "Delete the take 'mynah_line_01_1'? What was edited in it goes with it."
    ] * len(questions)
    assert len(questions) == 2


def test_a_range_of_the_slider_is_redone(
    window: Any, page: Any, app: Any, maya: Any, performer: Performer
) -> None:
    maya.slider_range = (40.0, 71.0)
    page.slider_button.click()
    assert (page.first.value(), page.last.value()) == (40, 70)
    before = brows()
    press(window, app, page.redo_button)
    request = performer.requests[-1]
    assert (request.redo_start_s, request.redo_end_s, request.seed) == (30 / 24, 60 / 24, 2)
    after = brows()
    outside = [frame for frame, at in enumerate(FRAMES) if not 40 < at < 70]
    assert np.abs(after - before)[outside].max() < 1e-6
    assert np.abs(after - before).max() > 0.1
    assert "on the layer 'mynah_line_01_1'" in page.box.toPlainText()


def test_cancelling_a_redo_leaves_the_take(
    window: Any, page: Any, app: Any, daemon: FakeDaemon
) -> None:
    daemon.n_steps, daemon.step_s = 1000, 0.05
    before = brows()
    page.first.setValue(40)
    page.last.setValue(70)
    page.redo_button.click()
    assert window.session.is_busy
    assert not page.redo_button.isEnabled() or window.session.is_busy
    window.session.cancel()
    assert np.array_equal(brows(), before)
    assert "Cancelled" in page.box.toPlainText()


def test_what_can_not_be_done_is_told_on_the_page(page: Any) -> None:
    from maya import cmds

    page.first.setValue(500)
    page.last.setValue(600)
    page.redo_button.click()
    assert "hold less than three frames of the line 'line_01'" in page.box.toPlainText()
    cmds.delete("mynah_line_01_1")
    page.delete_button.click()
    assert "This take was deleted meanwhile" in page.box.toPlainText()
    cmds.setAttr("mynah_line_01_0.mute", lock=True)
    page.show_button.click()
    assert "can't be unmuted" in page.box.toPlainText()


def test_what_is_muted_renamed_or_deleted_by_hand_is_seen(page: Any, app: Any) -> None:
    from maya import cmds

    cmds.animLayer("mynah_line_01_1", edit=True, mute=True)
    page.look()
    assert [row[0] for row in rows(page)] == ["", ""]
    assert not page.redo_button.isEnabled()
    cmds.file(new=True, force=True)
    page.look()
    assert rows(page) == []
    assert "no node, set or namespace 'face'" in page.title.text()
