"""The scene's dialogue: the list of lines, where they come from, how they are, the button."""

# pyright: reportInvalidTypeForm=false

from __future__ import annotations

import bpy
from bpy.props import EnumProperty

from ..dialogue.batch import Batch
from ..dialogue.board import UNDER_WAY, Shown, State, board, key_of
from ..dialogue.survey import survey
from ..language.words import say
from ..line_settings import active_line
from ..operators.dialogue import (
    MYNAH_OT_add_line,
    MYNAH_OT_cancel_lines,
    MYNAH_OT_copy_line_settings,
    MYNAH_OT_generate_lines,
    MYNAH_OT_move_line,
    MYNAH_OT_remove_line,
)
from ..operators.filling import (
    MYNAH_OT_export_sheet,
    MYNAH_OT_lines_from_folder,
    MYNAH_OT_lines_from_markers,
    MYNAH_OT_lines_from_sheet,
    MYNAH_OT_lines_from_strips,
)
from ..scene_reader import sequencer_scene
from ..session import session
from .base import MynahPanel, draw_text
from .line import draw_outcome

_ICONS = {
    State.unknown: "BLANK1",
    State.not_made: "RADIOBUT_OFF",
    State.changed: "FILE_REFRESH",
    State.done: "CHECKMARK",
    State.blocked: "QUESTION",
    State.failed: "ERROR",
    State.waiting: "SORTTIME",
    State.reading: "IMPORT",
    State.performing: "PLAY",
    State.keying: "KEYFRAME_HLT",
}
_ROOM_FOR_STYLE = 340
"""In a narrower sidebar, a row has no room for the style."""
_MANY = 4
"""From so many lines on, the list is higher."""


class MYNAH_UL_lines(bpy.types.UIList):
    """A line: how it is, who says it, what it is called, in whose manner."""

    sort_by: EnumProperty(
        name="Sort By",
        description="How the list is shown; its own order stays",
        items=(
            ("LIST", "List", "In the order of the list", "SORTSIZE", 0),
            ("SPEAKER", "Speaker", "By speaker, then start", "USER", 1),
            ("START", "Start", "By the frame at which the lines start", "TIME", 2),
            ("STATE", "State", "What needs attention first", "INFO", 3),
        ),
    )

    def draw_item(
        self,
        context: bpy.types.Context,
        layout: bpy.types.UILayout,
        data: bpy.types.PropertyGroup,
        item: bpy.types.PropertyGroup,
        icon: int,
        active_data: bpy.types.PropertyGroup,
        active_property: str,
    ) -> None:
        shown = board.get(key_of(item.id_data, item.uid))
        row = layout.row(align=True)
        row.prop(item, "is_ticked", text="")
        row.label(text="", icon=_ICONS[shown.state])
        titles = row.split(factor=0.3)
        titles.label(text=speaker_title(item), translate=False)
        has_room = context.region.width / context.preferences.system.ui_scale >= _ROOM_FOR_STYLE
        titles = titles.split(factor=0.6) if has_room else titles
        if shown.state is State.performing:
            titles.progress(factor=shown.fraction, type="BAR", text=item.name, translate=False)
        else:
            titles.label(text=item.name, translate=False)
        if has_room:
            titles.label(text=style_title(item), translate=False)
        if shown.state in UNDER_WAY:
            cancel = row.operator(MYNAH_OT_cancel_lines.bl_idname, text="", icon="X", emboss=False)
            cancel.uid = item.uid

    def draw_filter(self, context: bpy.types.Context, layout: bpy.types.UILayout) -> None:
        row = layout.row(align=True)
        row.prop(self, "filter_name", text="", icon="VIEWZOOM")
        row.prop(self, "use_filter_invert", text="", icon="ARROW_LEFTRIGHT")
        row.separator()
        row.prop(self, "sort_by", text="", icon_only=True)
        row.prop(self, "use_filter_sort_reverse", text="", icon="SORT_DESC")

    def filter_items(
        self, context: bpy.types.Context, data: bpy.types.PropertyGroup, property: str
    ) -> tuple[list[int], list[int]]:
        lines = list(getattr(data, property))
        words = self.filter_name.casefold().split()
        flags: list[int] = []
        if words:
            flags = [self.bitflag_filter_item * has_words(line, words) for line in lines]
        return flags, places_of(lines, self.sort_by)


