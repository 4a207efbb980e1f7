"""A range of a take made anew: what lies outside does not move, and the artist's keys survive."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mynah_shared.client.connection_file import write_connection_file
from mynah_shared.errors import BadInputError
from mynah_shared.testing.fake_daemon import FakeDaemon
from tests.maya.faces import PLUGIN, make_face, make_head, make_voice, values_at
from tests.maya.performer import Performer

START = 10.0
FIRST, LAST = 40, 70
EVERYWHERE = np.arange(8, 110, 0.25)
OUTSIDE = EVERYWHERE[(EVERYWHERE <= FIRST) | (EVERYWHERE >= LAST)]
INSIDE = np.arange(FIRST + 6, LAST - 5)
SHAPES = (
    "jawOpen jawLeft mouthClose mouthFunnel mouthPucker mouthLeft mouthRight mouthSmileLeft "
    "mouthSmileRight browInnerUp"
).split()
PLUGS = (
    "faceBS.jawOpen",
    "faceBS.browInnerUp",
    "faceBS.mouthSmileLeft",
    "head.rotateX",
    "head.rotateY",
)


@pytest.fixture
def performer(mynah_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Performer]:
    monkeypatch.setenv("MYNAH_ENGINE", str(mynah_home / "no-engine"))
    with FakeDaemon(step_s=0.001, n_steps=1) as running:
        write_connection_file(running.info)
        yield Performer(running)


@pytest.fixture
def scene(mayapy: Any, performer: Performer, tmp_path: Path) -> Iterator[Path]:
    """A face with a head and a sound of four seconds, in a Maya without windows."""
    from maya import cmds

    cmds.loadPlugin(str(PLUGIN))
    make_face(shapes=SHAPES)
    make_head()
    cmds.group("face", "head", name="hero")
    cmds.sound(file=make_voice(tmp_path / "line.wav", 4.0), offset=START, name="line_01")
    cmds.select("hero")
    yield tmp_path
    cmds.unloadPlugin("mynah_plugin", force=True)


def generate(**flags: Any) -> str:
    from maya import cmds

    return str(cmds.mynahGenerate("hero", audio="line_01", **flags))


def redo(first: float = FIRST, last: float = LAST, **flags: Any) -> str:
    return generate(redoFrom=first, redoTo=last, **flags)


def seen(frames: Any = EVERYWHERE) -> np.ndarray:
    return np.stack([values_at(plug, frames) for plug in PLUGS])


def curve(plug: str = "faceBS.jawOpen", layer: str = "mynah_line_01_0") -> str:
    from mynah_maya.baking.anim_layers import curve_of

    return curve_of(layer, plug)


def keys(name: str) -> list[tuple[float, float]]:
    from maya import cmds

    frames = cmds.keyframe(name, query=True, timeChange=True)
    return list(zip(frames, cmds.keyframe(name, query=True, valueChange=True), strict=True))


@pytest.mark.parametrize(
    "style",
    [{}, {"keyStyle": "linear"}, {"keyStyle": "stepped", "holdFrames": 2}],
    ids=["smooth", "linear", "stepped"],
)
def test_outside_of_the_range_nothing_moves(
    scene: Path, performer: Performer, style: dict[str, Any]
) -> None:
    layer = generate(**style)
    before, keyed = seen(OUTSIDE), keys(curve())
    assert redo() == layer
    assert np.abs(seen(OUTSIDE) - before).max() < 1e-6
    wanted = performer.clip(1).column("jawOpen")[INSIDE - int(START)]
    shown = values_at("faceBS.jawOpen", INSIDE)
    if style.get("keyStyle") == "stepped":
        # each pose that is held is one of the new performance
        poses = performer.clip(1).column("jawOpen")
        assert np.abs(shown[:, None] - poses[None]).min(axis=1).max() < 1e-5
    else:
        assert np.abs(shown - wanted).max() < 0.012
    after = keys(curve())
    outside = [key for key in keyed if not FIRST <= key[0] <= LAST]
    assert [key for key in after if not FIRST <= key[0] <= LAST] == outside


def test_the_take_is_sent_as_it_is_now(scene: Path, performer: Performer) -> None:
    from maya import cmds

    generate()
    cmds.keyframe(curve(), edit=True, relative=True, valueChange=0.05)
    cmds.setAttr("head.rotateY", 5)  # below the take, which hides it
    redo(seed=7)
    request = performer.requests[-1]
    assert request.seed == 7
    assert (request.redo_start_s, request.redo_end_s) == (30 / 24, 60 / 24)
    take = performer.sent(request.take_sha256)
    assert (take.fps, take.n_frames) == (24.0, 96)
    jaw = performer.clip(0).column("jawOpen") + 0.05
    assert np.abs(take.column("jawOpen") - np.clip(jaw, 0, 1)).max() < 0.012
    assert len(request.keys) == 0 or {key.channel for key in request.keys} == {"jawOpen"}


def test_it_is_one_step_for_undo_and_the_old_take_comes_back(scene: Path) -> None:
    from maya import cmds

    layer = generate()
    before, keyed = seen(), keys(curve())
    redo()
    after = seen()
    assert np.abs(after - before).max() > 0.1
    cmds.undo()
    assert np.array_equal(seen(), before)
    assert keys(curve()) == keyed
    assert cmds.objExists(layer)
    cmds.redo()
    assert np.array_equal(seen(), after)


def test_a_redone_take_counts_as_edited_and_another_redo_is_another_one(
    scene: Path, performer: Performer
) -> None:
    from maya import cmds

    layer = generate()
    redo()
    redo()
    assert [request.seed for request in performer.requests] == [0, 1, 2]
    again = generate()
    assert again != layer
    assert cmds.objExists(layer)
    assert cmds.animLayer(layer, query=True, mute=True)


def test_my_keys_in_the_range_stay_and_are_sent(scene: Path, performer: Performer) -> None:
    from maya import cmds

    generate()
    cmds.setKeyframe(curve(), time=55.0, value=0.9)
    mine = [key for key in keys(curve()) if key[0] == 55.0]
    redo()
    request = performer.requests[-1]
    assert [(key.channel, key.time_s) for key in request.keys] == [("jawOpen", 45 / 24)]
    assert request.keys[0].value == pytest.approx(0.9, abs=1e-6)
    assert [key for key in keys(curve()) if key[0] == 55.0] == mine
    redo()  # they are still known as mine
    assert [(key.channel, key.time_s) for key in performer.requests[-1].keys] == [
        ("jawOpen", 45 / 24)
    ]
    redo(replaceKeys=True)
    assert performer.requests[-1].keys == ()
    assert values_at("faceBS.jawOpen", [55.0])[0] < 0.85


def test_my_keys_outside_stay_with_tangents_that_the_range_does_not_turn(scene: Path) -> None:
    from maya import cmds

    generate()
    for frame in (FIRST - 2.0, LAST + 2.0):
        cmds.setKeyframe(
            curve(), time=frame, value=0.9, inTangentType="auto", outTangentType="spline"
        )
    before = values_at("faceBS.jawOpen", OUTSIDE)
    redo()
    assert np.abs(values_at("faceBS.jawOpen", OUTSIDE) - before).max() < 1e-6


def test_a_moved_take_is_redone_where_it_is(scene: Path, performer: Performer) -> None:
    from maya import cmds

    from mynah_maya.baking.record import all_takes, is_edited

    layer = generate()
    for name in [*cmds.animLayer(layer, query=True, animCurves=True), *weight_of(layer)]:
        cmds.keyframe(name, edit=True, relative=True, timeChange=20)
    moved = OUTSIDE + 20
    before = seen(moved)
    redo(FIRST + 20, LAST + 20)
    assert performer.requests[-1].redo_start_s == 30 / 24
    assert np.abs(seen(moved) - before).max() < 1e-6
    assert is_edited(all_takes()[0])


def weight_of(layer: str) -> list[str]:
    from maya import cmds

    return list(cmds.listConnections(f"{layer}.weight", source=True, type="animCurve"))


@pytest.mark.parametrize(("first", "last"), [(0, 40), (80, 300), (0, 300)])
def test_the_lines_ends(scene: Path, performer: Performer, first: float, last: float) -> None:
    layer = generate()
    frames = [frame for frame in np.arange(START, 106) if not first <= frame <= last]
    before = seen(frames) if frames else None
    redo(first, last)
    if before is not None:
        assert np.abs(seen(frames) - before).max() < 1e-6
    keyed = keys(curve(layer=layer))
    assert (keyed[0][0], keyed[-1][0]) == (START, START + 95)


def test_a_failure_leaves_the_take_as_it_was(scene: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from maya import cmds

    from mynah_maya.baking import key_range

    generate()
    before, there = seen(), set(cmds.ls())
    real, calls = key_range.add_keys, []

    def fail_late(*given: Any) -> None:
        calls.append(1)
        if len(calls) > 10:
            raise RuntimeError("Maya refused")
        real(*given)

    monkeypatch.setattr(key_range, "add_keys", fail_late)
    with pytest.raises(RuntimeError, match="Maya refused"):
        redo()
    assert np.array_equal(seen(), before)
    assert set(cmds.ls()) == there


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ("locked", "'mynah_line_01_0' is locked; unlock it in the Layer Editor"),
        ("muted", "All takes of 'line_01' are muted; show one of them first"),
        ("deleted", "'line_01' has no take on 'hero' yet; generate it first"),
        ("rate", "made for 24 frames per second and the scene now has 25"),
        ("weighted", "has weighted tangents now"),
        ("few", "hold less than three frames of the line"),
        ("half", "-redoFrom and -redoTo belong together"),
        ("base", "leave it out"),
        ("old", "was made by an older Mynah"),
        ("curve", "A curve of the take 'mynah_line_01_0' was deleted or replaced"),
    ],
)
def test_what_can_not_be_redone_is_a_sentence(scene: Path, fault: str, sentence: str) -> None:
    from maya import cmds

    layer = generate()
    flags: dict[str, Any] = {"redoFrom": FIRST, "redoTo": LAST}
    if fault == "locked":
        cmds.animLayer(layer, edit=True, lock=True)
    elif fault == "muted":
        cmds.animLayer(layer, edit=True, mute=True)
    elif fault == "deleted":
        cmds.delete(layer)
    elif fault == "rate":
        cmds.currentUnit(time="pal")
    elif fault == "weighted":
        cmds.keyTangent(curve(), edit=True, weightedTangents=True)
    elif fault == "few":
        flags["redoTo"] = FIRST + 1
    elif fault == "half":
        del flags["redoTo"]
    elif fault == "base":
        flags["baseLayer"] = True
    elif fault == "curve":
        cmds.delete(curve())
    elif fault == "old":
        age(layer)
    before = seen()
    with pytest.raises(RuntimeError, match=sentence):
        generate(**flags)
    assert np.array_equal(seen(), before)


def age(layer: str) -> None:
    """As versions that noted less left their takes."""
    import json

    from maya import cmds

    plug = f"{layer}_record.mynahTag"
    fields = json.loads(cmds.getAttr(plug))
    kept = {name: fields[name] for name in ("line", "audio", "seed", "key_style", "style")}
    cmds.setAttr(plug, json.dumps(kept), type="string")


def test_a_renamed_layer_and_locked_targets_are_no_hindrance(
    scene: Path, performer: Performer
) -> None:
    from maya import cmds

    layer = generate()
    cmds.rename(layer, "my_favourite")
    cmds.setAttr("faceBS.jawLeft", lock=True)
    before = seen(OUTSIDE)
    assert redo() == "my_favourite"
    assert np.abs(seen(OUTSIDE) - before).max() < 1e-6


def test_a_referenced_rig_is_redone(scene: Path, performer: Performer) -> None:
    from maya import cmds

    cmds.file(rename=str(scene / "rig.ma"))
    cmds.file(save=True, type="mayaAscii")
    cmds.file(new=True, force=True)
    cmds.file(str(scene / "rig.ma"), reference=True, namespace="anna")
    cmds.sound(file=str(scene / "line.wav"), offset=START, name="line_01")
    layer = cmds.mynahGenerate("anna:", audio="line_01")
    before = values_at("anna:faceBS.jawOpen", OUTSIDE)
    assert cmds.mynahGenerate("anna:", audio="line_01", redoFrom=FIRST, redoTo=LAST) == layer
    assert np.abs(values_at("anna:faceBS.jawOpen", OUTSIDE) - before).max() < 1e-6
    wanted = performer.clip(1).column("jawOpen")[INSIDE - int(START)]
    assert np.abs(values_at("anna:faceBS.jawOpen", INSIDE) - wanted).max() < 0.012


def test_a_take_deleted_meanwhile_is_a_sentence(scene: Path, performer: Performer) -> None:
    from maya import cmds

    from mynah_maya.baking.redo import Range, bake_range
    from mynah_maya.character import find_character
    from mynah_maya.reference import Reference

    layer = generate()
    record = Reference.to(f"{layer}_record")
    cmds.delete(layer)
    with pytest.raises(BadInputError, match="was deleted while its range was made"):
        bake_range(find_character(["hero"]), Range(record, 30, 60, True, 1), performer.clip(1))


def test_the_line_has_another_length_now(scene: Path, performer: Performer) -> None:
    generate()
    before = seen()
    performer.n_frames = 50
    with pytest.raises(RuntimeError, match="The line has 50 frames now, but the take"):
        redo()
    assert np.array_equal(seen(), before)
