"""The voice in a panel of its own, right above the time slider."""

from __future__ import annotations

from typing import Any

import maya.OpenMayaUI as omui
from maya import cmds, mel

from .. import qt
from .. import session as sessions
from .panel import Panel
from .voice_strip import VoiceStrip

CONTROL = "mynahVoiceControl"
TIME_SLIDER = "TimeSlider"
"""What Maya calls the panel of the time slider."""
_HEIGHT, _LEAST_HEIGHT = 72, 34


def slider_edges(widget: Any) -> tuple[float, float] | None:
    """Where the time slider begins and ends, in x of a widget, so that frames stand above frames;
    None if it does not lie above or below the widget."""
    pointer = omui.MQtUtil.findControl(str(mel.eval("$t=$gPlayBackSlider")))
    if not pointer:
        return None
    slider = qt.widget_at(int(pointer))
    if not slider.isVisible():
        return None
    corner = qt.qt_module("QtCore").QPoint(0, 0)
    left = widget.mapFromGlobal(slider.mapToGlobal(corner)).x()
    right = left + slider.width()
    is_within = left >= 0 and right <= widget.width() and right - left > widget.width() / 2
    return (float(left), float(right)) if is_within else None


def _place() -> dict[str, Any]:
    size = {
        "initialHeight": _HEIGHT,
        "minimumHeight": _LEAST_HEIGHT,
        "heightProperty": "free",
    }
    if not cmds.workspaceControl(TIME_SLIDER, exists=True):
        return {**size, "initialWidth": 900}
    return {**size, "dockToControl": (TIME_SLIDER, "top")}


_panel = Panel(
    CONTROL,
    "Voice",
    lambda: VoiceStrip(sessions.session, edges=slider_edges),
    "from mynah_maya.ui import voice_dock\nvoice_dock.fill()",
    _place,
)


def show() -> Any:
    """Open the panel, or bring the one that is open to the front. Returns what is in it."""
    return _panel.show()


def fill() -> Any:
    """Put the voice into its panel; Maya calls this too, when it restores a layout."""
    return _panel.fill()


def close() -> None:
    """Close the panel."""
    _panel.close()
