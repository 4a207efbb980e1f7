"""The line: what is said or performed, by whom, the button, and the takes."""

from __future__ import annotations

import bpy

from ..baking.actions import is_draft, seed_of, source_of
from ..language.words import say
from ..library import STAGE_WORDS
from ..line_settings import settings_of
from ..operators.cancel import MYNAH_OT_cancel
from ..operators.generate import MYNAH_OT_generate, disabled_reason
from ..operators.redo import MYNAH_OT_redo_range
from ..operators.takes import (
    MYNAH_OT_delete_take,
    MYNAH_OT_new_take,
    MYNAH_OT_show_take,
    takes_here,
)
from ..properties import PARTS
from ..scene_reader import character_of, find_strip, sequencer_scene
from ..session import Job, Outcome, session
from ..setup.drawing import draw_set_up
from .base import MynahPanel, MynahSubPanel, draw_text, properties_of


class MYNAH_PT_generate(MynahPanel, bpy.types.Panel):
    """What is said or performed, by whom, and the button."""

    bl_label = "Generate Lip Sync"

    def draw(self, context: bpy.types.Context) -> None:
        layout = properties_of(self)
        settings = settings_of(context)
        if settings.uid:
            layout.prop(settings, "name")
            layout.prop(settings, "speaker")
        _draw_source(layout, context, settings)
        layout.prop(settings, "character", placeholder=_character_hint(context))
        layout.separator()
        if session.job is None:
            if not draw_set_up(layout, context):
                _draw_button(layout, context)
            _draw_takes(layout, context)
        else:
            _draw_progress(layout, session.job)
        if session.outcome is not None and not session.outcome.is_of_batch:
            draw_outcome(layout, context, session.outcome)


class MYNAH_PT_performance(MynahSubPanel, bpy.types.Panel):
    """How it is said: amounts, seed and quality."""

    bl_label = "Amounts"

    def draw(self, context: bpy.types.Context) -> None:
        layout = properties_of(self)
        settings = settings_of(context)
        amounts = layout.column(align=True)
        for name in PARTS:
            row = amounts.row(align=True)
            is_muted = getattr(settings, f"mute_{name}")
            amount = row.row(align=True)
            amount.active = not is_muted
            amount.prop(settings, name, slider=True)
            icon = "HIDE_ON" if is_muted else "HIDE_OFF"
            row.prop(settings, f"mute_{name}", text="", icon=icon, emboss=False)
        if not settings.is_transfer:  # which neither changes
            layout.prop(settings, "seed")
            layout.prop(settings, "quality")


class MYNAH_PT_keys(MynahSubPanel, bpy.types.Panel):
    """How it is keyed."""

    bl_label = "Keys"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        layout = properties_of(self)
        settings = settings_of(context)
        layout.row().prop(settings, "key_interpolation", text="Curves", expand=True)
        is_stepped = settings.key_interpolation == "stepped"
        layout.prop(settings, "key_hold" if is_stepped else "key_error")


def _draw_source(
    layout: bpy.types.UILayout, context: bpy.types.Context, settings: bpy.types.PropertyGroup
) -> None:
    tabs = layout.row()
    tabs.use_property_split = False  # without a name there is room for the words in a slim sidebar
    tabs.prop(settings, "source", expand=True)
    layout.row().prop(settings, "audio_source", expand=True)
    if settings.audio_source == "FILE":
        layout.prop(settings, "performance_path" if settings.is_transfer else "audio_path")
        layout.prop(settings, "start_frame")
        if settings.uid:
            _draw_cut(layout, settings)
        return
    strip = find_strip(context)
    if settings.uid:
        editor = (settings.strip_scene or sequencer_scene(context)).sequence_editor
        if editor is not None:
            layout.prop_search(settings, "strip_name", editor, "strips_all", icon="SOUND")
        _draw_cut(layout, settings)
    elif strip is not None:
        row = layout.split(factor=0.4)  # in line with the properties around it
        title = row.row()
        title.alignment = "RIGHT"
        title.label(text="Strip")
        icon = "FILE_MOVIE" if settings.is_transfer else "SOUND"
        row.label(text=strip.name, icon=icon, translate=False)


