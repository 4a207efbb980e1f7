"""Style: the list of what to imitate, how strongly, and gestures."""

from __future__ import annotations

import bpy

from ..line_settings import settings_of
from ..operators.gestures import MYNAH_OT_pin_gesture, MYNAH_OT_remove_gesture
from ..operators.style_library import MYNAH_OT_browse_styles, MYNAH_OT_save_style
from ..operators.styles import (
    MYNAH_OT_add_rig_style,
    MYNAH_OT_add_style_file,
    MYNAH_OT_capture_style,
    MYNAH_OT_move_style,
    MYNAH_OT_remove_style,
)
from ..style_catalog import catalog
from .base import MynahSubPanel, draw_text, properties_of


class MYNAH_MT_add_style(bpy.types.Menu):
    """Where a style can come from."""

    bl_label = "Add Style"
    bl_description = "Add a performance to imitate"

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.operator_context = "INVOKE_DEFAULT"
        layout.operator(MYNAH_OT_browse_styles.bl_idname, icon="ASSET_MANAGER")
        layout.operator(MYNAH_OT_add_style_file.bl_idname, icon="FILE")
        layout.operator(MYNAH_OT_capture_style.bl_idname, text="From Video…", icon="FILE_MOVIE")
        layout.operator(MYNAH_OT_add_rig_style.bl_idname, icon="ARMATURE_DATA")


class MYNAH_PT_style(MynahSubPanel, bpy.types.Panel):
    """Whose manner the line is performed in."""

    bl_label = "Style"

    def draw(self, context: bpy.types.Context) -> None:
        layout, settings = properties_of(self), settings_of(context)
        row = layout.row()
        row.template_list(
            "MYNAH_UL_styles", "", settings, "styles", settings, "active_style", rows=3
        )
        buttons = row.column(align=True)
        buttons.menu(MYNAH_MT_add_style.__name__, icon="ADD", text="")
        buttons.operator(MYNAH_OT_remove_style.bl_idname, icon="REMOVE", text="")
        if len(settings.styles) > 1:
            buttons.separator()
            for direction, icon in (("UP", "TRIA_UP"), ("DOWN", "TRIA_DOWN")):
                move = buttons.operator(MYNAH_OT_move_style.bl_idname, icon=icon, text="")
                move.direction = direction
        if catalog.activity:
            layout.label(text=catalog.activity, icon="SORTTIME")
        chosen = settings.chosen_style
        if chosen is None:
            text = "No style: the model's own, neutral manner."
            if settings.is_transfer:
                text = "No style: as the actor performed."
            draw_text(layout, context, text, "INFO")
            return
        _draw_style(layout, chosen)
        layout.separator()
        layout.prop(settings, "style_strength", slider=True)
        layout.prop(settings, "style_fade")


class MYNAH_PT_style_advanced(MynahSubPanel, bpy.types.Panel):
    """How closely the model follows voice and style."""

    bl_label = "Advanced"
    bl_parent_id = "MYNAH_PT_style"
    bl_options = {"DEFAULT_CLOSED"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return not settings_of(context).is_transfer  # which has neither

    def draw(self, context: bpy.types.Context) -> None:
        layout, settings = properties_of(self), settings_of(context)
        layout.prop(settings, "audio_guidance")
        layout.prop(settings, "style_guidance")


class MYNAH_PT_gestures(MynahSubPanel, bpy.types.Panel):
    """Passages of other performances, pinned to moments of the line."""

    bl_label = "Gestures"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        layout, settings = properties_of(self), settings_of(context)
        if settings.gestures:
            row = layout.row()
            row.template_list(
                "MYNAH_UL_gestures", "", settings, "gestures", settings, "active_gesture", rows=2
            )
            row.operator(MYNAH_OT_remove_gesture.bl_idname, icon="REMOVE", text="")
            if 0 <= settings.active_gesture < len(settings.gestures):
                _draw_gesture(layout, settings.gestures[settings.active_gesture])
        layout.operator(MYNAH_OT_pin_gesture.bl_idname, icon="PINNED")


def _draw_style(layout: bpy.types.UILayout, style: bpy.types.PropertyGroup) -> None:
    column = layout.column(align=True)
    if style.kind == "LIBRARY":
        column.prop(style, "style_name")
    else:
        _draw_clip(column, style)
    column = layout.column(align=True)
    column.prop(style, "weight", slider=True)
    column.prop(style, "region")
    column.prop(style, "from_frame")
    if style.kind != "LIBRARY":
        layout.operator(MYNAH_OT_save_style.bl_idname, icon="ASSET_MANAGER")


def _draw_gesture(layout: bpy.types.UILayout, gesture: bpy.types.PropertyGroup) -> None:
    column = layout.column(align=True)
    _draw_clip(column, gesture)
    if gesture.kind == "FILE":
        _draw_frames(column, gesture)
    column = layout.column(align=True)
    column.prop(gesture, "at_frame")
    column.prop(gesture, "region")


def _draw_clip(column: bpy.types.UILayout, clip: bpy.types.PropertyGroup) -> None:
    if clip.kind == "FILE":
        column.prop(clip, "path")
        return
    column.prop(clip, "rig")
    column.prop(clip, "extent")
    if clip.extent == "ACTION":
        column.prop(clip, "action")
    _draw_frames(column, clip)


def _draw_frames(column: bpy.types.UILayout, clip: bpy.types.PropertyGroup) -> None:
    column.prop(clip, "first")
    column.prop(clip, "last", text="Last")
