"""The line: what is said, by whom, the button, and the takes."""

from __future__ import annotations

import bpy

from ..baking.actions import seed_of
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
from ..scene_reader import character_of, find_strip
from ..session import Job, Outcome, session
from .base import MynahPanel, MynahSubPanel, draw_text, properties_of

_STAGES = {
    "reading": "Reading the performance",
    "connecting": "Starting the engine",
    "upload": "Sending the audio",
    "queued": "Waiting for the engine",
    "decode": "Reading the audio",
    "features": "Listening",
    "motion": "Performing",
    "finish": "Finishing",
}


class MYNAH_PT_generate(MynahPanel, bpy.types.Panel):
    """What is said, by whom, and the button."""

    bl_label = "Generate Lip Sync"

    def draw(self, context: bpy.types.Context) -> None:
        layout = properties_of(self)
        settings = context.scene.mynah
        _draw_audio(layout, context, settings)
        layout.prop(settings, "character", placeholder=_character_hint(context))
        layout.separator()
        if session.job is None:
            _draw_button(layout, context)
            _draw_takes(layout, context)
        else:
            _draw_progress(layout, session.job)
        if session.outcome is not None:
            _draw_outcome(layout, context, session.outcome)


class MYNAH_PT_performance(MynahSubPanel, bpy.types.Panel):
    """How it is said: amounts, seed and quality."""

    bl_label = "Performance"

    def draw(self, context: bpy.types.Context) -> None:
        layout = properties_of(self)
        settings = context.scene.mynah
        amounts = layout.column(align=True)
        for name in PARTS:
            row = amounts.row(align=True)
            is_muted = getattr(settings, f"mute_{name}")
            amount = row.row(align=True)
            amount.active = not is_muted
            amount.prop(settings, name, slider=True)
            icon = "HIDE_ON" if is_muted else "HIDE_OFF"
            row.prop(settings, f"mute_{name}", text="", icon=icon, emboss=False)
        layout.prop(settings, "seed")
        layout.prop(settings, "quality")


def _draw_audio(
    layout: bpy.types.UILayout, context: bpy.types.Context, settings: bpy.types.PropertyGroup
) -> None:
    layout.row().prop(settings, "audio_source", expand=True)
    if settings.audio_source == "FILE":
        layout.prop(settings, "audio_path")
        layout.prop(settings, "start_frame")
        return
    strip = find_strip(context)
    if strip is not None:
        row = layout.split(factor=0.4)  # in line with the properties around it
        title = row.row()
        title.alignment = "RIGHT"
        title.label(text="Strip")
        row.label(text=strip.name, icon="SOUND", translate=False)


def _character_hint(context: bpy.types.Context) -> str:
    active = character_of(context)
    return active.name if active else ""


def _draw_button(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    row = layout.row()
    row.scale_y = 1.6
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
    place = f"{made.index(shown) + 1} of {len(made)}, " if len(made) > 1 else ""
    name.label(text=f"Take {place}seed {seed_of(shown)}", translate=False)
    row.operator(MYNAH_OT_show_take.bl_idname, text="", icon="TRIA_RIGHT").direction = "NEXT"
    row.operator(MYNAH_OT_delete_take.bl_idname, text="", icon="TRASH")
    row = layout.row(align=True)
    row.operator(MYNAH_OT_new_take.bl_idname, icon="ADD")
    row.operator(MYNAH_OT_redo_range.bl_idname, icon="PREVIEW_RANGE")


def _draw_progress(layout: bpy.types.UILayout, job: Job) -> None:
    row = layout.row(align=True)
    row.scale_y = 1.6
    row.progress(factor=job.fraction, type="BAR", text=_STAGES.get(job.stage, job.stage))
    row.operator(MYNAH_OT_cancel.bl_idname, text="", icon="CANCEL")


def _draw_outcome(layout: bpy.types.UILayout, context: bpy.types.Context, outcome: Outcome) -> None:
    box = layout.box()
    report = outcome.report
    if report is None:
        draw_text(box, context, outcome.message, "ERROR" if outcome.is_error else "INFO")
        return
    matched = f"{report.n_exact + report.n_aliased} shapes matched"
    if report.n_aliased:
        matched += f", {report.n_aliased} by another spelling"
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
