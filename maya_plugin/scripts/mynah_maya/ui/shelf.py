"""The shelf "Mynah": three buttons, made when the plug-in is loaded, gone when it is unloaded."""

from __future__ import annotations

from typing import Any

from maya import cmds, mel, utils

from .entries import BATCH, GENERATE, PLUGIN, opening
from .pages import LINE

SHELF = "Mynah"
_TAG = "mynah"
BUTTONS = (
    (
        "Generate Lip Sync",
        "Lip",
        "The selected character says the time slider's or the selected sound",
        GENERATE,
    ),
    (
        "Lip Sync Scene",
        "All",
        "All sounds of the scene that are heard, each by the character whose name it begins with",
        BATCH,
    ),
    (
        "Mynah Window",
        "Win",
        "Voice, character, styles and the scene's dialogue in a window",
        opening(LINE),
    ),
)


def add_soon() -> None:
    """Add the shelf when Maya is idle: a plug-in that is loaded at the start comes before the
    shelves."""
    utils.executeDeferred(_add_if_loaded)


def add() -> None:
    """Add the shelf unless it is there, as after a session that kept it."""
    shelf = _path()
    if not cmds.shelfLayout(shelf, exists=True):
        top = shelf.rpartition("|")[0]
        shelf = cmds.shelfLayout(SHELF, parent=top)
    if _own(shelf):
        return
    for label, overlay, annotation, command in BUTTONS:
        cmds.shelfButton(
            parent=shelf,
            label=label,
            annotation=f"{label}: {annotation}",
            image="commandButton.png",
            imageOverlayLabel=overlay,
            command=command,
            sourceType="python",
            docTag=_TAG,
        )


def remove() -> None:
    """Take the buttons away, and the shelf if the artist has put nothing else on it."""
    shelf = _path()
    if not cmds.shelfLayout(shelf, exists=True):
        return
    for button in _own(shelf):
        cmds.deleteUI(button)
    if not cmds.shelfLayout(shelf, query=True, numberOfChildren=True):
        cmds.deleteUI(shelf, layout=True)


def _add_if_loaded() -> None:
    if cmds.pluginInfo(PLUGIN, query=True, loaded=True):
        add()


def _path() -> str:
    return f"{mel.eval('$t=$gShelfTopLevel')}|{SHELF}"


def _own(shelf: str) -> list[str]:
    names: Any = cmds.shelfLayout(shelf, query=True, childArray=True)
    buttons = [f"{shelf}|{name}" for name in names or []]
    return [
        button
        for button in buttons
        if cmds.shelfButton(button, exists=True)
        and cmds.shelfButton(button, query=True, docTag=True) == _TAG
    ]