def _draw_cut(layout: bpy.types.UILayout, settings: bpy.types.PropertyGroup) -> None:
    column = layout.column(align=True)
    column.prop(settings, "from_s")
    column.prop(settings, "to_s", text="To")


def _character_hint(context: bpy.types.Context) -> str:
    active = character_of(context)
    return active.name if active else ""


def _draw_button(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    row = layout.row()
    row.scale_y = 1.6
    if settings_of(context).is_transfer:
        row.operator(MYNAH_OT_generate.bl_idname, text="Transfer Performance", icon="USER")
    else:
        row.operator(MYNAH_OT_generate.bl_idname, icon="PLAY_SOUND")
    reason = disabled_reason(context)
    if reason:
        draw_text(layout, context, reason, "INFO")


def _draw_takes(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """The line's takes, once it has one."""
    made, shown = takes_here(context)
    if shown is None:
        return
    row = layout.row(align=True)
    row.operator(MYNAH_OT_show_take.bl_idname, text="", icon="TRIA_LEFT").direction = "PREVIOUS"
    name = row.row(align=True)
    name.alignment = "CENTER"
    name.label(text=_take_title(made, shown), translate=False)
    row.operator(MYNAH_OT_show_take.bl_idname, text="", icon="TRIA_RIGHT").direction = "NEXT"
    row.operator(MYNAH_OT_delete_take.bl_idname, text="", icon="TRASH")
    row = layout.row(align=True)
    row.operator(MYNAH_OT_new_take.bl_idname, icon="ADD")
    row.operator(MYNAH_OT_redo_range.bl_idname, icon="PREVIEW_RANGE")


def _take_title(made: list[bpy.types.Action], shown: bpy.types.Action) -> str:
    title = "Draft of take" if is_draft(shown) else "Take"
    if source_of(shown) == "PERFORMANCE":
        title = "Transferred take"
    title = say(title)
    if len(made) > 1:
        title = say(f"{title} {made.index(shown) + 1} of {len(made)}")
    if source_of(shown) == "PERFORMANCE":
        return title
    return say(f"{title}, seed {seed_of(shown)}")


def _draw_progress(layout: bpy.types.UILayout, job: Job) -> None:
    row = layout.row(align=True)
    row.scale_y = 1.6
    stage = say(STAGE_WORDS.get(job.stage, job.stage))
    text = say(f"Draft: {stage}") if job.drafting is not None else stage
    row.progress(factor=job.fraction, type="BAR", text=text)
    row.operator(MYNAH_OT_cancel.bl_idname, text="", icon="CANCEL")


def draw_outcome(layout: bpy.types.UILayout, context: bpy.types.Context, outcome: Outcome) -> None:
    box = layout.box()
    report = outcome.report
    if report is None:
        draw_text(box, context, outcome.message, "ERROR" if outcome.is_error else "INFO")
        for remark in outcome.remarks:
            draw_text(box, context, remark, "INFO")
        return
    matched = say(f"{report.n_exact + report.n_aliased} shapes matched")
    if report.n_aliased:
        matched += ", " + say(f"{report.n_aliased} by another spelling")
    if report.n_controls:
        matched += "; " + say(f"{report.n_controls} bones and properties")
    ratio = report.keys_before / max(report.keys_after, 1)
    lines = [
        (f"'{report.line}' keyed in {outcome.seconds:.1f} s", "CHECKMARK"),
        (matched, "SHAPEKEY_DATA"),
        (f"{report.keys_before:,} → {report.keys_after:,} keys ({ratio:.0f}×)", "KEYFRAME_HLT"),
        (f"Head: {report.head}", "BONE_DATA"),
    ]
    if report.unmatched:
        lines.append((f"Without a shape: {', '.join(report.unmatched)}", "QUESTION"))
    lines += [(remark, "INFO") for remark in report.remarks]
    for text, icon in lines:
        draw_text(box, context, text, icon)
