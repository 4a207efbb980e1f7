"""Undo of the in-memory Maya."""

from __future__ import annotations

from typing import Any

import pytest


def _state() -> list[Any]:
    """Everything of the scene that a command can change."""
    from maya import cmds
    from maya._world import world

    nodes = [
        (
            n.uuid,
            n.name,
            n.parent,
            dict(n.values),
            dict(n.inputs),
            dict(n.aliases),
            sorted(n.states.items()),
            sorted(n.dynamic),
            n.is_locked,
            n.curve.keys,
        )
        for n in world.scene.in_order()
    ]
    return [nodes, cmds.ls(selection=True), cmds.currentTime(query=True), dict(world.playback)]


def _work() -> None:
    """One of everything that the plug-in does."""
    from maya import cmds

    base = cmds.polyCube(name="face", constructionHistory=False)[0]
    target = cmds.duplicate(base, name="jawOpen")[0]
    bs = cmds.blendShape(target, base, name="bs")[0]
    cmds.delete(target)
    cmds.addAttr(base, longName="mynah", dataType="string")
    cmds.setAttr(f"{base}.mynah", "{}", type="string")
    cmds.setKeyframe(f"{bs}.jawOpen", time=3, value=0.5)
    cmds.keyTangent(f"{bs}.jawOpen", inAngle=20)
    cmds.animLayer("Take", override=True, attribute=[f"{bs}.jawOpen", f"{base}.rx"])
    cmds.setKeyframe(f"{base}.rx", time=4, value=10, animLayer="Take")
    cmds.rename(base, "head")
    cmds.group("head", name="all")
    cmds.sets("head", name="cast")
    cmds.lockNode("cast")
    cmds.currentTime(17)
    cmds.playbackOptions(minTime=5)
    cmds.cutKey("bs.jawOpen")
    cmds.disconnectAttr("face_rotate_Take.outputX", "head.rx")


def test_every_step_can_be_taken_back_and_made_again(maya: Any) -> None:
    from maya import cmds

    states = [_state()]
    before = len(maya.journal.done)
    _work()
    after = _state()
    steps = len(maya.journal.done) - before
    assert steps > 15
    for _ in range(steps):
        cmds.undo()
        states.append(_state())
    assert states[-1] == states[0]
    for _ in range(steps):
        cmds.redo()
    assert _state() == after


def test_a_chunk_is_one_step(maya: Any) -> None:
    # CommandsPython/undoInfo: -openChunk, -closeChunk, -chunkName.
    from maya import cmds

    before = _state()
    cmds.undoInfo(openChunk=True, chunkName="Generate Lip Sync")
    _work()
    cmds.undoInfo(openChunk=True)  # chunks nest
    cmds.createNode("network")
    cmds.undoInfo(closeChunk=True)
    cmds.undoInfo(closeChunk=True)
    assert cmds.undoInfo(query=True, undoName=True) == "Generate Lip Sync"
    cmds.undo()
    assert _state() == before
    with pytest.raises(RuntimeError, match="no more commands to undo"):
        cmds.undo()


def test_a_new_step_forgets_what_could_be_redone(maya: Any) -> None:
    from maya import cmds

    cmds.createNode("network")
    cmds.undo()
    cmds.createNode("network")
    with pytest.raises(RuntimeError, match="no more commands to redo"):
        cmds.redo()


def test_questions_are_no_steps(maya: Any) -> None:
    from maya import cmds

    cmds.createNode("transform", name="a")
    cmds.ls()
    cmds.getAttr("a.tx")
    cmds.keyframe("a.tx", query=True)
    cmds.undo()
    assert not cmds.objExists("a")


def test_switched_off_it_remembers_nothing(maya: Any) -> None:
    from maya import cmds

    cmds.createNode("transform", name="kept")
    cmds.undoInfo(stateWithoutFlush=False)
    cmds.createNode("transform", name="secret")
    cmds.undoInfo(stateWithoutFlush=True)
    cmds.undo()
    assert cmds.objExists("secret")
    assert not cmds.objExists("kept")


def test_a_new_scene_forgets_the_queue(maya: Any) -> None:
    from maya import cmds

    cmds.createNode("network")
    cmds.file(new=True, force=True)
    with pytest.raises(RuntimeError, match="no more commands to undo"):
        cmds.undo()
