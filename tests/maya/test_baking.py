"""Baking on animation layers: exact, sparse, one step for Undo, and gentle to what is there."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mynah_shared.motion.clip import MotionClip
from mynah_shared.motion.curves import Interpolation, KeyStyle
from tests.maya.faces import PLUGIN, make_clip, make_face, make_head, values_at, wave_of

FRAMES = [10.0 + i for i in range(48)]


@pytest.fixture
def plugin(maya: Any) -> None:
    from maya import cmds

    cmds.loadPlugin(str(PLUGIN))


def clip_of_talk(fps: float = 24.0, rows: int = 48) -> MotionClip:
    return make_clip(
        fps, rows, jawOpen=wave_of(rows, 1.3, fps), browInnerUp=wave_of(rows, 0.6, fps)
    )


def bake(
    clip: MotionClip, *, start: float = 10.0, seed: int = 0, line: str = "line", **rest: Any
) -> Any:
    from mynah_maya.baking.line import bake_line
    from mynah_maya.baking.record import Tag
    from mynah_maya.character import find_character
    from mynah_maya.scene_reader import seconds_of

    names = rest.pop("names", ("face",))
    style = rest.pop("style", KeyStyle())
    tag = Tag(line=line, audio="line.wav", seed=seed)
    return bake_line(find_character(names), clip, seconds_of(start), tag, style, **rest)


@pytest.mark.parametrize("kind", list(Interpolation))
def test_a_line_shows_the_performance(plugin: None, kind: Interpolation) -> None:
    make_face()
    clip = clip_of_talk()
    report = bake(clip, style=KeyStyle(kind))
    for channel in ("jawOpen", "browInnerUp", "mouthSmileLeft"):
        shown = values_at(f"faceBS.{channel}", FRAMES)
        assert np.abs(shown - clip.column(channel)).max() < 0.0101, channel
    assert report.curves == 52
    if kind is not Interpolation.stepped:
        assert report.keys < 0.2 * report.rows * report.curves


def test_between_the_rows_the_curve_is_the_one_that_was_meant(plugin: None) -> None:
    from mynah_shared.motion.curves import sample

    make_face()
    clip = clip_of_talk()
    bake(clip, style=KeyStyle(bound=0.0))
    rows = np.arange(0, 47, 0.25)
    expected = sample(clip.values, rows)[:, clip.channels.index("jawOpen")]
    shown = values_at("faceBS.jawOpen", [10 + row for row in rows])
    assert np.abs(shown - expected).max() < 1e-3


def test_an_arc_between_keys_of_one_value_is_not_held_level(plugin: None) -> None:
    make_face()
    rows = 9
    arc = 0.5 + 0.02 * np.sin(np.pi * np.arange(rows) / (rows - 1))
    arc[[0, -1]] = 0.5
    bake(make_clip(24.0, rows, jawOpen=arc))
    shown = values_at("faceBS.jawOpen", [10.0 + i for i in range(rows)])
    assert np.abs(shown - arc).max() < 0.0101


def test_a_preference_for_weighted_tangents_changes_no_new_curve(plugin: None) -> None:
    from maya import cmds

    make_face()
    cmds.keyTangent(edit=True, **{"global": True}, weightedTangents=True)
    clip = clip_of_talk()
    report = bake(clip)
    shown = values_at("faceBS.jawOpen", FRAMES)
    assert np.abs(shown - clip.column("jawOpen")).max() < 0.0101
    curves = cmds.animLayer(report.layer, query=True, animCurves=True)
    assert not any(cmds.keyTangent(curves, query=True, weightedTangents=True))


def test_a_weighted_curve_of_the_artist_gets_tangents_of_the_right_length(plugin: None) -> None:
    from maya import cmds

    make_face()
    for frame in (1, 9.5, 30, 58, 100):
        cmds.setKeyframe("faceBS.jawOpen", time=frame, value=0.2)
    cmds.keyTangent("faceBS.jawOpen", edit=True, weightedTangents=True)
    clip = clip_of_talk()
    bake(clip, on_base=True)
    assert all(cmds.keyTangent("faceBS.jawOpen", query=True, weightedTangents=True))
    shown = values_at("faceBS.jawOpen", FRAMES)
    assert np.abs(shown - clip.column("jawOpen")).max() < 0.0101
    between = [10.25 + i for i in range(46)]
    cmds.keyTangent("faceBS.jawOpen", edit=True, weightedTangents=False)
    plain = values_at("faceBS.jawOpen", between)
    cmds.undo()
    assert np.abs(values_at("faceBS.jawOpen", between) - plain).max() < 1e-6


def test_one_undo_takes_all_of_it_back_and_redo_makes_it_again(plugin: None) -> None:
    from maya import cmds

    make_face()
    before = set(cmds.ls())
    bake(clip_of_talk())
    after, shown = set(cmds.ls()), values_at("faceBS.jawOpen", FRAMES)
    cmds.undo()
    assert set(cmds.ls()) == before
    assert values_at("faceBS.jawOpen", FRAMES).max() == 0
    cmds.redo()
    assert set(cmds.ls()) == after
    assert np.array_equal(values_at("faceBS.jawOpen", FRAMES), shown)
    cmds.undo()
    assert set(cmds.ls()) == before


def test_keys_of_the_artist_are_there_before_and_after_the_line(plugin: None) -> None:
    from maya import cmds

    make_face()
    for frame, value in ((1, 0.0), (30, 0.9), (100, 0.2)):
        cmds.setKeyframe("faceBS.jawOpen", time=frame, value=value)
    curve = cmds.listConnections("faceBS.jawOpen", type="animCurve")[0]
    outside = [1.0, 3.0, 70.0, 90.0, 100.0]
    before = values_at("faceBS.jawOpen", outside)
    keys = cmds.keyframe(curve, query=True, valueChange=True)
    report = bake(clip_of_talk())
    assert np.abs(values_at("faceBS.jawOpen", outside) - before).max() < 1e-9
    assert cmds.keyframe(curve, query=True, valueChange=True) == keys
    cmds.animLayer(report.layer, edit=True, mute=True)
    assert cmds.getAttr("faceBS.jawOpen", time=30) == pytest.approx(0.9)


def test_two_lines_after_one_another_do_not_hide_each_other(plugin: None) -> None:
    make_face()
    clip = clip_of_talk()
    bake(clip, line="one", start=10)
    bake(clip, line="two", start=100)
    for start in (10, 100):
        shown = values_at("faceBS.jawOpen", [start + i for i in range(48)])
        assert np.abs(shown - clip.column("jawOpen")).max() < 0.0101


def test_a_new_take_replaces_the_old_one_only(plugin: None) -> None:
    from maya import cmds

    from mynah_maya.baking.record import all_takes

    make_face()
    bake(clip_of_talk())
    nodes = len(cmds.ls())
    second = make_clip(jawOpen=1 - wave_of(48))
    report = bake(second)
    assert len(cmds.ls()) == nodes, "something of the old take was left behind"
    (take,) = all_takes()
    assert report.layer == take.layer == "mynah_line_0", "the name is not the old one's"
    assert np.abs(values_at("faceBS.jawOpen", FRAMES) - second.column("jawOpen")).max() < 0.0101
    cmds.undo()
    first = clip_of_talk().column("jawOpen")
    assert np.abs(values_at("faceBS.jawOpen", FRAMES) - first).max() < 0.0101
    (take,) = all_takes()
    assert take.layer == "mynah_line_0"
    cmds.redo()
    assert np.abs(values_at("faceBS.jawOpen", FRAMES) - second.column("jawOpen")).max() < 0.0101


@pytest.mark.parametrize("edit", ["value", "tangent", "key", "plug"])
def test_an_edited_take_is_kept(plugin: None, edit: str) -> None:
    from maya import cmds

    from mynah_maya.baking.record import all_takes

    make_face()
    first = bake(clip_of_talk())
    take = all_takes()[0]
    curve = take.curves[24]
    for own in take.curves:
        if (cmds.keyframe(own, query=True, keyframeCount=True) or 0) > 4:
            curve = own
            break
    if edit == "value":
        cmds.keyframe(curve, edit=True, index=(2, 2), valueChange=0.123)
    elif edit == "tangent":
        cmds.keyTangent(curve, edit=True, index=(2, 2), inAngle=60)
    elif edit == "key":
        cmds.setKeyframe(curve, time=11.5, value=0.3)
    else:
        cmds.spaceLocator(name="other")
        cmds.animLayer(first.layer, edit=True, attribute=["other.translateX"])
        cmds.setKeyframe("other.translateX", time=3, value=1, animLayer=first.layer)
    report = bake(clip_of_talk())
    assert len(all_takes()) == 2
    assert (first.layer, report.layer) == ("mynah_line_0", "mynah_line_0_v2")
    assert cmds.animLayer(first.layer, query=True, mute=True)
    assert any("which you edited, was kept" in remark for remark in report.remarks)


def test_another_seed_is_another_take(plugin: None) -> None:
    from maya import cmds

    make_face()
    first = bake(clip_of_talk(), seed=1)
    second = bake(clip_of_talk(), seed=2)
    assert cmds.animLayer(first.layer, query=True, mute=True)
    assert not cmds.animLayer(second.layer, query=True, mute=True)


def test_records_survive_new_names_and_saving(plugin: None, tmp_path: Any) -> None:
    from maya import cmds

    from mynah_maya.baking.record import all_takes, is_edited

    make_face()
    report = bake(clip_of_talk())
    shown = values_at("faceBS.jawOpen", FRAMES)
    cmds.rename(report.layer, "best_take")
    cmds.rename("faceBS", "headBS")
    cmds.file(rename=str(tmp_path / "scene.ma"))
    cmds.file(save=True)
    cmds.file(new=True, force=True)
    cmds.file(str(tmp_path / "scene.ma"), open=True)
    assert np.abs(values_at("headBS.jawOpen", FRAMES) - shown).max() < 1e-9
    (take,) = all_takes()
    assert take.layer == "best_take"
    assert (take.tag.line, take.tag.audio, take.tag.seed) == ("line", "line.wav", 0)
    assert not is_edited(take)
    bake(clip_of_talk())
    assert len(all_takes()) == 1


def test_a_failed_bake_leaves_the_scene_as_it_was(
    plugin: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from maya import cmds

    from mynah_maya.baking import line

    make_face()
    bake(clip_of_talk())
    nodes, shown = set(cmds.ls()), values_at("faceBS.jawOpen", FRAMES)

    def fail(*_: Any) -> str:
        raise RuntimeError("no room")

    monkeypatch.setattr(line, "make_record", fail)
    with pytest.raises(RuntimeError, match="no room"):
        bake(make_clip(jawOpen=np.ones(48)))
    assert set(cmds.ls()) == nodes
    assert np.array_equal(values_at("faceBS.jawOpen", FRAMES), shown)


def test_a_refused_curve_leaves_no_half_performance(plugin: None) -> None:
    from maya import cmds

    from mynah_maya.baking.anim_curves import KeyEdit, apply
    from mynah_maya.baking.tracks import Keys

    make_face(shapes=("jawOpen", "jawLeft"))
    before = set(cmds.ls())
    two = np.array([1.0, 2.0])
    keys = [
        Keys(f"faceBS.{n}", two, two, two, Interpolation.linear) for n in ("jawOpen", "jawLeft")
    ]
    with pytest.raises(RuntimeError):
        apply(KeyEdit(keys, ["faceBS.jawOpen", "faceBS.nothing"]))
    assert set(cmds.ls()) == before


def test_the_base_layer_on_request_keeps_keys_outside_the_line(plugin: None) -> None:
    from maya import cmds

    from mynah_maya.baking.record import all_takes

    make_face()
    for frame, value in ((1, 0.3), (30, 0.9), (100, 0.2)):
        cmds.setKeyframe("faceBS.jawOpen", time=frame, value=value)
    clip = clip_of_talk()
    for _ in range(2):
        report = bake(clip, on_base=True)
        assert report.layer == ""
        assert np.abs(values_at("faceBS.jawOpen", FRAMES) - clip.column("jawOpen")).max() < 0.0101
        assert cmds.getAttr("faceBS.jawOpen", time=1) == pytest.approx(0.3)
        assert cmds.getAttr("faceBS.jawOpen", time=100) == pytest.approx(0.2)
        assert len(all_takes()) == 1
    assert not cmds.ls(type="animLayer")
    cmds.undo()
    cmds.undo()
    assert cmds.getAttr("faceBS.jawOpen", time=30) == pytest.approx(0.9)


def test_the_selection_and_the_playhead_stay(plugin: None) -> None:
    from maya import cmds

    make_face()
    make_head("other")
    cmds.select("other")
    cmds.currentTime(33)
    bake(clip_of_talk())
    assert cmds.ls(selection=True) == ["other"]
    assert cmds.currentTime(query=True) == 33


def test_curves_that_connect_at_once_are_undone_as_well(maya: Any) -> None:
    from maya import cmds

    maya.options["create connects at once"] = True
    cmds.loadPlugin(str(PLUGIN))
    make_face()
    before = set(cmds.ls())
    clip = clip_of_talk()
    bake(clip)
    assert np.abs(values_at("faceBS.jawOpen", FRAMES) - clip.column("jawOpen")).max() < 0.0101
    cmds.undo()
    assert set(cmds.ls()) == before
    cmds.redo()
    assert np.abs(values_at("faceBS.jawOpen", FRAMES) - clip.column("jawOpen")).max() < 0.0101


def test_without_the_plug_in_a_sentence(maya: Any) -> None:
    from mynah_shared.errors import BadInputError

    make_face()
    with pytest.raises(BadInputError, match="Plug-in Manager"):
        bake(clip_of_talk())


def test_the_base_layer_below_a_take(plugin: None) -> None:
    from maya import cmds

    make_face()
    report = bake(clip_of_talk(), line="above")
    below = make_clip(jawOpen=1 - wave_of(48))
    bake(below, line="below", on_base=True)
    above = clip_of_talk().column("jawOpen")
    assert np.abs(values_at("faceBS.jawOpen", FRAMES) - above).max() < 0.0101
    cmds.animLayer(report.layer, edit=True, mute=True)
    shown = values_at("faceBS.jawOpen", FRAMES)
    assert np.abs(shown - below.column("jawOpen")).max() < 0.0101


def test_a_file_referenced_twice_has_every_uuid_twice(
    plugin: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from maya import cmds

    from mynah_maya.reference import Reference

    make_face()
    found = Reference.to("faceBS")
    cmds.rename("faceBS", "otherBS")
    monkeypatch.setattr(cmds, "ls", lambda *_, **__: ["villain:faceBS", "hero:faceBS"])
    assert found.find() == "otherBS"
    monkeypatch.undo()
    cmds.delete("otherBS")
    assert found.find() is None
    cmds.undo()
    assert found.find() == "otherBS"


@pytest.mark.parametrize("start", [-500.0, 86400.0])
def test_a_take_far_from_the_start_is_not_taken_for_an_edited_one(
    plugin: None, start: float
) -> None:
    from mynah_maya.baking.record import all_takes, is_edited

    make_face()
    bake(clip_of_talk(), start=start)
    (take,) = all_takes()
    assert not is_edited(take)
