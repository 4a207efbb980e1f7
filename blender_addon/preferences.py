"""Settings of this machine, kept in Blender's preferences and never in a .blend."""

# pyright: reportInvalidTypeForm=false
# Blender declares properties as annotations that are calls.

from __future__ import annotations

import bpy
from bpy.props import BoolProperty, EnumProperty, StringProperty

from .library import connect_to, looked, python_in
from .session import Connect, session
from .setup.drawing import draw_preferences
from .setup.places import engine_place


def _engine_changed(_preferences: MYNAH_preferences, _context: bpy.types.Context) -> None:
    looked.forget()
    session.close()  # the next line connects anew, to the engine now chosen


class MYNAH_preferences(bpy.types.AddonPreferences):
    """Where the engine is and how it is set up."""

    bl_idname = __package__

    engine: StringProperty(
        name="Own Engine",
        description=(
            "The Python, or its environment's folder, of an engine that you installed yourself. "
            "Empty: the engine set up here, else the one registered on this computer"
        ),
        subtype="FILE_PATH",
        update=_engine_changed,
    )
    engine_package: StringProperty(
        name="Engine Package",
        description=(
            "A zip with the engine's packages, for computers without a network. "
            "Empty: they come from the package index"
        ),
        subtype="FILE_PATH",
    )
    device: EnumProperty(
        name="Computes On",
        description="Which packages are installed; takes effect when the engine is set up",
        items=[
            ("AUTO", "GPU If There Is One", "An NVIDIA GPU with a driver, else the processor"),
            ("CPU", "Processor", "Smaller by 2 GB and still many times faster than real time"),
        ],
    )
    with_videos: BoolProperty(
        name="Videos of Performers",
        description=(
            "Also install what captures a performer in a video (MediaPipe, some 400 MB more); "
            "takes effect when the engine is set up"
        ),
    )

    def draw(self, context: bpy.types.Context) -> None:
        draw_preferences(self.layout, context)


def chosen_engine() -> str:
    """The engine's Python from the preferences; empty if none is set."""
    addon = bpy.context.preferences.addons.get(__package__)
    path = addon.preferences.engine if addon and addon.preferences else ""
    return python_in(bpy.path.abspath(path))


def chosen_connection() -> Connect:
    """How to reach the daemon of the chosen engine."""
    return connect_to(chosen_engine(), engine_place().engine)
