"""What was heard is kept on the take, and found where the line lies and by whom it is said."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mynah_shared.scene.heard import heard_text
from mynah_shared.testing.fake_daemon import HEARD, FakeDaemon
from tests.maya.faces import PLUGIN, make_clip, make_face, make_head, make_voice, wave_of

TEXT = heard_text(
    {
        "heard": {
            "loudness_fps": 50,
            "loudness": base64.b64encode(bytes([0, 128, 255, 255])).decode(),
            "phones": [[0.0, 0.5, "sil"], [0.5, 0.6, "M"], [0.6, 1.5, "AA"], [1.5, 2.0, "sil"]],
            "confidence": 0.82,
        }
    }
)


@pytest.fixture
def hero(maya: Any) -> str:
    from maya import cmds

    cmds.loadPlugin(str(PLUGIN))
    make_face()
    make_head()
    return cmds.group("face", "head", name="hero")


def bake(
    who: str = "hero",
    line: str = "line",
    start: float = 10.0,
    seed: int = 0,
    text: str = TEXT,
    **options: Any,
) -> Any:
    from mynah_maya.baking.line import bake_line
    from mynah_maya.baking.record import Tag
    from mynah_maya.character import find_character
    from mynah_maya.library import Interpolation, KeyStyle

    kind = Interpolation(options.pop("keys", "smooth"))
    tag = Tag(line, "line.wav", seed, heard=text)
    clip = make_clip(jawOpen=wave_of(48), browInnerUp=wave_of(48, 0.7), headYaw=wave_of(48) * 0.2)
    character = find_character((who,))
    return bake_line(character, clip, start / 24, tag, KeyStyle(kind), **options)


def shown() -> list[Any]:
    from mynah_maya.voice_lines import lines_on_show

    return [line.shown for line in lines_on_show()]


# --- from the engine to the take ------------------------------------------------------------------


@pytest.fixture
def daemon() -> Iterator[FakeDaemon]:
    with FakeDaemon(step_s=0.001, clip=make_clip(jawOpen=wave_of(48))) as running:
        yield running


def test_a_take_keeps_what_was_heard(
    app: Any, hero: str, daemon: FakeDaemon, tmp_path: Path
) -> None:
    from maya import cmds

    from mynah_maya.order import Wish, order_of
    from mynah_maya.session import Session

    session = Session(lambda: daemon.info)
    cmds.sound(file=make_voice(tmp_path / "line.wav"), offset=10, name="line_01")
    session.start(order_of(Wish(audio="line_01", characters=("hero",))))
    session.run_until_done()
    session.close()
    cmds.file(rename=str(tmp_path / "shot.ma"))
    cmds.file(save=True, type="mayaAscii")
    cmds.file(new=True, force=True)
    assert shown() == []
    cmds.file(str(tmp_path / "shot.ma"), open=True, force=True)
    (line,) = shown()
    assert json.loads(line.heard) == HEARD
    assert (line.line, line.start, line.frames_per_s, line.last) == ("line_01", 10, 24, 58)


def test_a_take_without_a_voice_has_nothing_to_draw(hero: str) -> None:
    bake(text="")
    assert shown() == []


# --- where the lines lie --------------------------------------------------------------------------


@pytest.mark.parametrize("keys", ["smooth", "linear", "stepped"])
def test_a_line_lies_where_its_keys_are(hero: str, keys: str) -> None:
    bake(start=10.25, keys=keys)
    (line,) = shown()
    assert (line.start, line.first, line.last) == (10.25, 10.25, 58.25)


def test_a_line_follows_keys_that_are_moved_but_not_one_of_them(hero: str) -> None:
    from maya import cmds

    from mynah_maya.baking.anim_layers import curves_on

    layer = bake().layer
    curves = curves_on(layer)
    cmds.setKeyframe("faceBS.jawOpen", time=2, value=0.2, animLayer=layer)
    assert shown()[0].start == 10, "one curve that was edited moved the line"
    cmds.undo()
    for curve in curves:
        cmds.keyframe(curve, edit=True, relative=True, timeChange=30)
    assert shown()[0].start == 40
    for _ in curves:
        cmds.undo()
    assert shown()[0].start == 10


def test_on_the_base_layer_it_lies_where_it_was_keyed(hero: str) -> None:
    from maya import cmds

    cmds.setKeyframe("faceBS.jawOpen", time=1, value=0.25)
    bake(on_base=True)
    (line,) = shown()
    assert line.start == 10


def test_only_takes_that_show_and_that_are_there(hero: str) -> None:
    from maya import cmds

    first = bake().layer
    second = bake(seed=1).layer
    assert len(shown()) == 1, "a muted take is shown"
    cmds.animLayer(first, edit=True, mute=False)
    assert len(shown()) == 2
    cmds.delete(first)
    cmds.animLayer(second, edit=True, mute=True)
    assert shown() == []


def test_another_rate_of_the_scene(hero: str) -> None:
    from maya import cmds

    bake(start=12)
    cmds.currentUnit(time="ntsc")
    (line,) = shown()
    assert (line.start, line.frames_per_s) == (15, 30)


# --- who says them --------------------------------------------------------------------------------


@pytest.fixture
def two(hero: str) -> None:
    """Two characters, each with groups of its own, who say a line each."""
    from maya import cmds

    make_face("other", blend="otherBS")
    make_head("neck")
    cmds.group("other", "neck", name="villain")
    bake("hero", "one", 10)
    bake("villain", "two", 80)


def said_by(*names: str) -> list[str]:
    from mynah_maya.voice_lines import lines_of, lines_on_show, roots_of

    return [line.shown.line for line in lines_of(lines_on_show(), roots_of(names))]


@pytest.mark.parametrize("names", [("hero",), ("face",), ("head",), ("faceBS",)])
def test_the_lines_of_whom_it_is_named(two: None, names: tuple[str, ...]) -> None:
    assert said_by(*names) == ["one"]


def test_the_lines_of_who_is_selected(two: None) -> None:
    from maya import cmds

    cmds.select("neck")
    assert said_by() == ["two"]
    cmds.select("neck", "face")
    assert said_by() == ["one", "two"]
    cmds.select(clear=True)
    assert said_by() == ["one", "two"], "nobody chosen: everybody's"
    cmds.select("persp")
    assert said_by() == ["one", "two"]
    assert said_by("nobody:") == ["one", "two"]


def test_sets_and_controls_beside_the_face(two: None) -> None:
    from maya import cmds

    cmds.sets("neck", name="villain_controls")
    assert said_by("villain_controls") == ["two"]
    cmds.spaceLocator(name="hand")
    cmds.parent("hand", "hero")
    cmds.select("hand")
    assert said_by() == ["one"]


def test_characters_in_namespaces(maya: Any) -> None:
    from maya import cmds

    cmds.loadPlugin(str(PLUGIN))
    for space in ("anna", "bert"):
        cmds.namespace(add=space)
        make_face(f"{space}:face", blend=f"{space}:faceBS")
        make_head(f"{space}:head")
        cmds.spaceLocator(name=f"{space}:hand")
    bake("anna:", "one", 10)
    bake("bert:", "two", 80)
    assert said_by("anna:") == ["one"]
    assert said_by("bert") == ["two"]
    cmds.select("bert:hand")
    assert said_by() == ["two"]
