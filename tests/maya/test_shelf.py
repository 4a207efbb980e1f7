"""The shelf: there once while the plug-in is loaded, and gone with it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.maya.faces import PLUGIN


def load(maya: Any) -> str:
    from maya import cmds, mel, utils

    cmds.loadPlugin(str(PLUGIN))
    utils.processIdleEvents()
    return f"{mel.eval('$t=$gShelfTopLevel')}|Mynah"


def labels(shelf: str) -> list[str]:
    from maya import cmds

    names = cmds.shelfLayout(shelf, query=True, childArray=True) or []
    return [cmds.shelfButton(f"{shelf}|{name}", query=True, label=True) for name in names]


def test_three_buttons_and_none_twice(maya: Any) -> None:
    from mynah_maya.ui import shelf as shelves

    shelf = load(maya)
    expected = ["Generate Lip Sync", "Lip Sync Scene", "Mynah Window"]
    assert labels(shelf) == expected
    shelves.add()
    assert labels(shelf) == expected


def test_it_goes_with_the_plug_in(maya: Any) -> None:
    from maya import cmds

    shelf = load(maya)
    cmds.unloadPlugin("mynah_plugin")
    assert not cmds.shelfLayout(shelf, exists=True)
    shelf = load(maya)
    assert len(labels(shelf)) == 3


def test_what_the_artist_put_on_it_stays(maya: Any) -> None:
    from maya import cmds

    shelf = load(maya)
    cmds.shelfButton(parent=shelf, label="Mine", command="pass")
    cmds.unloadPlugin("mynah_plugin")
    assert labels(shelf) == ["Mine"]


def test_unloaded_before_maya_was_idle(maya: Any) -> None:
    from maya import cmds, mel, utils

    cmds.loadPlugin(str(PLUGIN))
    cmds.unloadPlugin("mynah_plugin")
    utils.processIdleEvents()
    assert not cmds.shelfLayout(f"{mel.eval('$t=$gShelfTopLevel')}|Mynah", exists=True)


def test_there_is_none_without_windows(mayapy: Any) -> None:
    from maya import cmds

    cmds.loadPlugin(str(PLUGIN))
    assert mayapy.deferred == []
    cmds.unloadPlugin("mynah_plugin")


def test_a_button_loads_the_plug_in_and_does_its_work(
    maya: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Maya keeps shelves from session to session, so a button may come before its plug-in
    from maya import cmds

    from mynah_maya.ui.shelf import BUTTONS

    monkeypatch.setenv("MAYA_PLUG_IN_PATH", str(PLUGIN.parent))
    for label, _overlay, _annotation, command in BUTTONS[:2]:
        with pytest.raises(RuntimeError, match=r"No character is chosen|The scene has no sound"):
            exec(command, {})
        assert cmds.pluginInfo("mynah_plugin", query=True, loaded=True), label
