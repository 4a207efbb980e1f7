"""The menu "Mynah" of Maya's main window, made when the plug-in is loaded, gone with it."""

from __future__ import annotations

from maya import cmds, mel, utils

from .entries import BATCH, GENERATE, PLUGIN, VOICE, opening
from .pages import DOCTOR, ENGINE, HELP, LINE, RIG, TAKES

MENU = "mynahMenu"
ITEMS = (
    (
        "Generate Lip Sync",
        "The selected character says the time slider's or the selected sound",
        GENERATE,
    ),
    (
        "Lip Sync Scene",
        "All sounds of the scene that are heard, each by the character whose name it begins with",
        BATCH,
    ),
    ("", "", ""),
    ("Mynah Window", "Voice, character, styles and the scene's dialogue", opening(LINE)),
    ("Voice", "What is said, above the time slider: sound, phones, lips that close", VOICE),
    ("Takes", "Another take of a line, a range of it anew, its amounts", opening(TAKES)),
    ("Map Character…", "What on the character answers to a performance", opening(RIG)),
    ("Doctor", "Why a line does not show or sound, and what helps", opening(DOCTOR)),
    ("Engine…", "Which engine makes lines; set it up, or choose another", opening(ENGINE)),
    ("", "", ""),
    ("Help", "The first steps, and what each command takes", opening(HELP)),
)


def add_soon() -> None:
    """Add the menu when Maya is idle: a plug-in that is loaded at the start comes before the
    window."""
    utils.executeDeferred(_add_if_loaded)


def add() -> None:
    """Add the menu, in place of one that is there."""
    remove()
    menu = cmds.menu(MENU, label="Mynah", parent=mel.eval("$t=$gMainWindow"), tearOff=True)
    for label, annotation, command in ITEMS:
        if not label:
            cmds.menuItem(parent=menu, divider=True)
            continue
        cmds.menuItem(
            parent=menu, label=label, annotation=annotation, command=command, sourceType="python"
        )


def remove() -> None:
    """Take the menu away."""
    if cmds.menu(MENU, exists=True):
        cmds.deleteUI(MENU, menu=True)


def _add_if_loaded() -> None:
    if cmds.pluginInfo(PLUGIN, query=True, loaded=True):
        add()
