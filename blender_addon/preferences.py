"""Settings of this machine, kept in Blender's preferences and never in a .blend."""

# pyright: reportInvalidTypeForm=false
# Blender declares properties as annotations that are calls.

from __future__ import annotations

import bpy
from bpy.props import StringProperty

from .session import Connect, connect_to, session


def _engine_changed(_preferences: MYNAH_preferences, _context: bpy.types.Context) -> None:
    session.close()  # the next line connects anew, to the engine now chosen


class MYNAH_preferences(bpy.types.AddonPreferences):
    """Where the engine is, if Mynah can't find it by itself."""

    bl_idname = __package__

    engine: StringProperty(
        name="Engine",
        description=(
            "The Python that has Mynah's engine installed. "
            "Empty: the engine that its own installer registered"
        ),
        subtype="FILE_PATH",
        update=_engine_changed,
    )

    def draw(self, context: bpy.types.Context) -> None:
        self.layout.prop(self, "engine")


def chosen_engine() -> str:
    """The engine's Python from the preferences; empty if none is set."""
    addon = bpy.context.preferences.addons.get(__package__)
    return addon.preferences.engine if addon and addon.preferences else ""


def chosen_connection() -> Connect:
    """How to reach the daemon of the chosen engine."""
    return connect_to(chosen_engine())
