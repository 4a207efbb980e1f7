"""The list of styles: add from everywhere, remove, move."""

# pyright: reportInvalidTypeForm=false

from __future__ import annotations

from pathlib import Path

import bpy
from bpy.props import EnumProperty, StringProperty

from ..library import BadInputError
from ..rig_reader import action_to_read, check_passage
from ..scene_reader import effective_fps, playback_range
from ..style_properties import STYLE_SUFFIXES


def _has_style(cls: type[bpy.types.Operator], context: bpy.types.Context) -> bool:
    """For the buttons that work on the chosen row of the list."""
    is_there = context.scene.mynah.chosen_style is not None
    if not is_there:
        cls.poll_message_set("Add a style to the list first.")
    return is_there


class MYNAH_OT_add_library_style(bpy.types.Operator):
    """Add a style of the library, by name or tag, to the list of styles."""

    bl_idname = "mynah.add_library_style"
    bl_label = "Add Library Style"
    bl_description = "Add this style of the library to the list"
    bl_options = {"REGISTER", "UNDO"}

    name: StringProperty(name="Name", description="The style's name, or one of its tags")

    def execute(self, context: bpy.types.Context) -> set[str]:
        row = _new_row(context)
        row.kind, row.style_name = "LIBRARY", self.name
        return {"FINISHED"}


class MYNAH_OT_add_style_file(bpy.types.Operator):
    """Add a clip file to the list of styles."""

    bl_idname = "mynah.add_style_file"
    bl_label = "Clip File…"
    bl_description = "Imitate the performance in a .csv, .npz, .json or .mynahstyle file"
    bl_options = {"REGISTER", "UNDO"}

    filepath: StringProperty(name="File", description="The clip to imitate", subtype="FILE_PATH")
    filter_glob: StringProperty(
        name="Files",
        description="The files that can be chosen",
        default=";".join(f"*{suffix}" for suffix in STYLE_SUFFIXES),
        options={"HIDDEN"},
    )

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        path = Path(bpy.path.abspath(self.filepath))
        if path.suffix.lower() not in STYLE_SUFFIXES or not path.is_file():
            self.report({"ERROR"}, f"'{path.name}' is no clip: use a {', '.join(STYLE_SUFFIXES)}.")
            return {"CANCELLED"}
        row = _new_row(context)
        row.kind, row.path = "FILE", self.filepath
        return {"FINISHED"}


class MYNAH_OT_add_rig_style(bpy.types.Operator):
    """Add what a rig in the scene performs to the list of styles."""

    bl_idname = "mynah.add_rig_style"
    bl_label = "Performance of Active Object"
    bl_description = (
        "Imitate what the active object's face performs in the preview range, or the scene's"
    )
    bl_options = {"REGISTER", "UNDO"}

    rig: StringProperty(
        name="Rig", description="The name of the object that performs; empty: the active one"
    )

    def execute(self, context: bpy.types.Context) -> set[str]:
        rig = context.scene.objects.get(self.rig) if self.rig else context.active_object
        if rig is None:
            self.report(
                {"ERROR"},
                f"There is no object '{self.rig}' in the scene; choose another."
                if self.rig
                else "Select the face that performs first.",
            )
            return {"CANCELLED"}
        settings = context.scene.mynah
        row = _new_row(context)
        row.kind, row.rig = "RIG", rig
        row.action = action_to_read(rig)
        row.extent = "ALL" if row.action is None else "ACTION"
        row.first, row.last = _frames(context.scene, row.action)
        try:
            check_passage(row.to_passage(effective_fps(context.scene)))
        except BadInputError as error:
            settings.styles.remove(len(settings.styles) - 1)
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}


class MYNAH_OT_remove_style(bpy.types.Operator):
    """Remove the chosen style from the list."""

    bl_idname = "mynah.remove_style"
    bl_label = "Remove Style"
    bl_description = "Remove the chosen style from the list; the library keeps it"
    bl_options = {"REGISTER", "UNDO"}
    poll = classmethod(_has_style)

    def execute(self, context: bpy.types.Context) -> set[str]:
        settings = context.scene.mynah
        settings.styles.remove(settings.active_style)
        settings.active_style = max(0, min(settings.active_style, len(settings.styles) - 1))
        return {"FINISHED"}


class MYNAH_OT_move_style(bpy.types.Operator):
    """Move the chosen style in the list."""

    bl_idname = "mynah.move_style"
    bl_label = "Move Style"
    bl_description = "Move the chosen style up or down in the list; the order changes nothing else"
    bl_options = {"REGISTER", "UNDO"}
    poll = classmethod(_has_style)

    direction: EnumProperty(
        name="Direction",
        description="Where to move it",
        items=(("UP", "Up", "One row up"), ("DOWN", "Down", "One row down")),
    )

    def execute(self, context: bpy.types.Context) -> set[str]:
        settings = context.scene.mynah
        place = settings.active_style + (1 if self.direction == "DOWN" else -1)
        if 0 <= place < len(settings.styles):
            settings.styles.move(settings.active_style, place)
            settings.active_style = place
        return {"FINISHED"}


def _new_row(context: bpy.types.Context) -> bpy.types.PropertyGroup:
    settings = context.scene.mynah
    row = settings.styles.add()
    settings.active_style = len(settings.styles) - 1
    return row


def _frames(scene: bpy.types.Scene, action: bpy.types.Action | None) -> tuple[int, int]:
    """The playback range, without what lies before and behind the action."""
    first, last = playback_range(scene)
    if action is not None:
        start, end = (round(frame) for frame in action.frame_range)
        if start < last and end > first:
            return max(first, start), min(last, end)
    return first, last
