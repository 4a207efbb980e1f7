"""A widget in a panel that Maya docks, or by itself where there is none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import maya.OpenMayaUI as omui
from maya import cmds

from .. import qt


class Panel:
    """`control` is Maya's name for the panel, `make` makes what is in it. `fill_script` is Python
    that calls `fill`: Maya runs it when it makes the panel or restores a layout. `place` says where
    a new one comes, in flags of `workspaceControl`."""

    def __init__(
        self,
        control: str,
        title: str,
        make: Callable[[], Any],
        fill_script: str,
        place: Callable[[], dict[str, Any]],
    ) -> None:
        self.control, self._title = control, title
        self._make, self._fill_script, self._place = make, fill_script, place
        self._shown: Any = None

    def show(self) -> Any:
        """Open it, or bring the one that is open to the front. Returns the widget."""
        if cmds.workspaceControl(self.control, exists=True):
            cmds.workspaceControl(self.control, edit=True, restore=True)
        else:
            cmds.workspaceControl(
                self.control,
                label=self._title,
                uiScript=self._fill_script,
                requiredPlugin="mynah_plugin",
                retain=False,
                **self._place(),
            )
        return self.fill()

    def fill(self) -> Any:
        """Put the widget into its panel."""
        if self._shown is None or not qt.is_alive(self._shown):
            self._shown = self._make()
        shown = self._shown
        pointer = omui.MQtUtil.findControl(self.control)
        if pointer:
            panel = qt.widget_at(int(pointer))
            if shown.parent() is not panel:
                panel.layout().addWidget(shown)
        else:
            shown.setWindowTitle(self._title)
        shown.show()
        shown.raise_()
        return shown

    def close(self) -> None:
        """Close it."""
        if self._shown is not None and qt.is_alive(self._shown):
            self._shown.close()
            self._shown.deleteLater()
        self._shown = None
        if cmds.workspaceControl(self.control, exists=True):
            cmds.deleteUI(self.control, control=True)
