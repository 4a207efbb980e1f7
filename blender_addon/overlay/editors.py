"""The editors over which the voice is drawn."""

from __future__ import annotations

import bpy

EDITORS = {
    "DOPESHEET_EDITOR": "SpaceDopeSheetEditor",  # which the timeline is, too
    "GRAPH_EDITOR": "SpaceGraphEditor",
    "NLA_EDITOR": "SpaceNLA",
}


def redraw() -> None:
    """Have them drawn anew: there is something else to see."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type in EDITORS:
                area.tag_redraw()
