"""The list of styles: add from everywhere, remove, move."""

# pyright: reportInvalidTypeForm=false

from __future__ import annotations

from pathlib import Path

import bpy
from bpy.props import BoolProperty, EnumProperty, StringProperty

from ..capture import prepare_capture
from ..language.words import say_report, say_tip
from ..library import BadInputError
from ..line_settings import settings_of
from ..preferences import chosen_connection
from ..rig_reader import action_to_read, check_passage
from ..scene_reader import effective_fps, playback_range
from ..session import session
from ..style_properties import STYLE_SUFFIXES


def _has_style(cls: type[bpy.types.Operator], context: bpy.types.Context) -> bool:
    """For the buttons that work on the chosen row of the list."""
    is_there = settings_of(context).chosen_style is not None
    if not is_there:
        cls.poll_message_set(say_tip("Add a style to the list first."))
    return is_there


class MYNAH_OT_add_library_style(bpy.types.Operator):
    """Add a style of the library, by name or tag, to the list of styles."""

    bl_idname = "mynah.add_library_style"
    bl_label = "Add Library Style"
    bl_description = "Add this style of the library to the list"
    bl_options = {"REGISTER", "UNDO"}

    name: StringProperty(name="Name", description="The style's name, or one of its tags")

    def execute(self, context: bpy.types.Context) -> set[str]:
        row = settings_of(context).add_style()
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
            self.report(
                {"ERROR"},
                say_report(f"'{path.name}' is no clip: use a {', '.join(STYLE_SUFFIXES)}."),
            )
            return {"CANCELLED"}
        row = settings_of(context).add_style()
        row.kind, row.path = "FILE", self.filepath
        return {"FINISHED"}


class MYNAH_OT_capture_style(bpy.types.Operator):
    """Capture the performance in a video as a clip file, and add that to the list of styles.

    The clip is an .npz beside the video, or beside the .blend where that folder can't be written;
    no file is ever replaced. Without a window the call returns when the clip is there.
    """

    bl_idname = "mynah.capture_style"
    bl_label = "Capture Style from Video"
    bl_description = (
        "Imitate the performer in a video: the performance is captured into a clip file beside it"
    )
    # no UNDO: the row comes with a step of its own when the clip is there, which is later
    bl_options = {"REGISTER"}

    filepath: StringProperty(
        name="Video", description="A performer, seen from the front", subtype="FILE_PATH"
    )
    filter_movie: BoolProperty(
        name="Videos", description="Show videos", default=True, options={"HIDDEN"}
    )
    filter_folder: BoolProperty(
        name="Folders", description="Show folders", default=True, options={"HIDDEN"}
    )

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        if session.activity:
            cls.poll_message_set(say_tip(f"{session.activity}; wait for it or cancel it."))
        return not session.activity

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            session.start(prepare_capture(context.scene, self.filepath), chosen_connection())
        except BadInputError as error:
            self.report({"ERROR"}, say_report(str(error)))
            return {"CANCELLED"}
        if not bpy.app.background:
            return {"FINISHED"}
        session.run_until_done()
        outcome = session.outcome
        if outcome is None or outcome.is_error:
            message = outcome.message if outcome else "The capture was cancelled."
            self.report({"ERROR"}, say_report(message))
            return {"CANCELLED"}
        self.report({"INFO"}, " ".join(map(say_report, (outcome.message, *outcome.remarks))))
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
            message = "Select the face that performs first."
            if self.rig:
                message = f"There is no object '{self.rig}' in the scene; choose another."
            self.report({"ERROR"}, say_report(message))
            return {"CANCELLED"}
        settings = settings_of(context)
        row = settings.add_style()
        row.kind, row.rig = "RIG", rig
        row.action = action_to_read(rig)
        row.extent = "ALL" if row.action is None else "ACTION"
        row.first, row.last = _frames(context.scene, row.action)
        try:
            check_passage(row.to_passage(effective_fps(context.scene)))
        except BadInputError as error:
            settings.styles.remove(len(settings.styles) - 1)
            self.report({"ERROR"}, say_report(str(error)))
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
        settings = settings_of(context)
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
        settings = settings_of(context)
        place = settings.active_style + (1 if self.direction == "DOWN" else -1)
        if 0 <= place < len(settings.styles):
            settings.styles.move(settings.active_style, place)
            settings.active_style = place
        return {"FINISHED"}


def _frames(scene: bpy.types.Scene, action: bpy.types.Action | None) -> tuple[int, int]:
    """The playback range, without what lies before and behind the action."""
    first, last = playback_range(scene)
    if action is not None:
        start, end = (round(frame) for frame in action.frame_range)
        if start < last and end > first:
            return max(first, start), min(last, end)
    return first, last