class MYNAH_UL_speakers(bpy.types.UIList):
    """A name in the dialogue, and the character that speaks for it."""

    def draw_item(
        self,
        context: bpy.types.Context,
        layout: bpy.types.UILayout,
        data: bpy.types.PropertyGroup,
        item: bpy.types.PropertyGroup,
        icon: int,
        active_data: bpy.types.PropertyGroup,
        active_property: str,
    ) -> None:
        row = layout.split(factor=0.4)
        row.label(
            text=item.name,
            icon="USER" if item.character is not None else "QUESTION",
            translate=False,
        )
        row.prop(item, "character", text="")


class MYNAH_MT_lines_from(bpy.types.Menu):
    """Where lines can come from."""

    bl_label = "Add Lines"
    bl_description = "Add lines from strips, markers, a sheet or a folder"

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.operator_context = "INVOKE_DEFAULT"
        strips = layout.operator(MYNAH_OT_lines_from_strips.bl_idname, icon="SEQ_SEQUENCER")
        strips.only_selected = False
        strips = layout.operator(
            MYNAH_OT_lines_from_strips.bl_idname,
            text="From Selected Strips",
            icon="RESTRICT_SELECT_OFF",
        )
        strips.only_selected = True
        layout.operator(MYNAH_OT_lines_from_markers.bl_idname, icon="MARKER_HLT")
        layout.operator(MYNAH_OT_lines_from_sheet.bl_idname, icon="SPREADSHEET")
        layout.operator(MYNAH_OT_lines_from_folder.bl_idname, icon="FILE_FOLDER")


class MYNAH_MT_lines(bpy.types.Menu):
    """What else can be done with the lines."""

    bl_label = "Lines"
    bl_description = "Generate some lines, copy settings, write a sheet"

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.operator_context = "INVOKE_DEFAULT"
        for which, text, icon in (
            ("ACTIVE", "Generate This Line", "PLAY_SOUND"),
            ("TICKED", "Generate Ticked Lines", "CHECKBOX_HLT"),
            ("ALL", "Generate All, Changed or Not", "FILE_REFRESH"),
        ):
            made = layout.operator(MYNAH_OT_generate_lines.bl_idname, text=text, icon=icon)
            made.which = which
        layout.separator()
        for to, text in (
            ("TICKED", "Copy Settings to Ticked Lines"),
            ("SPEAKER", "Copy Settings to the Same Speaker"),
            ("ALL", "Copy Settings to All Lines"),
        ):
            layout.operator(
                MYNAH_OT_copy_line_settings.bl_idname, text=text, icon="COPYDOWN"
            ).to = to
        layout.separator()
        layout.operator(MYNAH_OT_export_sheet.bl_idname, icon="EXPORT")
        for which, text in (("TICKED", "Remove Ticked Lines"), ("ALL", "Remove All Lines")):
            layout.operator(MYNAH_OT_remove_line.bl_idname, text=text, icon="REMOVE").which = which


class MYNAH_PT_dialogue(MynahPanel, bpy.types.Panel):
    """All lines of the scene, and the button that makes them."""

    bl_label = "Dialogue"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        layout, dialogue = self.layout, context.scene.mynah_dialogue
        if not dialogue.lines:
            text = "Many lines at once, from strips, markers, a sheet or a folder."
            draw_text(layout, context, text, "INFO")
            layout.menu(MYNAH_MT_lines_from.__name__, icon="ADD")
            return
        if not _is_playing(context):
            survey.look_soon(context.scene, sequencer_scene(context))
        _draw_list(layout, dialogue)
        chosen = active_line(context.scene)
        if chosen is not None:
            _draw_state(layout, context, board.get(key_of(context.scene, chosen.uid)))
        if isinstance(session.batch, Batch):
            _draw_progress(layout, session.batch)
        else:
            _draw_button(layout, context)
        if session.outcome is not None and session.outcome.is_of_batch:
            draw_outcome(layout, context, session.outcome)


class MYNAH_PT_cast(MynahPanel, bpy.types.Panel):
    """Which character speaks for which name."""

    bl_label = "Cast"
    bl_parent_id = "MYNAH_PT_dialogue"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return bool(context.scene.mynah_dialogue.speakers)

    def draw_header_preset(self, context: bpy.types.Context) -> None:
        rows = context.scene.mynah_dialogue.speakers
        if any(row.character is None for row in rows):
            self.layout.label(text="", icon="QUESTION")

    def draw(self, context: bpy.types.Context) -> None:
        layout, dialogue = self.layout, context.scene.mynah_dialogue
        rows = min(max(2, len(dialogue.speakers)), 6)
        layout.template_list(
            "MYNAH_UL_speakers", "", dialogue, "speakers", dialogue, "active_speaker", rows=rows
        )


