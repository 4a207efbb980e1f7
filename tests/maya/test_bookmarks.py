"""Bookmarks of the time slider cut one long recording into lines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mynah_shared.errors import BadInputError
from mynah_shared.scene.marker import read_marker
from tests.maya.faces import PLUGIN, make_face, make_voice


@pytest.fixture(autouse=True)
def recording(maya: Any, tmp_path: Path) -> None:
    from maya import cmds

    cmds.loadPlugin(str(PLUGIN))
    make_face("anna", blend="annaBS")
    make_face("ben", blend="benBS")
    cmds.sound(file=make_voice(tmp_path / "session.wav", 5.0), offset=10, name="session")
    cmds.select(clear=True)


def mark(text: str, start: float, stop: float) -> None:
    """As Maya's own bookmark plug-in makes them."""
    from maya import cmds

    node = cmds.createNode("timeSliderBookmark")
    cmds.setAttr(f"{node}.name", text, type="string")
    cmds.setAttr(f"{node}.timeRangeStart", start)
    cmds.setAttr(f"{node}.timeRangeStop", stop)


def orders(*characters: str) -> Any:
    from mynah_maya.batch import orders_of_bookmarks
    from mynah_maya.order import Wish

    return orders_of_bookmarks(Wish(characters=characters or ("anna", "ben")))


def test_each_bookmark_is_a_line_of_its_speaker() -> None:
    mark("Ben: good bye", 82, 106)
    mark("Anna", 34, 58)
    mark("-", 58, 70)
    mark("Anna", 106, 110)
    made, faults = orders()
    assert faults == []
    assert [(one.name, one.character.name) for one in made] == [
        ("session 1", "anna"),
        ("good bye", "ben"),
        ("session 2", "anna"),
    ]
    assert (made[0].line.start_s, made[0].line.end_s) == (pytest.approx(1), pytest.approx(2))
    assert made[0].scene_s == pytest.approx(34 / 24)
    assert (made[1].line.start_s, made[1].line.end_s) == (pytest.approx(3), pytest.approx(4))


def test_one_that_begins_before_the_sound_begins_with_it() -> None:
    mark("Anna: early", 4, 34)
    (made,), _faults = orders()
    assert (made.line.start_s, made.scene_s) == (0.0, pytest.approx(10 / 24))


def test_one_speaker_needs_no_name() -> None:
    mark("hello there", 34, 58)
    (made,), _faults = orders("anna")
    assert (made.name, made.character.name) == ("hello there", "anna")


def test_what_can_not_be_made_gets_its_sentence() -> None:
    with pytest.raises(BadInputError, match="The time slider has no bookmark"):
        orders()
    mark("Zoe: hello", 34, 58)
    mark("Anna: too early", 1, 9)
    made, faults = orders()
    assert made == []
    assert "nothing of 'session.wav' is heard there" in faults[0]
    assert "no node, set or namespace 'Zoe'" in faults[1]


def test_without_the_bookmarks_plug_in(monkeypatch: pytest.MonkeyPatch) -> None:
    from maya import cmds

    from mynah_maya.scene_reader import bookmarks

    def refuse(**_flags: Any) -> Any:
        raise RuntimeError("Unknown object type: timeSliderBookmark")

    monkeypatch.setattr(cmds, "ls", refuse)
    assert bookmarks() == []


def test_the_command_takes_them() -> None:
    from maya import cmds

    mark("Anna: hello", 1, 5)
    with pytest.raises(RuntimeError, match="No line can be made"):
        cmds.mynahBatch("anna", bookmarks=True, audio="session")
    with pytest.raises(RuntimeError, match="exclude each other"):
        cmds.mynahBatch("anna", bookmarks=True, sheet="x.csv")


def test_what_a_marker_says() -> None:
    assert read_marker(" Anna : hello: you ") == ("Anna", "hello: you")
    assert read_marker("Anna") == ("Anna", "")
    assert read_marker("---") == ("", "")
