"""The sidebar: draws only."""

from __future__ import annotations

import textwrap

import bpy

from .operators.cancel import MYNAH_OT_cancel
from .operators.generate import MYNAH_OT_generate, disabled_reason
from .scene_reader import character_of, find_strip
from .session import Job, Outcome, session

_STAGES = {
    "connecting": "Starting the engine",
    "upload": "Sending the audio",
    "queued": "Waiting for the engine",
    "decode": "Reading the audio",
    "features": "Listening",
    "motion": "Performing",
    "finish": "Finishing",
}


class _MynahPanel:
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Mynah"


class MYNAH_PT_generate(_MynahPanel, bpy.types.Panel):
    """What is said, by whom, and the button."""

    bl_label = "Generate Lip Sync"

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        settings = context.scene.mynah
        _draw_audio(layout, context, settings)
        layout.prop(settings, "character", placeholder=_character_hint(context))
        layout.prop(settings, "style")
        layout.separator()
        if session.job is None:
            _draw_button(layout, context)
        else:
            _draw_progress(layout, session.job)
        if session.outcome is not None:
            _draw_outcome(layout, context, session.outcome)


class MYNAH_PT_performance(_MynahPanel, bpy.types.Panel):
    """How it is said: amounts, seed and quality."""

    bl_label = "Performance"
    bl_parent_id = "MYNAH_PT_generate"

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        settings = context.scene.mynah
        amounts = layout.column(align=True)
        for name in ("lips", "brows", "blinks", "gaze", "head"):
            amounts.prop(settings, name, slider=True)
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
        _draw_text(layout, context, reason, "INFO")


def _draw_progress(layout: bpy.types.UILayout, job: Job) -> None:
    row = layout.row(align=True)
    row.scale_y = 1.6
    row.progress(factor=job.fraction, type="BAR", text=_STAGES.get(job.stage, job.stage))
    row.operator(MYNAH_OT_cancel.bl_idname, text="", icon="CANCEL")


def _draw_outcome(layout: bpy.types.UILayout, context: bpy.types.Context, outcome: Outcome) -> None:
    box = layout.box()
    report = outcome.report
    if report is None:
        _draw_text(box, context, outcome.message, "ERROR" if outcome.is_error else "INFO")
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
        _draw_text(box, context, text, icon)


def _draw_text(
    layout: bpy.types.UILayout, context: bpy.types.Context, text: str, icon: str
) -> None:
    """A sentence over as many rows as the sidebar's width asks for."""
    pixels_per_letter = 7.0 * context.preferences.system.ui_scale
    width = max(20, int(context.region.width / pixels_per_letter) - 9)
    column = layout.column(align=True)
    for i, row in enumerate(textwrap.wrap(text, width)):
        column.label(text=row, icon="BLANK1" if i else icon, translate=False)