def speaker_title(line: bpy.types.PropertyGroup) -> str:
    """Who says a line: the name in the dialogue, else the character's."""
    if line.speaker or line.character is None:
        return line.speaker
    return line.character.name


def style_title(line: bpy.types.PropertyGroup) -> str:
    """The styles of a line in short."""
    return " + ".join(row.title for row in line.styles)


def has_words(line: bpy.types.PropertyGroup, words: list[str]) -> bool:
    text = " ".join((speaker_title(line), line.name, style_title(line), line.text)).casefold()
    return all(word in text for word in words)


def places_of(lines: list[bpy.types.PropertyGroup], sort_by: str) -> list[int]:
    """Where each line is shown; empty for the order of the list."""
    if sort_by == "LIST":
        return []
    keys = [key_of(line.id_data, line.uid) for line in lines]
    starts = [board.start_of(key, x.start_frame) for key, x in zip(keys, lines, strict=True)]
    if sort_by == "SPEAKER":
        names = [speaker_title(line).casefold() for line in lines]
        shown = sorted(range(len(lines)), key=lambda i: (names[i], starts[i]))
    elif sort_by == "START":
        shown = sorted(range(len(lines)), key=starts.__getitem__)
    else:
        states = [_URGENCY[board.get(key).state] for key in keys]
        shown = sorted(range(len(lines)), key=lambda i: (states[i], starts[i]))
    places = [0] * len(lines)
    for place, index in enumerate(shown):
        places[index] = place
    return places


_URGENCY = {
    state: place
    for place, state in enumerate(
        (
            *(State.failed, State.blocked, State.keying, State.performing, State.reading),
            *(State.waiting, State.changed, State.not_made, State.unknown, State.done),
        )
    )
}


def _is_playing(context: bpy.types.Context) -> bool:
    return context.screen is not None and context.screen.is_animation_playing


def _draw_list(layout: bpy.types.UILayout, dialogue: bpy.types.PropertyGroup) -> None:
    row = layout.row()
    rows = 8 if len(dialogue.lines) >= _MANY else 4
    row.template_list("MYNAH_UL_lines", "", dialogue, "lines", dialogue, "active", rows=rows)
    buttons = row.column(align=True)
    buttons.operator(MYNAH_OT_add_line.bl_idname, icon="ADD", text="")
    remove = buttons.operator(MYNAH_OT_remove_line.bl_idname, icon="REMOVE", text="")
    remove.which = "ACTIVE"
    buttons.separator()
    buttons.menu(MYNAH_MT_lines_from.__name__, icon="IMPORT", text="")
    buttons.menu(MYNAH_MT_lines.__name__, icon="DOWNARROW_HLT", text="")
    if len(dialogue.lines) > 1:
        buttons.separator()
        for direction, icon in (("UP", "TRIA_UP"), ("DOWN", "TRIA_DOWN")):
            move = buttons.operator(MYNAH_OT_move_line.bl_idname, icon=icon, text="")
            move.direction = direction


def _draw_state(layout: bpy.types.UILayout, context: bpy.types.Context, shown: Shown) -> None:
    """Why the chosen line failed or can't be made."""
    if shown.message:
        draw_text(layout, context, shown.message, _ICONS[shown.state])


def _draw_progress(layout: bpy.types.UILayout, batch: Batch) -> None:
    row = layout.row(align=True)
    row.scale_y = 1.6
    done = say(f"{batch.tally.ended} of {batch.tally.total} lines")
    row.progress(factor=batch.progress, type="BAR", text=done)
    row.operator(MYNAH_OT_cancel_lines.bl_idname, text="", icon="CANCEL").uid = ""


def _draw_button(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    scene = context.scene
    states = [board.get(key_of(scene, line.uid)).state for line in scene.mynah_dialogue.lines]
    row = layout.row(align=True)
    row.scale_y = 1.6
    n_done = states.count(State.done)
    text = say(f"Generate All ({n_done} of {len(states)} done)" if n_done else "Generate All")
    row.operator(MYNAH_OT_generate_lines.bl_idname, text=text, icon="PLAY_SOUND").which = "CHANGED"
    n_failed = states.count(State.failed)
    if n_failed:
        text = say(f"Retry {n_failed} Failed")
        retry = layout.operator(MYNAH_OT_generate_lines.bl_idname, text=text, icon="FILE_REFRESH")
        retry.which = "FAILED"
