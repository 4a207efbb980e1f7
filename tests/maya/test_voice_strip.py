"""The voice over the timeline: what is drawn, what a click does, and what Maya tells of changes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.maya.faces import PLUGIN, make_face, make_head, until
from tests.maya.test_voice_lines import TEXT, bake

WIDTH, HEIGHT, MARGIN = 486, 72, 3


@pytest.fixture
def hero(app: Any) -> None:
    """A line of two seconds from frame 10 on, in a playback range of 1 to 120."""
    from maya import cmds

    cmds.loadPlugin(str(PLUGIN))
    make_face()
    make_head()
    cmds.group("face", "head", name="hero")
    bake(start=10)
    cmds.select(clear=True)


@pytest.fixture
def strip(app: Any, hero: None) -> Iterator[Any]:
    from mynah_maya.session import Session
    from mynah_maya.ui.voice_strip import VoiceStrip

    made = VoiceStrip(Session())
    made.resize(WIDTH, HEIGHT)
    made.show()
    app.processEvents()
    yield made
    made.close()
    made.deleteLater()
    app.processEvents()


def lines(strip: Any) -> list[str]:
    return [line.shown.line for line in strip.track.lines]


def x_of(frame: float, first: float = 1, last: float = 120) -> float:
    """The middle of a frame: the last one is as wide as the others."""
    return MARGIN + (frame + 0.5 - first) / (last + 1 - first) * (WIDTH - 2 * MARGIN)


def mouse(strip: Any, what: str, x: float, y: float = 50, *, is_held: bool = True) -> None:
    from mynah_maya.qt import qt_module

    core, gui = qt_module("QtCore"), qt_module("QtGui")
    kind = getattr(core.QEvent.Type, what)
    button = core.Qt.MouseButton.LeftButton
    held = button if is_held else core.Qt.MouseButton.NoButton
    place = core.QPointF(x, y)
    event = gui.QMouseEvent(kind, place, place, button, held, core.Qt.KeyboardModifier.NoModifier)
    core.QCoreApplication.sendEvent(strip, event)


def picture(strip: Any) -> Any:
    return strip.grab().toImage()


def now() -> float:
    from maya import cmds

    return cmds.currentTime(query=True)


def played() -> tuple[float, float]:
    from maya import cmds

    return (
        cmds.playbackOptions(query=True, minTime=True),
        cmds.playbackOptions(query=True, maxTime=True),
    )


# --- what is drawn --------------------------------------------------------------------------------


def test_phones_stand_at_their_frames(strip: Any) -> None:
    from maya import cmds

    cmds.playbackOptions(minTime=10, maxTime=57)
    image = picture(strip)
    y = HEIGHT - MARGIN - 3
    closed, vowel, silence = (
        image.pixelColor(round(x_of(frame, 10, 57)), y) for frame in (23, 27, 12)
    )
    assert closed.red() > 180 > closed.blue(), "m is not in the colour of closed lips"
    assert vowel.red() < 100 < vowel.green()
    assert abs(silence.red() - silence.green()) < 12, "silence has a colour"


@pytest.mark.parametrize(
    ("height", "expected"),
    [(66, (15, 34, 17)), (41, (0, 24, 17)), (28, (0, 11, 17)), (14, (0, 0, 14))],
)
def test_a_low_strip_gives_up_the_title_first(app: Any, height: float, expected: Any) -> None:
    from mynah_maya.ui.voice_picture import lay_out

    (lane,) = lay_out(height, 1)
    assert (lane.title, lane.wave, lane.phones) == expected
    assert lane.height == height


def test_lines_that_overlap_lie_below_one_another(strip: Any) -> None:
    from mynah_maya.ui.voice_picture import lanes_of, lay_out

    bake(line="second", start=40, seed=1)
    bake(line="third", start=70)
    strip.track.read()
    assert lanes_of(strip.track.lines) == [0, 1, 0]
    upper, lower = lay_out(66, 2)
    assert upper.height + 2 == lower.top
    assert strip.line_at(x_of(50), MARGIN + 5).shown.line == "line"
    assert strip.line_at(x_of(50), MARGIN + lower.top + 5).shown.line == "second"
    assert len(lay_out(20, 3)) == 1, "three rows in 20 pixels"
    assert not picture(strip).isNull()


@pytest.mark.parametrize(("first", "last"), [(1, 120), (1, 4000), (30, 33), (500, 600)])
def test_it_is_drawn_at_any_scale(strip: Any, first: float, last: float) -> None:
    from maya import cmds

    cmds.playbackOptions(minTime=first, maxTime=last)
    assert not picture(strip).isNull()


def test_a_line_that_is_unsure_and_one_that_heard_nothing_are_drawn(strip: Any) -> None:
    bake(line="unsure", start=60, text=TEXT.replace("0.82", "0.41"))
    bake(line="mute", start=120, text='{"loudness_fps":50,"loudness":"AAAA","phones":[]}')
    bake(line="deaf", start=180, text='{"loudness_fps":50,"loudness":"","phones":[[0,1,"AA"]]}')
    strip.track.read()
    assert len(strip.track.lines) == 4
    assert not picture(strip).isNull()


def test_without_lines_it_is_low_and_says_so(app: Any) -> None:
    from mynah_maya.session import Session
    from mynah_maya.ui.voice_strip import VoiceStrip

    strip = VoiceStrip(Session())
    strip.show()
    assert lines(strip) == []
    assert strip.sizeHint().height() == strip.minimumHeight()
    assert not picture(strip).isNull()
    strip.close()


def test_what_is_under_the_pointer(strip: Any) -> None:
    words = strip._words_at(x_of(23), 50)
    assert words.startswith("line, frame 23, heard: m, the line's phones are 82% sure")
    assert "heard" not in strip._words_at(x_of(12), 50).partition("\n")[0]
    assert "double-click" in strip._words_at(x_of(100), 50)


# --- what the artist does -------------------------------------------------------------------------


def test_a_drag_sets_the_time_with_sound_and_is_no_step_for_undo(strip: Any, maya: Any) -> None:
    from maya import cmds

    name = cmds.undoInfo(query=True, undoName=True)
    mouse(strip, "MouseButtonPress", x_of(30))
    assert now() == 30
    assert maya.is_scrubbing
    mouse(strip, "MouseMove", x_of(41))
    assert now() == 41
    mouse(strip, "MouseMove", -50)
    assert now() == 1, "outside of the playback range"
    mouse(strip, "MouseMove", 2 * WIDTH)
    assert now() == 120
    mouse(strip, "MouseButtonRelease", 2 * WIDTH, is_held=False)
    assert not maya.is_scrubbing
    mouse(strip, "MouseMove", x_of(30), is_held=False)
    assert now() == 120, "the pointer only passed by"
    assert cmds.undoInfo(query=True, undoName=True) == name


def test_a_double_click_plays_the_line_and_another_one_what_was_played(strip: Any) -> None:
    from maya import cmds

    mouse(strip, "MouseButtonDblClick", x_of(30))
    assert played() == (10, 58)
    assert strip.track.first == 10
    mouse(strip, "MouseButtonDblClick", x_of(30, 10, 58))
    assert played() == (1, 120)
    mouse(strip, "MouseButtonDblClick", x_of(30))
    mouse(strip, "MouseButtonDblClick", x_of(58, 10, 58))  # beside the line
    assert played() == (1, 120)
    mouse(strip, "MouseButtonDblClick", x_of(100))
    assert played() == (1, 200), "nothing to go back to: the animation range"
    cmds.playbackOptions(minTime=1, maxTime=120)
    mouse(strip, "MouseButtonDblClick", x_of(30))
    cmds.playbackOptions(minTime=20, maxTime=50)  # the artist has chosen another one
    mouse(strip, "MouseButtonDblClick", x_of(30, 20, 50))
    mouse(strip, "MouseButtonDblClick", x_of(30, 10, 58))
    assert played() == (20, 50)


# --- what Maya tells ------------------------------------------------------------------------------


def test_time_and_range_are_followed(strip: Any) -> None:
    from maya import cmds

    cmds.currentTime(42)
    assert strip.track.frame == 42
    cmds.playbackOptions(minTime=20, maxTime=40)
    assert (strip.track.first, strip.track.last) == (20, 40)
    cmds.currentUnit(time="ntsc")
    until(lambda: strip.track.lines[0].shown.start == 12.5, _turn(strip))


def test_the_time_alone_draws_no_line_anew(strip: Any) -> None:
    from maya import cmds

    picture(strip)
    drawn = strip._picture
    cmds.currentTime(42)
    picture(strip)
    assert strip._picture is drawn
    cmds.playbackOptions(minTime=2)
    picture(strip)
    assert strip._picture is not drawn


def test_undo_redo_new_lines_and_another_scene(strip: Any) -> None:
    from maya import cmds

    turn = _turn(strip)
    bake(line="second", start=70)
    until(lambda: lines(strip) == ["line", "second"], turn)
    cmds.undo()
    until(lambda: lines(strip) == ["line"], turn)
    cmds.redo()
    until(lambda: lines(strip) == ["line", "second"], turn)
    cmds.animLayer("mynah_second_0", edit=True, mute=True)
    until(lambda: lines(strip) == ["line"], turn)
    cmds.file(new=True, force=True)
    until(lambda: lines(strip) == [], turn)


def test_keys_that_are_moved_take_the_line_along(strip: Any) -> None:
    from maya import cmds

    from mynah_maya.baking.anim_layers import curves_on

    for curve in curves_on("mynah_line_0"):
        cmds.keyframe(curve, edit=True, relative=True, timeChange=7)
    until(lambda: strip.track.lines[0].shown.start == 17, _turn(strip))


def test_the_selection_is_followed_and_who_is_named_comes_first(app: Any, hero: None) -> None:
    from maya import cmds

    from mynah_maya.session import Session
    from mynah_maya.ui.voice_strip import VoiceStrip

    make_face("other", blend="otherBS")
    make_head("neck")
    cmds.group("other", "neck", name="villain")
    bake("villain", "two", 80)
    cmds.select(clear=True)
    named: list[str] = []
    strip = VoiceStrip(Session(), lambda: named)
    strip.show()
    assert lines(strip) == ["line", "two"]
    cmds.select("neck")
    assert lines(strip) == ["two"]
    named.append("hero")
    strip.track.choose()
    assert lines(strip) == ["line"]
    cmds.select("other")
    assert lines(strip) == ["line"]
    strip.close()


# --- callbacks ------------------------------------------------------------------------------------


def test_nothing_is_left_behind_when_it_is_hidden_or_deleted(app: Any, maya: Any) -> None:
    from mynah_maya import qt
    from mynah_maya.session import Session
    from mynah_maya.ui.voice_strip import VoiceStrip

    session = Session()
    callbacks, jobs = len(maya.callbacks), len(maya.jobs)
    strip = VoiceStrip(session)
    assert len(maya.jobs) == jobs, "it listens before anybody looks"
    for _ in range(2):
        strip.show()
        assert strip.track.is_watching
        assert len(maya.callbacks) == callbacks + 2
        assert len(session.after_line) == 1
        strip.hide()
        assert (len(maya.callbacks), len(maya.jobs)) == (callbacks, jobs)
        assert session.after_line == []
    strip.show()
    maya.jobs.clear()  # a script that kills all jobs
    core = qt.qt_module("QtCore")
    strip.deleteLater()
    core.QCoreApplication.sendPostedEvents(strip, core.QEvent.Type.DeferredDelete)
    assert not qt.is_alive(strip)
    assert (len(maya.callbacks), len(maya.jobs)) == (callbacks, 0)
    assert session.after_line == []


# --- the panel of its own -------------------------------------------------------------------------


@pytest.mark.parametrize("is_docked", [True, False])
def test_its_own_panel_comes_above_the_time_slider(
    app: Any, maya: Any, hero: None, is_docked: bool
) -> None:
    from maya import cmds

    from mynah_maya import qt
    from mynah_maya.ui import voice_dock

    if is_docked:
        cmds.workspaceControl(voice_dock.TIME_SLIDER, label="Time Slider")
    try:
        shown = voice_dock.show()
        assert voice_dock.show() is shown
        assert lines(shown) == ["line"]
        told = maya.widgets[voice_dock.CONTROL]
        assert told.get("dockToControl") == (("TimeSlider", "top") if is_docked else None)
        assert "voice_dock" in told["uiScript"]
    finally:
        voice_dock.close()
    assert not cmds.workspaceControl(voice_dock.CONTROL, exists=True)
    assert not qt.is_alive(shown) or not shown.track.is_watching


def test_the_panel_goes_with_the_plug_in(app: Any, maya: Any, hero: None) -> None:
    from maya import cmds

    from mynah_maya.ui import voice_dock

    voice_dock.show()
    callbacks = len(maya.callbacks)
    cmds.unloadPlugin("mynah_plugin")
    assert not cmds.workspaceControl(voice_dock.CONTROL, exists=True)
    assert len(maya.callbacks) == callbacks - 2
    assert not maya.jobs


def test_frames_stand_above_the_frames_of_the_time_slider(app: Any, maya: Any, hero: None) -> None:
    from mynah_maya import qt
    from mynah_maya.session import Session
    from mynah_maya.ui.voice_dock import slider_edges
    from mynah_maya.ui.voice_strip import VoiceStrip

    shiboken = pytest.importorskip("shiboken2" if sys.version_info < (3, 11) else "shiboken6")
    widgets = qt.qt_module("QtWidgets")
    window = widgets.QWidget()
    window.resize(800, 200)
    slider, strip = widgets.QWidget(window), VoiceStrip(Session(), edges=slider_edges)
    strip.setParent(window)
    strip.setGeometry(0, 0, 800, 72)
    slider.setGeometry(20, 80, 480, 40)
    window.show()
    assert strip.view()[0] == MARGIN, "there is no such slider yet"
    maya.widgets[_slider_name()] = {
        "kind": "timeControl",
        "pointer": shiboken.getCppPointer(slider)[0],
    }
    left, view = strip.view()
    assert (left, view.width) == (20, 480)
    assert strip.frame_at(20 + 480 / 120 * 29.5) == 30
    slider.setGeometry(600, 80, 480, 40)
    assert strip.view()[0] == MARGIN, "the slider is beside it"
    slider.hide()
    assert strip.view()[0] == MARGIN
    window.close()


def _slider_name() -> str:
    from maya import mel

    return mel.eval("$t=$gPlayBackSlider")


def _turn(strip: Any) -> Any:
    from mynah_maya.qt import qt_module

    return qt_module("QtWidgets").QApplication.instance().processEvents
