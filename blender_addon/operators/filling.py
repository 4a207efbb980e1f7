"""Lines of the list from strips, markers, sheets and folders; and the list as a sheet."""

# pyright: reportInvalidTypeForm=false

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import bpy
from bpy.props import BoolProperty, StringProperty

from ..dialogue.filling import (
    Filled,
    fill_from_folder,
    fill_from_markers,
    fill_from_sheet,
    fill_from_strips,
)
from ..dialogue.sheets import export_sheet
from ..language.words import say_report, say_tip
from ..library import BadInputError
from ..scene_reader import sequencer_scene


def _fill(operator: bpy.types.Operator, fill: Callable[[], Filled]) -> set[str]:
    try:
        filled = fill()
    except BadInputError as error:
        operator.report({"ERROR"}, say_report(str(error)))
        return {"CANCELLED"}
    operator.report({"INFO"}, " ".join(map(say_report, [filled.sentence, *filled.remarks])))
    return {"FINISHED"}


class MYNAH_OT_lines_from_strips(bpy.types.Operator):
    """A line for every sound strip of the Sequencer. Lines of strips that are there already are
    brought up to date."""

    bl_idname = "mynah.lines_from_strips"
    bl_label = "From Sequencer"
    bl_description = (
        "A line for every sound strip. Who speaks is told by the strip's name, else by its channel"
    )
    bl_options = {"REGISTER", "UNDO"}

    only_selected: BoolProperty(
        name="Only Selected", description="Only strips that are selected", default=False
    )

    def execute(self, context: bpy.types.Context) -> set[str]:
        sequence = sequencer_scene(context)
        return _fill(
            self,
            lambda: fill_from_strips(context.scene, sequence, only_selected=self.only_selected),
        )


class MYNAH_OT_lines_from_markers(bpy.types.Operator):
    """Cut the active sound strip, or the scene's file, into lines at the markers of the timeline.

    A marker is called "Anna: name of the line" or "Anna"; one called "-" ends a line.
    """

    bl_idname = "mynah.lines_from_markers"
    bl_label = "From Markers"
    bl_description = (
        "Cut the selected sound strip, or a file, into lines at markers that are called "
        '"Anna: line name" or "Anna"'
    )
    bl_options = {"REGISTER", "UNDO"}

    strip: StringProperty(
        name="Strip", description="The sound strip to cut; empty: the active one, else the file"
    )
    filepath: StringProperty(
        name="File",
        description="The sound file to cut where no strip is selected; it starts at Start Frame",
        subtype="FILE_PATH",
    )

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        return context.window_manager.invoke_props_dialog(self, confirm_text="Cut")

    def execute(self, context: bpy.types.Context) -> set[str]:
        scene, sequence = context.scene, sequencer_scene(context)

        def fill() -> Filled:
            return fill_from_markers(scene, sequence, self._find_strip(context), self.filepath)

        return _fill(self, fill)

    def _find_strip(self, context: bpy.types.Context) -> bpy.types.SoundStrip | None:
        editor = sequencer_scene(context).sequence_editor
        if editor is None:
            return None
        sounds = [strip for strip in editor.strips_all if strip.type == "SOUND"]
        if self.strip:
            named = next((strip for strip in sounds if strip.name == self.strip), None)
            if named is None:
                raise BadInputError(f"There is no sound strip '{self.strip}'; choose another.")
            return named
        if self.filepath:
            return None
        chosen = [strip for strip in sounds if strip.select]
        return next((s for s in chosen if s == editor.active_strip), next(iter(chosen), None))


class MYNAH_OT_lines_from_sheet(bpy.types.Operator):
    """A line for every row of a dialogue sheet. If rows can't be used, all of them are told and
    nothing is changed."""

    bl_idname = "mynah.lines_from_sheet"
    bl_label = "From Sheet…"
    bl_description = "A line for every row of a dialogue sheet (CSV)"
    bl_options = {"REGISTER", "UNDO"}

    filepath: StringProperty(name="Sheet", description="The CSV file", subtype="FILE_PATH")
    filter_glob: StringProperty(
        name="Files",
        description="The files that can be chosen",
        default="*.csv;*.tsv;*.txt",
        options={"HIDDEN"},
    )

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        path = Path(bpy.path.abspath(self.filepath))
        return _fill(self, lambda: fill_from_sheet(context.scene, path))


class MYNAH_OT_lines_from_folder(bpy.types.Operator):
    """A line for every recording in a folder, whose name or subfolder tells who speaks."""

    bl_idname = "mynah.lines_from_folder"
    bl_label = "From Folder…"
    bl_description = (
        "A line for every recording in a folder; the character is the one with whose name the "
        "file's begins, or the subfolder"
    )
    bl_options = {"REGISTER", "UNDO"}

    directory: StringProperty(
        name="Folder", description="The folder with the recordings", subtype="DIR_PATH"
    )
    filter_folder: BoolProperty(
        name="Folders", description="Show folders", default=True, options={"HIDDEN"}
    )

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        folder = Path(bpy.path.abspath(self.directory))
        return _fill(self, lambda: fill_from_folder(context.scene, folder))


class MYNAH_OT_export_sheet(bpy.types.Operator):
    """Write the list as a dialogue sheet, which `mynah batch` and From Sheet read."""

    bl_idname = "mynah.export_sheet"
    bl_label = "Export Sheet…"
    bl_description = "Write the list as a dialogue sheet (CSV) for spreadsheets and mynah batch"
    bl_options = {"REGISTER"}

    filepath: StringProperty(name="Sheet", description="The CSV file", subtype="FILE_PATH")
    check_existing: BoolProperty(
        name="Check Existing",
        description="Warn before a file is replaced",
        default=True,
        options={"HIDDEN"},
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not context.scene.mynah_dialogue.lines:
            cls.poll_message_set(say_tip("The list has no line yet."))
            return False
        return True

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        self.filepath = self.filepath or "dialogue.csv"
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        path = Path(bpy.path.abspath(self.filepath))
        try:
            done = export_sheet(context.scene, sequencer_scene(context), path)
        except BadInputError as error:
            self.report({"ERROR"}, say_report(str(error)))
            return {"CANCELLED"}
        told = (f"{done.n_lines} lines are in '{path.name}'.", *done.remarks)
        self.report({"INFO"}, " ".join(map(say_report, told)))
        return {"FINISHED"}
