"""A character's own mapping in the scene, and poses that try it and leave no trace."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mynah_shared.errors import BadInputError
from mynah_shared.rig.edit import with_weight
from tests.maya.faces import PLUGIN, make_clip, make_face, make_head, values_at, wave_of
from tests.maya.test_baking import FRAMES, bake, clip_of_talk


@pytest.fixture(autouse=True)
def plugin(maya: Any) -> None:
    from maya import cmds

    cmds.loadPlugin(str(PLUGIN))


def rig_of(*names: str) -> Any:
    from mynah_maya.character import find_character, read_rig

    return read_rig(find_character(names))


def halve(*names: str) -> None:
    from mynah_maya.rig_mapping import keep_mapping, mapping_of

    rig = rig_of(*names)
    keep_mapping(rig, with_weight(mapping_of(rig), "jawOpen", "jawOpen", 0.5))


def saved(path: Path) -> Any:
    """All of the scene as it is saved, whatever the order of its connections."""
    from maya import cmds

    cmds.file(rename=str(path))
    cmds.file(save=True, type="mayaAscii")
    return json.loads(path.read_text(encoding="utf-8"))


def test_it_is_used_saved_and_undone(tmp_path: Path) -> None:
    from maya import cmds

    from mynah_maya.rig_mapping import own_mapping

    make_face()
    halve("face")
    clip = clip_of_talk()
    bake(clip)
    half = 0.5 * clip.column("jawOpen")
    assert np.abs(values_at("faceBS.jawOpen", FRAMES) - half).max() < 0.0101
    cmds.undo()
    cmds.rename("faceBS", "renamedBS")
    saved(tmp_path / "shot.ma")
    cmds.file(str(tmp_path / "shot.ma"), open=True, force=True)
    own = own_mapping(rig_of("face"))
    assert own is not None
    assert own.weights["jawOpen"] == {"jawOpen": 0.5}
    cmds.mynahMap("face", automatic=True)
    assert own_mapping(rig_of("face")) is None
    cmds.undo()
    assert own_mapping(rig_of("face")) is not None


def test_each_character_has_its_own() -> None:
    from mynah_maya.rig_mapping import own_mapping

    make_face("one", blend="oneBS")
    make_face("two", blend="twoBS")
    halve("one")
    assert own_mapping(rig_of("one")) is not None
    assert own_mapping(rig_of("oneBS")) is not None, "known by its node, however it was chosen"
    assert own_mapping(rig_of("two")) is None


def test_a_referenced_character_has_one_too(tmp_path: Path) -> None:
    from maya import cmds

    from mynah_maya.rig_mapping import own_mapping

    make_face()
    saved(tmp_path / "hero.ma")
    cmds.file(new=True, force=True)
    cmds.file(str(tmp_path / "hero.ma"), reference=True, namespace="hero")
    halve("hero:")
    bake(clip_of_talk(), names=("hero:",))
    assert values_at("hero:faceBS.jawOpen", FRAMES).max() < 0.5
    assert own_mapping(rig_of("hero:")) is not None


def test_one_that_was_spoilt_gets_its_sentence() -> None:
    from maya import cmds

    make_face()
    halve("face")
    (home,) = cmds.ls(type="network")
    cmds.setAttr(f"{home}.mynahMapping", "{", type="string")
    with pytest.raises(BadInputError, match=r"kept in 'mynah_mapping' can't be read"):
        bake(clip_of_talk())


def test_a_file_is_kept_with_the_character(tmp_path: Path) -> None:
    from maya import cmds

    from mynah_maya.rig_mapping import mapping_of, own_mapping

    make_face()
    halve("face")
    cmds.mynahMap("face", save=str(tmp_path / "hero.json"))
    cmds.mynahMap("face", automatic=True)
    cmds.mynahMap("face", mapping=str(tmp_path / "hero.json"))
    assert own_mapping(rig_of("face")) is None, "only looked at"
    cmds.mynahMap("face", mapping=str(tmp_path / "hero.json"), keep=True)
    assert mapping_of(rig_of("face")).weights["jawOpen"] == {"jawOpen": 0.5}
    with pytest.raises(RuntimeError, match="needs a -mapping file"):
        cmds.mynahMap("face", keep=True)


def test_a_test_pose_leaves_the_scene_as_it_was(tmp_path: Path) -> None:
    from maya import cmds

    from mynah_maya.baking.trial import trial
    from mynah_maya.character import find_character

    make_face()
    make_head()
    cmds.parent("head", cmds.group(empty=True, name="hero"))
    cmds.parent("face", "hero")
    cmds.setKeyframe("faceBS.jawOpen", time=5, value=0.2)
    cmds.setKeyframe("hero|head.rotateY", time=1, value=10)
    cmds.setKeyframe("hero|head.rotateY", time=20, value=30)
    bake(make_clip(jawOpen=wave_of(48), headYaw=0.2 * wave_of(48)), names=("hero",))
    cmds.currentTime(20)
    before = saved(tmp_path / "shot.ma")
    shown = {plug: cmds.getAttr(plug) for plug in ("faceBS.jawOpen", "hero|head.rotateY")}
    cmds.select("face")
    undo = cmds.undoInfo(query=True, undoName=True)
    hero = find_character(("hero",))
    trial.show(hero, "jawOpen")
    assert cmds.getAttr("faceBS.jawOpen") == pytest.approx(1.0)
    trial.show(hero, "head turn up")
    assert cmds.getAttr("faceBS.jawOpen") == pytest.approx(shown["faceBS.jawOpen"])
    turned = cmds.getAttr("hero|head.rotateY") - 30
    assert turned == pytest.approx(np.degrees(0.3), abs=0.1), "a third of a radian to the left"
    trial.release()
    assert {plug: cmds.getAttr(plug) for plug in shown} == shown
    assert cmds.undoInfo(query=True, undoName=True) == undo == "select"
    assert not cmds.file(query=True, modified=True)
    assert cmds.ls(selection=True) == ["face"]
    assert saved(tmp_path / "shot.ma") == before
    cmds.undo()
    cmds.redo()
    assert {plug: cmds.getAttr(plug) for plug in shown} == pytest.approx(shown)


def test_a_pose_on_show_is_neither_saved_nor_keyed(tmp_path: Path) -> None:
    from maya import cmds

    from mynah_maya.baking.trial import trial
    from mynah_maya.character import find_character

    make_face()
    before = saved(tmp_path / "shot.ma")
    trial.show(find_character(("face",)), "jawOpen")
    assert saved(tmp_path / "shot.ma") == before
    assert not trial.target
    trial.show(find_character(("face",)), "jawOpen")
    bake(clip_of_talk())
    assert not trial.target
    cmds.undo()
    assert cmds.getAttr("faceBS.jawOpen") == 0
    trial.show(find_character(("face",)), "jawOpen")
    cmds.delete("faceBS")
    trial.release()
    assert not cmds.objExists("faceBS")


def test_what_can_not_be_shown_gets_its_sentence() -> None:
    from mynah_maya.baking.trial import trial
    from mynah_maya.character import find_character

    make_face()
    with pytest.raises(BadInputError, match="not in the mapping any more"):
        trial.show(find_character(("face",)), "wart")
    assert not trial.target
