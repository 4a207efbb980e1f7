"""What the plug-in asks of Maya beside keys and layers, as Autodesk documents it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


def test_the_up_axis_of_the_scene(maya: Any) -> None:
    from maya import cmds

    assert cmds.upAxis(query=True, axis=True) == "y"
    cmds.upAxis(axis="z")
    assert cmds.upAxis(query=True, axis=True) == "z"


def test_a_project_folder(maya: Any) -> None:
    from maya import cmds

    assert isinstance(cmds.workspace(query=True, rootDirectory=True), str)


def test_the_main_progress_bar_can_be_interrupted(maya: Any) -> None:
    from maya import cmds, mel

    bar = mel.eval("$t=$gMainProgressBar")
    cmds.progressBar(
        bar, edit=True, beginProgress=True, isInterruptable=True, status="Line", maxValue=100
    )
    cmds.progressBar(bar, edit=True, progress=40, status="Line: motion")
    assert cmds.progressBar(bar, query=True, isCancelled=True) is False
    cmds.progressBar(bar, edit=True, endProgress=True)


def test_there_is_no_progress_bar_in_batch(mayapy: Any) -> None:
    from maya import cmds

    with pytest.raises(RuntimeError):
        cmds.progressBar("mainProgressBar", query=True, isCancelled=True)


def test_transforms_have_a_rotate_axis(maya: Any) -> None:
    from maya import cmds

    cmds.createNode("joint", name="head")
    assert cmds.getAttr("head.rotateAxis") == [(0.0, 0.0, 0.0)]


def test_a_group_made_after_its_members_comes_with_the_file(maya: Any, tmp_path: Path) -> None:
    from maya import cmds

    cmds.createNode("transform", name="face")
    cmds.group("face", name="geo")
    cmds.file(rename=str(tmp_path / "hero.ma"))
    cmds.file(save=True)
    cmds.file(new=True, force=True)
    cmds.file(str(tmp_path / "hero.ma"), reference=True, namespace="hero")
    assert cmds.listRelatives("hero:geo", children=True) == ["hero:face"]
