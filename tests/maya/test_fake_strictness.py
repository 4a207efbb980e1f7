"""The in-memory Maya refuses what Maya would refuse, and never accepts anything in silence."""

from __future__ import annotations

import keyword
import threading
from typing import Any

import pytest

from tests.maya import stub_flags

# The stubs lack what Autodesk's pages of these commands call "queryable".
QUERYABLE = {"aliasAttr", "currentTime"}


def test_every_flag_of_the_fake_exists_in_the_published_stubs(maya: Any) -> None:
    from maya._command import REGISTRY

    listed = stub_flags.commands()
    if listed is None:
        pytest.skip("types-maya is not installed: flags can't be compared with the published ones")
    unknown = []
    for name, command in REGISTRY.items():
        for flag in command.flags:
            is_mode = name in QUERYABLE and flag in ("query", "q", "edit", "e")
            # "in" and the like can't be written in Python, so the stubs leave them out.
            if flag not in listed[name] and not keyword.iskeyword(flag) and not is_mode:
                unknown.append(f"{name}({flag}=…)")
    assert not unknown


def test_the_reader_of_the_stubs_tells_modes_apart() -> None:
    text = (
        "def about(*args: Any, b: bool = ..., batch: bool = ...) -> str: ...\n"
        "@overload\n"
        "def sound(*args: Any, file: str = ..., o: float | str = ...) -> str: ...\n"
        "@overload\n"
        "def sound(*args: Any, query: Literal[True], length: Literal[True]) -> float: ...\n"
    )
    listed = stub_flags.read_stub(text)
    assert listed["about"] == {"b": ["create"], "batch": ["create"]}
    assert listed["sound"]["file"] == ["create"]
    assert listed["sound"]["length"] == ["query"]


def test_an_unknown_command_is_no_attribute(maya: Any) -> None:
    from maya import cmds

    with pytest.raises(AttributeError, match="setKeyframes"):
        cmds.setKeyframes("x")


@pytest.mark.parametrize("flag", ["tiem", "Time", "tt"])
def test_an_unknown_flag_is_refused(maya: Any, flag: str) -> None:
    from maya import cmds

    cmds.createNode("transform", name="a")
    with pytest.raises(TypeError, match=f"Invalid flag '{flag}'"):
        cmds.setKeyframe("a.tx", **{flag: 1})
    assert cmds.keyframe("a.tx", query=True) is None


def test_a_flag_of_the_wrong_type_is_refused(maya: Any) -> None:
    from maya import cmds

    cmds.createNode("transform", name="a")
    with pytest.raises(TypeError, match="Invalid arguments for flag 'value'"):
        cmds.setKeyframe("a.tx", value="high")


def test_long_and_short_name_at_once_are_refused(maya: Any) -> None:
    from maya import cmds

    with pytest.raises(TypeError, match="given twice"):
        cmds.ls(type="mesh", typ="joint")


def test_unknown_node_types_nodes_and_attributes_are_refused(maya: Any) -> None:
    from maya import cmds

    with pytest.raises(RuntimeError, match="Unknown object type: wheel"):
        cmds.createNode("wheel")
    with pytest.raises(RuntimeError, match="Unknown object type"):
        cmds.ls(type="wheel")
    with pytest.raises(ValueError, match="No object matches name: nobody"):
        cmds.getAttr("nobody.tx")
    cmds.createNode("transform", name="a")
    with pytest.raises(ValueError, match=r"No object matches name: a\.jawOpen"):
        cmds.getAttr("a.jawOpen")
    with pytest.raises(RuntimeError, match="setAttr: No object matches name"):
        cmds.setAttr("a.jawOpen", 1)
    with pytest.raises(ValueError, match="No object matches name"):
        cmds.delete("nobody")
    with pytest.raises(ValueError, match="No object matches name"):
        cmds.select("nobody")


def test_a_name_that_means_two_nodes_is_refused(maya: Any) -> None:
    from maya import cmds

    for above in ("left", "right"):
        cmds.createNode("transform", name=above)
        cmds.createNode("transform", name="eye", parent=above)
    with pytest.raises(ValueError, match="More than one object matches name: eye"):
        cmds.getAttr("eye.tx")
    assert cmds.ls("eye") == ["left|eye", "right|eye"]
    assert cmds.getAttr("right|eye.tx") == 0.0


def test_commands_work_on_the_main_thread_only(maya: Any) -> None:
    # Autodesk, "Python and threading": commands from other threads are not supported.
    from maya import cmds
    from maya.api import OpenMaya as om

    cmds.createNode("transform", name="a")
    errors: list[str] = []

    def elsewhere() -> None:
        for call in (lambda: cmds.ls(), lambda: om.MSelectionList().add("a")):
            try:
                call()
            except RuntimeError as error:
                errors.append(str(error))

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert len(errors) == 2
    assert all("main thread" in error for error in errors)


def test_calls_of_other_threads_wait_for_an_idle_moment(maya: Any) -> None:
    from maya import cmds, utils

    thread = threading.Thread(
        target=lambda: utils.executeDeferred(cmds.createNode, "transform", name="late")
    )
    thread.start()
    thread.join()
    assert not cmds.objExists("late")
    utils.processIdleEvents()
    assert cmds.objExists("late")


def test_there_are_no_windows_in_batch_mode(mayapy: Any) -> None:
    from maya import cmds, mel

    assert cmds.about(batch=True) is True
    with pytest.raises(RuntimeError, match="batch"):
        cmds.confirmDialog(message="?")
    with pytest.raises(RuntimeError, match="undeclared variable"):
        mel.eval("$t=$gPlayBackSlider")


def test_no_command_works_after_the_end(mayapy: Any) -> None:
    from maya import cmds, standalone

    standalone.uninitialize()
    with pytest.raises(RuntimeError, match="there is no Maya"):
        cmds.ls()


def test_a_refused_command_changes_nothing(maya: Any) -> None:
    from maya import cmds

    cmds.createNode("transform", name="a")
    cmds.createNode("transform", name="b")
    cmds.lockNode("b")
    with pytest.raises(RuntimeError, match="locked"):
        cmds.delete("a", "b")
    assert cmds.objExists("a")
    cmds.undo()  # takes the lock, not a half-done delete
    assert cmds.lockNode("b", query=True) == [False]
