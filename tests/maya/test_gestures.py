"""Gestures: passages of files and rigs reach the engine; what a rig shows is read in pieces."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mynah_shared.errors import BadInputError
from mynah_shared.motion.npz import clip_to_npz
from mynah_shared.protocol import messages as m
from mynah_shared.testing.fake_daemon import FakeDaemon
from tests.maya.faces import PLUGIN, make_clip, make_face, make_voice, until, wave_of
from tests.maya.performer import Performer


@pytest.fixture
def daemon() -> Iterator[FakeDaemon]:
    with FakeDaemon(step_s=0.001, n_steps=1) as running:
        yield running


@pytest.fixture
def performer(daemon: FakeDaemon) -> Performer:
    return Performer(daemon)


@pytest.fixture
def session(maya: Any, app: Any, performer: Performer, daemon: FakeDaemon, tmp_path: Path) -> Any:
    """A face with a line at frame 10, and another rig that blinks from frame 201 on."""
    from maya import cmds

    from mynah_maya.session import Session

    cmds.loadPlugin(str(PLUGIN))
    make_face(shapes=("jawOpen", "mouthClose", "browInnerUp"))
    make_face("anna", ("browInnerUp", "eyeBlinkLeft"), blend="annaBS")
    for frame, value in ((201, 0.0), (213, 0.8), (225, 0.2)):
        cmds.setKeyframe("annaBS.eyeBlinkLeft", time=frame, value=value)
    cmds.sound(file=make_voice(tmp_path / "line.wav", 4.0), offset=10, name="line_01")
    made = Session(lambda: daemon.info)
    yield made
    made.close()


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    path = tmp_path / "my nod.npz"
    path.write_bytes(clip_to_npz(make_clip(headPitch=0.2 * wave_of(48))))
    return path


def order(*gestures: Any, **rest: Any) -> Any:
    from mynah_maya.order import Wish, order_of

    return order_of(Wish(audio="line_01", characters=("face",), gestures=gestures, **rest))


def gesture(source: object, *frames: int, part: str = "") -> Any:
    from mynah_maya.gestures import Gesture

    first, last, at_frame = frames
    return Gesture(str(source), first, last, at_frame, part)


def finish(session: Any) -> Any:
    until(lambda: not session.is_busy, session.tick)
    return session.outcomes[-1]


def test_a_file_and_a_rig_reach_the_engine(session: Any, performer: Performer, clip: Path) -> None:
    from maya import cmds

    here = cmds.currentTime(query=True)
    session.start(order(gesture(clip, 13, 25, 34, part="head"), gesture("anna", 201, 225, 58)))
    (job,) = session.jobs.values()
    assert job.stage == "reading"
    assert finish(session).report is not None
    (request,) = performer.requests
    nod, blink = request.gestures
    assert (nod.name, nod.from_s, nod.to_s, nod.at_s, nod.region) == (
        "my nod.npz",
        12 / 24,
        1.0,
        1.0,
        "head",
    )
    assert (blink.name, blink.from_s, blink.to_s, blink.at_s) == ("anna.npz", 0.0, 1.0, 2.0)
    assert performer.sent(nod.clip_sha256).n_frames == 48
    shown = performer.sent(blink.clip_sha256)
    assert (shown.fps, shown.n_frames) == (24.0, 25)
    assert shown.column("eyeBlinkLeft")[[0, 12, 24]] == pytest.approx([0.0, 0.8, 0.2], abs=1e-6)
    assert cmds.currentTime(query=True) == here


def long_order() -> Any:
    return order(gesture("anna", 1, 20000, 58))


def test_reading_a_long_passage_leaves_maya_free_and_can_be_cancelled(
    session: Any, daemon: FakeDaemon
) -> None:
    ticket = session.start(long_order())
    for _ in range(20):
        begin_s = time.perf_counter()
        session.tick()
        assert time.perf_counter() - begin_s < 0.5
    assert session.jobs[ticket].stage == "reading"
    assert 0 < session.jobs[ticket].fraction < 1
    session.cancel_line(ticket)
    assert not session.is_busy
    assert session.outcomes[-1].message == "Cancelled; nothing was changed."
    session.tick()
    assert daemon.count(m.Submit) == 0


@pytest.mark.parametrize(
    ("how", "sentence"),
    [("deleted", "'annaBS' was deleted while its animation was read"), ("closed", "scene was")],
)
def test_what_happens_while_it_is_read(session: Any, how: str, sentence: str) -> None:
    from maya import cmds

    session.start(long_order())
    session.tick()
    if how == "deleted":
        cmds.delete("anna")
    else:
        cmds.file(new=True, force=True)
    outcome = finish(session)
    assert sentence in outcome.message
    assert outcome.report is None
    assert not cmds.ls(type="animLayer")


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        (("anna", 201, 225, 5), "'anna' begins at frame 5, before the line, which begins at frame"),
        (("anna", 225, 201, 40), "'anna' ends at frame 201 and begins at frame 225"),
        (("nobody", 1, 24, 40), "no node, set or namespace 'nobody'"),
        (("gone.npz", 1, 24, 40), "The clip file 'gone.npz' is not at"),
    ],
)
def test_bad_gestures_get_a_sentence(session: Any, wanted: Any, sentence: str) -> None:
    with pytest.raises(BadInputError, match=sentence):
        order(gesture(*wanted))


def test_a_redo_sends_only_the_gestures_of_its_range(
    session: Any, performer: Performer, clip: Path
) -> None:
    session.start(order())
    finish(session)
    pinned = (gesture(clip, 1, 13, 20), gesture("anna", 201, 213, 46))
    session.start(order(*pinned, redo_from=40, redo_to=80))
    assert finish(session).report is not None
    (blink,) = performer.requests[-1].gestures
    assert blink.name == "anna.npz"
    shown = performer.sent(blink.clip_sha256)
    assert shown.column("eyeBlinkLeft")[-1] == pytest.approx(0.8, abs=1e-6)


def test_gestures_in_words() -> None:
    from mynah_maya.gestures import parse_gestures

    words = "D:/my clips/nod 2.csv 1 24 101 head + hero: 200 230 -4"
    assert parse_gestures(words) == (
        gesture("D:/my clips/nod 2.csv", 1, 24, 101, part="head"),
        gesture("hero:", 200, 230, -4),
    )
    assert parse_gestures("  ") == ()
    for bad in ("nod.csv", "nod.csv 1 24", "1 24 101", "nod.csv 1 24 soon", "nod.csv 1 2 3 nose"):
        with pytest.raises(BadInputError, match="is no gesture; write a clip or rig"):
            parse_gestures(bad)


def test_the_rows_of_the_window(session: Any, app: Any, maya: Any, clip: Path) -> None:
    from maya import cmds

    from mynah_maya.ui.line_form import LineForm

    form = LineForm()
    rows = form.gestures
    assert rows.table.isHidden()
    cmds.currentTime(58)
    rows.pin_file(str(clip))
    cmds.select("anna")
    maya.slider_range = (201.0, 226.0)
    rows.rig_button.click()
    rows.table.cellWidget(0, 4).setCurrentIndex(4)
    rows.table.cellWidget(0, 1).setValue(13)
    assert form.wish().gestures == (
        gesture(clip, 13, 25, 58, part="head"),
        gesture("anna", 201, 225, 58),
    )
    rows.table.selectRow(0)
    rows.remove_button.click()
    assert [own.source for own in form.wish().gestures] == ["anna"]
    cmds.select(clear=True)
    rows.rig_button.click()
    assert len(rows.gestures()) == 1
    assert any("Select the rig" in text for kind, text in maya.said if kind == "warning")
    form.deleteLater()


def test_a_command_takes_them_too(session: Any, maya: Any, clip: Path) -> None:
    from maya import cmds

    with pytest.raises(RuntimeError, match="before the line"):
        cmds.mynahGenerate("face", audio="line_01", gesture=f"{clip} 1 24 5 head")
