"""The menu in the main window: there once while the plug-in is loaded, and gone with it."""

from __future__ import annotations

import ast
from typing import Any

from tests.maya.faces import PLUGIN


def load(maya: Any) -> None:
    from maya import cmds, utils

    cmds.loadPlugin(str(PLUGIN))
    utils.processIdleEvents()


def items(field: str) -> list[str]:
    from maya import cmds

    names = cmds.menu("mynahMenu", query=True, itemArray=True) or []
    return [str(cmds.menuItem(name, query=True, **{field: True})) for name in names]


def test_it_is_in_the_main_window_and_never_twice(maya: Any) -> None:
    from mynah_maya.ui import menu

    load(maya)
    expected = ["Generate Lip Sync", "Lip Sync Scene", "", "Mynah Window", "Voice", "Takes"]
    expected += ["Map Character…", "Doctor", "Engine…", "", "Help"]
    assert items("label") == expected
    assert "MayaWindow|mynahMenu" in maya.widgets
    menu.add()
    assert len(items("label")) == 11


def test_it_goes_with_the_plug_in(maya: Any) -> None:
    from maya import cmds, utils

    load(maya)
    cmds.unloadPlugin("mynah_plugin")
    assert not cmds.menu("mynahMenu", exists=True)
    cmds.loadPlugin(str(PLUGIN))
    cmds.unloadPlugin("mynah_plugin")  # before Maya was idle
    utils.processIdleEvents()
    assert not cmds.menu("mynahMenu", exists=True)


def test_without_windows_there_is_none(mayapy: Any) -> None:
    load(mayapy)
    assert not mayapy.widgets


def test_each_entry_is_python_that_runs(maya: Any, monkeypatch: Any) -> None:
    monkeypatch.setenv("MAYA_PLUG_IN_PATH", str(PLUGIN.parent))
    load(maya)
    ran: list[tuple[str, Any]] = []
    for name in ("mynahGenerate", "mynahBatch"):
        monkeypatch.setitem(maya.commands, name, lambda name=name: ran.append((name, None)))
    commands = [text for text in items("command") if text]
    assert len(commands) == 9
    for text in commands:
        ast.parse(text)
    for text in commands[:2]:
        exec(text, {})
    assert [name for name, _ in ran] == ["mynahGenerate", "mynahBatch"]
