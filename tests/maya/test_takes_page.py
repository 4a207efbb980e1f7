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
from tests.maya.test_transfer import make_performance

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


# --- what a take was made of ----------------------------------------------------------------------


def last_line(performer: Performer) -> Any:
    return performer.requests[-1]


def test_a_new_take_is_of_the_same_part_of_the_same_file_at_the_same_place(
    window: Any, app: Any, performer: Performer, tmp_path: Path
) -> None:
    """Whatever the fields say by then, and also where the artist has moved the take to."""
    from maya import cmds

    form, place = window.form, window.form.place
    form.voice.setEditText(str(make_voice(tmp_path / "other.wav", 6.0)))
    place.name.setText("greeting")
    place.frame.setText("100")
    place.first.setValue(2.0)
    place.last.setValue(5.0)
    press(window, app, window.generate_button)
    window.refresh()
    assert form.fold_of_place.button.text() == "Name and Cut: greeting, from 2 s to 5 s"
    first = last_line(performer)
    assert (first.audio_name, first.start_s, first.end_s) == ("other.wav", 2.0, 5.0)
    window.open_page("takes")
    (shown,) = window.takes.lines
    assert (shown.line, shown.shown.tag.start_s) == ("greeting", pytest.approx(148 / 24))
    form.voice.setEditText("line_01")
    for field in (place.name, place.frame):
        field.clear()
    place.first.setValue(0.5)
    place.last.setValue(0.0)
    for curve in shown.shown.curves:
        cmds.keyframe(curve, edit=True, relative=True, timeChange=12)
    press(window, app, window.takes.new_button)
    again = last_line(performer)
    assert again.audio_sha256 == first.audio_sha256
    assert (again.start_s, again.end_s, again.seed) == (2.0, 5.0, first.seed + 1)
    (shown,) = window.takes.lines
    assert [take.tag.line for take in shown.takes] == ["greeting", "greeting"]
    assert shown.shown.tag.start_s == pytest.approx(160 / 24)


def test_a_new_take_is_of_the_sound_as_it_lies_there_now(
    window: Any, app: Any, page: Any, performer: Performer
) -> None:
    from maya import cmds

    window.form.voice.setEditText("nowhere.wav")
    window.form.place.first.setValue(3.0)
    cmds.setAttr("line_01.offset", 34)
    press(window, app, page.new_button)
    request = last_line(performer)
    assert (request.audio_name, request.start_s, request.end_s) == ("line.wav", 0.0, 0.0)
    (shown,) = page.lines
    assert (shown.line, len(shown.takes)) == ("line_01", 3)
    assert shown.shown.tag.start_s == pytest.approx(34 / 24)


def test_a_performance_is_performed_again(
    window: Any, app: Any, performer: Performer, tmp_path: Path
) -> None:
    form = window.form
    form.source.setCurrentIndex(1)
    form.performance.path.setText(str(make_performance(tmp_path)))
    form.place.frame.setText("60")
    press(window, app, window.generate_button)
    form.source.setCurrentIndex(0)
    form.place.frame.clear()
    window.open_page("takes")
    press(window, app, window.takes.new_button)
    request = last_line(performer)
    assert (request.is_transfer, request.audio_name) == (True, "take.npz")
    (shown,) = window.takes.lines
    assert [take.tag.source for take in shown.takes] == ["PERFORMANCE"] * 2
    assert shown.shown.tag.start_s == pytest.approx(60 / 24)


def test_a_file_that_is_gone_leaves_it_to_the_fields(
    window: Any, app: Any, performer: Performer, tmp_path: Path
) -> None:
    voice = Path(make_voice(tmp_path / "other.wav", 6.0))
    window.form.voice.setEditText(str(voice))
    press(window, app, window.generate_button)
    voice.unlink()
    window.open_page("takes")
    window.takes.new_button.click()
    assert "is neither a sound of this scene nor a file" in window.takes.box.toPlainText()
    window.form.voice.setEditText("line_01")
    press(window, app, window.takes.new_button)
    assert last_line(performer).audio_name == "line.wav"


def test_keys_may_be_further_off(window: Any, app: Any) -> None:
    """The error of the window is that of the keys, and is told where it is folded away."""

    def n_keys() -> int:
        press(window, app, window.generate_button)
        return sum(len(read_keys(curve)) for curve in window.takes.lines[0].shown.curves)

    from mynah_maya.baking.record import read_keys

    window.open_page("takes")
    exact = n_keys()
    window.form.bound.setValue(0.08)
    window.refresh()
    assert window.form.fold_of_keys.button.text() == "Keys: error 0.08"
    assert n_keys() < 0.8 * exact
