"""Where the window stands: in a panel that Maya docks, or by itself where there is none."""

from __future__ import annotations

from typing import Any

import maya.OpenMayaUI as omui
from maya import cmds

from .. import qt
from .. import session as sessions
from .window import MynahWindow

CONTROL = "mynahWindowControl"
_TITLE = "Mynah"
_FILL = "from mynah_maya.ui import dock\ndock.fill()"

_shown: Any = None


def show(page: str = "") -> Any:
    """Open the window, or bring the one that is open to the front, at a page if one is named.
    Returns it."""
    if cmds.workspaceControl(CONTROL, exists=True):
        cmds.workspaceControl(CONTROL, edit=True, restore=True)
    else:
        cmds.workspaceControl(
            CONTROL,
            label=_TITLE,
            uiScript=_FILL,
            requiredPlugin="mynah_plugin",
            retain=False,
            initialWidth=480,
            initialHeight=720,
        )
    window = fill()
    if page:
        window.open_page(page)
    return window


def fill() -> Any:
    """Put the window into its panel; Maya calls this too, when it restores a layout."""
    global _shown
    if _shown is None or not qt.is_alive(_shown):
        _shown = MynahWindow(sessions.session)
    pointer = omui.MQtUtil.findControl(CONTROL)
    if pointer:
        panel = qt.widget_at(int(pointer))
        if _shown.parent() is not panel:
            panel.layout().addWidget(_shown)
    else:
        _shown.setWindowTitle(_TITLE)
    _shown.show()
    _shown.raise_()
    return _shown


def close() -> None:
    """Close the window; lines under way go on."""
    global _shown
    if _shown is not None and qt.is_alive(_shown):
        _shown.close()
        _shown.deleteLater()
    _shown = None
    if cmds.workspaceControl(CONTROL, exists=True):
        cmds.deleteUI(CONTROL, control=True)
