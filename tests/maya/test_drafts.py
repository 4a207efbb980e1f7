"""A draft first where a line takes long: shown as a take, gone without a trace when the line is
there or given up, and no step for Undo of its own unless the artist worked on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mynah_shared.client import paces
from mynah_shared.errors import EngineUnavailableError
from mynah_shared.protocol import messages as m
from mynah_shared.protocol.messages import Quality
from mynah_shared.testing.fake_daemon import FakeDaemon
from tests.maya.faces import PLUGIN, make_clip, make_face, make_voice, until, values_at

FRAME = 30.0


class NoBar:
    """Nobody looks at it."""

    def show(self, status: str, fraction: float) -> None:
        pass

    def is_cancelled(self) -> bool:
        return False

    def end(self) -> None:
        pass


@pytest.fixture
def daemon(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeDaemon]:
    """An engine of which is known that it takes long; it holds the line itself back."""
    monkeypatch.setattr(paces, "_USUAL_PACE", {Quality.normal: 10.0, Quality.best: 10.0})
    with FakeDaemon(step_s=0.001, clip=make_clip(jawOpen=0.3)) as running:
        running.held = {Quality.best}
        yield running


@pytest.fixture
def session(app: Any, daemon: FakeDaemon, tmp_path: Path) -> Iterator[Any]:
    """A session in a Maya with windows, with a face and a sound at frame 10."""
    from maya import cmds

    from mynah_maya.session import Session

    cmds.loadPlugin(str(PLUGIN))
    make_face()
    cmds.sound(file=make_voice(tmp_path / "line.wav"), offset=10, name="line_01")

    def connect() -> Any:
        if daemon.stopped.is_set():
            raise EngineUnavailableError("There is no engine; start one.")
        return daemon.info

    made = Session(connect, NoBar())
    yield made
    made.close()


def order(**rest: Any) -> Any:
    from mynah_maya.order import Wish, order_of

    wishes = {"style": "tired", "quality": "best"} | rest
    return order_of(Wish(audio="line_01", characters=("face",), **wishes))


def begin(session: Any) -> Any:
    """Until the draft is on show, and the engine works on the line itself; returns the draft."""
    ticket = session.start(order(), shows_draft=True)
    until(lambda: not session.is_busy or session.jobs[ticket].draft is not None, session.tick)
    return session.jobs[ticket].draft


def finish(session: Any, daemon: FakeDaemon, jaw: float = 0.7) -> Any:
    daemon.clip = make_clip(jawOpen=jaw)
    daemon.held.clear()
    until(lambda: not session.is_busy, session.tick)
    return session.outcomes[-1]


def make(session: Any, daemon: FakeDaemon, jaw: float = 0.9, **rest: Any) -> str:
    """A take of another quality, without a draft; returns its layer."""
    session.start(order(**{"quality": "normal"} | rest))
    made = finish(session, daemon, jaw)
    daemon.held, daemon.clip = {Quality.best}, make_clip(jawOpen=0.3)
    return made.report.layer


def jaw() -> float:
    return float(values_at("faceBS.jawOpen", [FRAME])[0])


def layers() -> set[str]:
    from maya import cmds

    return set(cmds.ls(type="animLayer")) - {"BaseAnimation"}


def qualities(daemon: FakeDaemon) -> list[Quality]:
    return [item.requests[0].quality for item in daemon.seen if isinstance(item, m.Submit)]


def state() -> list[str]:
    """All that a draft could leave behind."""
    from maya import cmds

    return sorted(cmds.ls())


def edit(layer: str) -> None:
    """As an artist does it: one value of one key."""
    from maya import cmds

    curve = cmds.animLayer(layer, query=True, animCurves=True)[0]
    cmds.setKeyframe(curve, time=13, value=0.77)


def test_the_draft_is_shown_until_the_line_is_there(session: Any, daemon: FakeDaemon) -> None:
    from maya import cmds

    from mynah_maya.baking.record import all_takes

    before, told = state(), []
    session.after_draft.append(told.append)
    draft = begin(session)
    (take,) = all_takes()
    assert take.tag.draft
    assert take.layer == draft.layer == "mynah_line_01_0_draft"
    assert jaw() == pytest.approx(0.3, abs=0.02)
    assert "(draft on show)" in session.standing()[0]
    assert told == [draft]
    assert "a draft is on the layer 'mynah_line_01_0_draft'" in draft.sentence
    outcome = finish(session, daemon)
    assert outcome.report.layer == "mynah_line_01_0"
    assert qualities(daemon) == [Quality.draft, Quality.best]
    (take,) = all_takes()
    assert not take.tag.draft
    assert layers() == {"mynah_line_01_0"}
    assert jaw() == pytest.approx(0.7, abs=0.02)
    cmds.undo()  # both together are one step
    assert state() == before
    assert jaw() == 0
    cmds.redo()
    assert jaw() == pytest.approx(0.7, abs=0.02)


def test_the_line_takes_the_place_of_draft_and_earlier_take(
    session: Any, daemon: FakeDaemon
) -> None:
    from maya import cmds

    make(session, daemon)
    other = make(session, daemon, 0.5, seed=4)
    cmds.animLayer("mynah_line_01_0", edit=True, mute=False)
    begin(session)
    assert layers() == {"mynah_line_01_0", other, "mynah_line_01_0_draft"}
    assert jaw() == pytest.approx(0.3, abs=0.02)
    outcome = finish(session, daemon)
    assert layers() == {outcome.report.layer, other}
    assert jaw() == pytest.approx(0.7, abs=0.02)
    assert outcome.report.remarks == (f"The take '{other}' was kept and muted.",)
    cmds.undo()
    assert jaw() == pytest.approx(0.5, abs=0.02), "the earlier takes are not back"
    assert layers() == {"mynah_line_01_0", other}


def test_work_on_something_else_meanwhile_is_not_undone(session: Any, daemon: FakeDaemon) -> None:
    from maya import cmds

    begin(session)
    cmds.setKeyframe("faceBS.mouthLeft", time=200, value=0.25)
    finish(session, daemon)
    assert layers() == {"mynah_line_01_0"}
    assert jaw() == pytest.approx(0.7, abs=0.02)
    assert values_at("faceBS.mouthLeft", [200.0])[0] == pytest.approx(0.25)
    cmds.undo()  # the line: its draft is back, on which the key was set
    assert layers() == {"mynah_line_01_0_draft"}
    assert jaw() == pytest.approx(0.3, abs=0.02)
    cmds.undo()  # the artist's key
    cmds.undo()  # the draft
    assert not layers()
    assert jaw() == 0


def test_what_was_there_is_back_after_a_cancel(session: Any, daemon: FakeDaemon) -> None:
    make(session, daemon)
    before = state()
    begin(session)
    assert jaw() == pytest.approx(0.3, abs=0.02)
    session.cancel()
    assert session.outcomes[-1].message == "Cancelled; nothing was changed."
    assert state() == before
    assert jaw() == pytest.approx(0.9, abs=0.02)
    until(lambda: daemon.count(m.Cancel) > 0, session.tick)


def test_after_other_work_a_cancel_takes_the_draft_off_in_a_step(
    session: Any, daemon: FakeDaemon
) -> None:
    from maya import cmds

    make(session, daemon)
    begin(session)
    cmds.setKeyframe("faceBS.mouthLeft", time=200, value=0.25)
    session.cancel()
    assert layers() == {"mynah_line_01_0"}
    assert jaw() == pytest.approx(0.9, abs=0.02), "the earlier take is still muted"
    assert values_at("faceBS.mouthLeft", [200.0])[0] == pytest.approx(0.25)
    cmds.undo()
    assert jaw() == pytest.approx(0.3, abs=0.02)


def test_work_on_a_draft_is_not_lost(session: Any, daemon: FakeDaemon) -> None:
    from maya import cmds

    draft = begin(session)
    edit(draft.layer)
    outcome = finish(session, daemon)
    sentence = "The take 'mynah_line_01_0_draft', which you edited, was kept and muted."
    assert sentence in outcome.report.remarks
    assert layers() == {"mynah_line_01_0", draft.layer}
    assert cmds.animLayer(draft.layer, query=True, mute=True)
    assert jaw() == pytest.approx(0.7, abs=0.02)


def test_a_draft_that_was_worked_on_stays_after_a_cancel(session: Any, daemon: FakeDaemon) -> None:
    draft = begin(session)
    edit(draft.layer)
    session.cancel()
    assert layers() == {draft.layer}
    message = "Cancelled. The draft 'mynah_line_01_0_draft', which you edited, was kept."
    assert session.outcomes[-1].message == message


@pytest.mark.parametrize("how", ["undone", "deleted"])
def test_a_draft_that_is_gone_is_no_matter(session: Any, daemon: FakeDaemon, how: str) -> None:
    from maya import cmds

    draft = begin(session)
    if how == "undone":
        cmds.undo()
    else:
        cmds.delete(draft.layer)
    assert jaw() == 0
    assert finish(session, daemon).report is not None
    assert layers() == {"mynah_line_01_0"}
    assert jaw() == pytest.approx(0.7, abs=0.02)


def test_an_engine_that_is_lost_leaves_no_draft(session: Any, daemon: FakeDaemon) -> None:
    make(session, daemon)
    before = state()
    begin(session)
    daemon.close()
    until(lambda: not session.is_busy, session.tick)
    assert session.outcomes[-1].is_error
    assert "There is no engine" in session.outcomes[-1].message
    assert state() == before
    assert jaw() == pytest.approx(0.9, abs=0.02)


def test_a_locked_layer_stays_and_is_told(session: Any, daemon: FakeDaemon) -> None:
    from maya import cmds

    draft = begin(session)
    cmds.lockNode(draft.layer)
    session.cancel()
    assert "'mynah_line_01_0_draft' could not be taken back: " in session.outcomes[-1].message
    cmds.lockNode(draft.layer, lock=False)


def test_a_closed_scene_takes_its_draft_along(
    session: Any, daemon: FakeDaemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    from maya import cmds

    from mynah_maya import session as sessions

    monkeypatch.setattr(sessions, "take_back", pytest.fail)  # a scene that goes is left alone
    begin(session)
    cmds.file(new=True, force=True)
    assert "scene was closed" in session.outcomes[-1].message


def test_two_lines_with_drafts_do_not_take_each_others_back(
    session: Any, daemon: FakeDaemon
) -> None:
    first = session.start(order(line="one"), shows_draft=True)
    second = session.start(order(line="two", seed=2), shows_draft=True)
    drafts = lambda: [job.draft for job in session.jobs.values()]  # noqa: E731
    until(lambda: all(drafts()), session.tick)
    session.cancel_line(first)
    assert layers() == {"mynah_two_2_draft"}
    assert session.jobs[second].draft is not None
    finish(session, daemon)
    assert layers() == {"mynah_two_2"}


@pytest.mark.parametrize("step", ["a command", "unloading", "a drag"])
def test_within_another_step_nothing_is_undone(
    session: Any, daemon: FakeDaemon, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """Maya is in the middle of it; so the draft is taken off in a step."""
    from maya import cmds

    from mynah_maya import commands, drafts
    from mynah_maya import session as sessions

    monkeypatch.setattr(sessions, "session", session)
    begin(session)
    monkeypatch.setattr(cmds, "undo", pytest.fail)
    if step == "a command":
        cmds.mynahGenerate(cancel=True)
    elif step == "unloading":
        commands.shut_down()
    else:
        monkeypatch.setattr(drafts.qt, "is_mouse_pressed", lambda: True)
        session.cancel()
    assert not layers()
    assert session.outcomes[-1].message == "Cancelled; nothing was changed."


@pytest.mark.parametrize(
    ("wishes", "is_batch"),
    [({"on_base": True}, False), ({"quality": "draft"}, False), ({}, True)],
    ids=["on the base layer", "a draft is wanted", "nobody waits"],
)
def test_these_lines_get_none(
    session: Any, daemon: FakeDaemon, wishes: dict[str, Any], is_batch: bool
) -> None:
    daemon.held.clear()
    session.start(order(**wishes), is_batch=is_batch, shows_draft=not is_batch)
    assert finish(session, daemon).report is not None
    assert qualities(daemon) == [Quality(wishes.get("quality", "best"))]


def test_a_range_that_is_made_anew_has_no_draft(session: Any, daemon: FakeDaemon) -> None:
    from mynah_maya.order import Wish, order_of
    from mynah_maya.redo import Redo

    make(session, daemon)
    wish = Wish(audio="line_01", characters=("face",), style="tired", quality="best")
    redone = order_of(replace(wish, redo_from=20.0, redo_to=40.0))
    assert isinstance(redone.redo, Redo)
    session.start(redone, shows_draft=True)
    assert finish(session, daemon).report is not None
    assert qualities(daemon) == [Quality.normal, Quality.best]
    assert jaw() == pytest.approx(0.7, abs=0.02)


def test_the_pace_is_learned(session: Any, daemon: FakeDaemon) -> None:
    from mynah_maya import drafts

    meta = {"seconds": {"motion": 0.5}, "audio_s": 2.0}
    drafts.paces.note(order().line, meta)
    try:
        assert drafts.draft_of(order(), order().line) is None
    finally:
        drafts.paces.__init__()


def test_the_window_tells_of_the_draft(app: Any, session: Any, daemon: FakeDaemon) -> None:
    from maya import cmds

    from mynah_maya.style_choice import StyleChoice
    from mynah_maya.ui.window import MynahWindow

    window = MynahWindow(session)
    window.show()
    form = window.form
    form.styles.add(StyleChoice("tired"))
    form.quality.setCurrentIndex(form.quality.findData("best"))
    cmds.select("face")
    window.generate_button.click()
    until(lambda: bool(layers()), app.processEvents)
    window.refresh()
    assert "(draft on show)" in window.status.text()
    assert "a draft is on the layer 'mynah_line_01_0_draft'" in window.box.toPlainText()
    daemon.clip = make_clip(jawOpen=0.7)
    daemon.held.clear()
    until(lambda: not session.is_busy, app.processEvents)
    assert layers() == {"mynah_line_01_0"}
    assert "keys on 52 curves" in window.box.toPlainText()
    assert "a draft" not in window.box.toPlainText()
    window.close()
    window.deleteLater()
    app.processEvents()
    assert not session.after_draft


def test_the_record_outlives_saving(session: Any, daemon: FakeDaemon, tmp_path: Path) -> None:
    from maya import cmds

    from mynah_maya.baking.record import all_takes

    begin(session)
    cmds.file(rename=str(tmp_path / "shot.ma"))
    cmds.file(save=True, type="mayaAscii")
    cmds.file(str(tmp_path / "shot.ma"), open=True, force=True)
    (take,) = all_takes()
    assert take.tag.draft
    daemon.held.clear()
    daemon.clip = make_clip(jawOpen=0.6)
    session.start(order())  # made again, the line replaces the draft that was saved
    finish(session, daemon, 0.6)
    (take,) = all_takes()
    assert not take.tag.draft
    assert np.isclose(jaw(), 0.6, atol=0.02)
