"""The doctor: every fault is found and named, each fix mends it in one step for Undo."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mynah_shared.client.examination import EngineState
from tests.maya.faces import PLUGIN, make_face, make_head, make_voice, values_at
from tests.maya.test_baking import FRAMES, bake, clip_of_talk


@pytest.fixture(autouse=True)
def talker(maya: Any, tmp_path: Path) -> str:
    """A face with a head and a line over frames 10 to 57, and the sound of it."""
    from maya import cmds, mel

    cmds.loadPlugin(str(PLUGIN))
    make_face()
    make_head()
    cmds.group("face", "head", name="hero")
    cmds.sound(file=make_voice(tmp_path / "line.wav"), offset=10, name="line")
    slider = mel.eval("$t=$gPlayBackSlider")
    cmds.timeControl(slider, edit=True, sound="line")
    layer = bake(clip_of_talk(), names=("hero",)).layer
    cmds.select(clear=True)
    assert told("hero") == []
    return layer


def told(*names: str) -> list[str]:
    from mynah_maya.doctor.examination import examine

    return [finding.sentence for finding in examine(names)]


def shows() -> bool:
    clip = clip_of_talk()
    return bool(np.abs(values_at("faceBS.jawOpen", FRAMES) - clip.column("jawOpen")).max() < 0.0101)


def mend(part: str, *names: str) -> None:
    """Press the button of the finding with this in its sentence; once undone it is there again."""
    from maya import cmds

    from mynah_maya.doctor.examination import examine, fix_one

    (finding,) = [one for one in examine(names) if part in one.sentence]
    fix_one(finding)
    assert not [one for one in told(*names) if part in one], "not mended"
    cmds.undo()
    assert [one for one in told(*names) if part in one], "not one step for Undo"
    cmds.redo()


def test_muted_layers(talker: str) -> None:
    from maya import cmds

    cmds.animLayer(talker, edit=True, mute=True)
    assert not shows()
    mend("all of its takes are muted")
    assert shows()


def test_another_take_that_shows_is_no_fault(talker: str) -> None:
    bake(clip_of_talk(), names=("hero",), seed=1)
    assert told("hero") == [], "the first take was muted on purpose"


def test_a_layer_above_it_in_the_tree(talker: str, maya: Any) -> None:
    from maya import cmds

    from mynah_maya.doctor import layers
    from mynah_maya.doctor.patient import Layer, read_plays

    (play,) = read_plays()
    group = cmds.animLayer("mine")
    for mode in ({"mute": True}, {"weight": 0.0}):
        cmds.animLayer(group, edit=True, mute=False, weight=1.0)
        cmds.animLayer(group, edit=True, **mode)
        below = type(play)(
            play.tag, play.layer, (Layer.read(group),), play.curves, play.nodes, play.frames
        )
        found = [*layers.check_shown([below]), *layers.check_weight([below])]
        assert len(found) == 1
        assert "'mine'" in found[0].sentence
        assert found[0].fix is not None
        found[0].fix.deed()
        assert not cmds.animLayer(group, query=True, mute=True)
        assert cmds.animLayer(group, query=True, weight=True) == 1.0


def test_solo(talker: str) -> None:
    from maya import cmds

    cmds.animLayer("mine")
    cmds.animLayer("mine", edit=True, solo=True)
    assert not shows()
    mend("'mine' is soloed")
    assert shows()


def test_weight_zero(talker: str) -> None:
    from maya import cmds

    cmds.cutKey(talker, attribute="weight", clear=True)
    cmds.setAttr(f"{talker}.weight", 0)
    assert not shows()
    mend("the weight of its layer")
    assert shows()
    assert cmds.getAttr(f"{talker}.weight", time=1) == 0


def test_locked_layer_is_a_hint_that_asks(talker: str) -> None:
    from maya import cmds

    from mynah_maya.doctor.examination import examine, fix_all
    from mynah_maya.doctor.finding import Severity

    cmds.animLayer(talker, edit=True, lock=True)
    (finding,) = examine()
    assert finding.severity is Severity.hint
    assert finding.fix is not None
    assert finding.fix.asks
    assert fix_all(examine()) == 0
    assert cmds.animLayer(talker, query=True, lock=True)
    mend("is locked: it shows")


def test_an_override_layer_of_the_artist_over_the_line(talker: str) -> None:
    from maya import cmds

    cmds.animLayer("mine", override=True)
    cmds.animLayer("mine", edit=True, attribute=["faceBS.jawOpen"])
    assert told() == ["Your override layer 'mine' lies over 'line' and hides 1 of its attributes."]
    cmds.animLayer("mine", edit=True, mute=True)
    assert told() == []


def test_lines_that_overlap_and_layers_that_lost_something(talker: str) -> None:
    from maya import cmds

    bake(clip_of_talk(), names=("hero",), line="two", start=40)
    assert told() == ["'line' and 'two' overlap from frame 40 to 57: only the upper layer shows."]
    cmds.delete("mynah_two_0")
    curves = cmds.animLayer(talker, query=True, animCurves=True)
    cmds.delete(*curves)
    assert any("has lost its keys" in sentence for sentence in told())


def test_envelope_and_node_state(talker: str) -> None:
    from maya import cmds

    cmds.setAttr("faceBS.envelope", 0)
    mend("envelope of 'faceBS' is 0", "hero")
    cmds.setAttr("faceBS.nodeState", 1)
    mend("have no effect", "hero")


def test_an_envelope_that_something_moves_gets_a_sentence(talker: str) -> None:
    from maya import cmds

    from mynah_maya.doctor.examination import examine, fix_one
    from mynah_shared.errors import BadInputError

    cmds.setAttr("faceBS.envelope", 0)
    cmds.setAttr("faceBS.envelope", lock=True)
    (finding,) = [one for one in examine(("hero",)) if "envelope" in one.sentence]
    with pytest.raises(BadInputError, match=r"'faceBS.envelope' can't be set"):
        fix_one(finding)


def test_locked_and_driven_targets(talker: str) -> None:
    from maya import cmds

    cmds.setAttr("faceBS.mouthClose", lock=True)
    mend("are locked, so lines leave them alone", "hero")
    make_face("twin", ("jawOpen", "mouthSmileLeft"), blend="twinBS")
    cmds.addAttr("head", longName="smile", attributeType="double", keyable=True)
    cmds.connectAttr("head.smile", "twinBS.mouthSmileLeft")
    assert any("moved by a connection" in sentence for sentence in told("twin"))
    cmds.setAttr("head.rotateX", lock=True)
    mend("Locked, and so left alone: 'head.rotateX'", "hero")


def test_a_hidden_face(talker: str) -> None:
    from maya import cmds

    cmds.setAttr("hero.visibility", 0)
    mend("is hidden by 'hero'", "hero")


def test_the_wrong_object(talker: str) -> None:
    from maya import cmds

    cmds.group(empty=True, name="lamp")
    cmds.select("lamp")
    mend("has nothing that can be keyed")
    assert cmds.ls(selection=True) == ["face"]
    assert told("nobody")[0].startswith("There is no node, set or namespace 'nobody'")


def test_a_face_without_known_names_and_one_without_a_head() -> None:
    make_face("stone", ("squish", "wobble"), blend="stoneBS")
    assert any("has a name that Mynah knows" in sentence for sentence in told("stone"))
    assert any("no joint or control for the head" in sentence for sentence in told("face"))


def test_sounds(talker: str, tmp_path: Path) -> None:
    from maya import cmds, mel

    slider = mel.eval("$t=$gPlayBackSlider")
    cmds.timeControl(slider, edit=True, sound="")
    mend("The time slider plays no sound")
    assert cmds.timeControl(slider, query=True, sound=True) == "line"
    cmds.playbackOptions(playbackSpeed=0)
    mend("plays every frame")
    cmds.sound("line", edit=True, mute=True)
    mend("Muted, and so not heard")
    (tmp_path / "line.wav").unlink()
    assert any("has no file 'line.wav'" in sentence for sentence in told())


def test_a_sound_that_was_moved(talker: str) -> None:
    from maya import cmds

    cmds.sound("line", edit=True, offset=30)
    mend("begins at frame 30 and its line at 10")
    clip = clip_of_talk()
    shown = values_at("faceBS.jawOpen", [30.0 + i for i in range(48)])
    assert np.abs(shown - clip.column("jawOpen")).max() < 0.0101


def test_a_line_outside_of_the_range(talker: str) -> None:
    from maya import cmds

    cmds.playbackOptions(minTime=100, maxTime=150)
    mend("Outside of the playback range")
    assert cmds.playbackOptions(query=True, minTime=True) == 10


def test_undo_is_off(talker: str) -> None:
    from maya import cmds

    from mynah_maya.doctor.examination import examine, fix_one

    cmds.undoInfo(state=False)
    (finding,) = examine()
    fix_one(finding)
    assert told() == []


def test_fix_all_is_one_step_and_leaves_what_is_the_artists(talker: str) -> None:
    from maya import cmds

    cmds.animLayer(talker, edit=True, mute=True)
    cmds.setAttr("faceBS.envelope", 0)
    cmds.setAttr("hero.visibility", 0)
    assert len(told("hero")) == 3
    cmds.mynahDoctor("hero", fixAll=True)
    (left,) = told("hero")
    assert "is hidden" in left
    cmds.undo()
    assert len(told("hero")) == 3


def test_the_check_changes_nothing(talker: str, tmp_path: Path) -> None:
    from maya import cmds

    cmds.animLayer(talker, edit=True, mute=True)
    cmds.file(rename=str(tmp_path / "shot.ma"))
    cmds.file(save=True, type="mayaAscii")
    undo = cmds.undoInfo(query=True, undoName=True)
    assert told("hero")
    assert not cmds.file(query=True, modified=True)
    assert cmds.undoInfo(query=True, undoName=True) == undo


def test_the_engine() -> None:
    from mynah_maya.doctor.examination import findings_of_engine

    assert findings_of_engine(EngineState()) == []
    found = findings_of_engine(EngineState(version="0.0.1", n_models=0))
    assert "has no models" in "".join(one.sentence for one in found)
    assert "version 0.0.1 and the plug-in" in "".join(one.sentence for one in found)
    (missing,) = findings_of_engine(EngineState(fault="Mynah's engine is not installed."))
    assert missing.sentence == "Mynah's engine is not installed."


def test_the_command_tells(talker: str, monkeypatch: Any, maya: Any) -> None:
    from maya import cmds

    from mynah_maya import commands

    assert cmds.mynahDoctor("hero") == []
    assert maya.said[-1] == ("info", "Nothing is wrong.")
    state = EngineState(silent_pid=4711)
    monkeypatch.setattr(commands, "look_now", lambda: state)
    (line,) = cmds.mynahDoctor("hero", wait=True)
    assert line.startswith("Hint: The engine that was started as process 4711")
