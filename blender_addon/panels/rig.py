"""What on the character answers to a performance."""

from __future__ import annotations

import bpy

from ..library import Kind, Row, matches_search
from ..operators.rig import (
    MYNAH_OT_add_target,
    MYNAH_OT_automatic_mapping,
    MYNAH_OT_dry_run,
    MYNAH_OT_explain_target,
    MYNAH_OT_load_mapping,
    MYNAH_OT_mirror_mapping,
    MYNAH_OT_remove_channel,
    MYNAH_OT_save_mapping,
    MYNAH_OT_set_range,
    MYNAH_OT_set_weight,
    MYNAH_OT_test_pose,
)
from ..rig_properties import rig_rows
from ..scene_reader import character_of
from .base import MynahSubPanel, draw_text

_KINDS = {"shape": "SHAPEKEY_DATA", "bone": "BONE_DATA", "property": "PROPERTIES"}
_LEVELS = {"SURE": "CHECKMARK", "LIKELY": "INFO", "GUESS": "QUESTION", "OWN": "USER"}
_LEAST_WIDTH = 340
"""In a narrower sidebar, a row has no room for its channels."""


class MYNAH_UL_targets(bpy.types.UIList):
    """A target: what it is, what moves it, how sure that is."""

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
        row = layout.split(factor=0.5) if context.region.width >= _LEAST_WIDTH else layout.row()
        row.label(text=item.name, icon=_KINDS[item.kind], translate=False)
        right = row.row(align=True)
        if context.region.width >= _LEAST_WIDTH:
            right.label(text=item.by, translate=False)
        why = right.row()
        why.alignment = "RIGHT"
        button = why.operator(
            MYNAH_OT_explain_target.bl_idname, text="", icon=_LEVELS[item.level], emboss=False
        )
        button.target, button.reason = item.name, item.reason

    def filter_items(
        self, _context: bpy.types.Context, data: bpy.types.PropertyGroup, property_name: str
    ) -> tuple[list[int], list[int]]:
        """All words of the search stand somewhere in the row: "bone jaw", "mouthSmile"."""
        flags = []
        for item in getattr(data, property_name):
            found = matches_search(f"{item.name} {item.by} {item.what}", self.filter_name)
            flags.append(self.bitflag_filter_item if found else 0)
        return flags, []


class MYNAH_MT_rig(bpy.types.Menu):
    """What else can be done with a mapping."""

    bl_label = "Mapping"

    def draw(self, _context: bpy.types.Context) -> None:
        layout = self.layout
        mirror = MYNAH_OT_mirror_mapping.bl_idname
        layout.operator(mirror, text="Mirror Left to Right", icon="MOD_MIRROR").direction = "LEFT"
        layout.operator(mirror, text="Mirror Right to Left", icon="BLANK1").direction = "RIGHT"
        layout.separator()
        layout.operator(MYNAH_OT_load_mapping.bl_idname, icon="FILE_FOLDER")
        layout.operator(MYNAH_OT_save_mapping.bl_idname, icon="FILE_TICK")


class MYNAH_PT_rig(MynahSubPanel, bpy.types.Panel):
    """The mapping: what was recognised, the targets, and what moves the chosen one."""

    bl_label = "Rig"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        character = character_of(context)
        if character is None:
            draw_text(layout, context, "Choose a character or select one.", "INFO")
            return
        view = rig_rows.view_for(character)
        if view is None:
            layout.label(text="Reading the rig…", icon="SORTTIME")
            return
        if view.error:
            draw_text(layout, context, view.error, "ERROR")
        for title in view.titles:
            draw_text(layout, context, title, "CHECKMARK")
        if not view.rows and not view.error:
            draw_text(layout, context, "Nothing here has a name that Mynah knows.", "QUESTION")
        for remark in view.remarks:
            draw_text(layout, context, remark, "INFO")
        listed = context.window_manager.mynah_rig
        row = layout.row()
        row.template_list("MYNAH_UL_targets", "", listed, "targets", listed, "active", rows=6)
        side = row.column(align=True)
        side.operator(MYNAH_OT_add_target.bl_idname, text="", icon="ADD")
        side.menu("MYNAH_MT_rig", text="", icon="DOWNARROW_HLT")
        chosen = None
        if 0 <= listed.active < len(listed.targets):
            chosen = view.find(listed.targets[listed.active].name)
        if chosen is not None:
            _draw_chosen(layout, context, chosen)
        buttons = layout.row(align=True)
        buttons.operator(MYNAH_OT_dry_run.bl_idname, icon="VIEWZOOM")
        automatic = buttons.row(align=True)
        automatic.enabled = view.is_own
        automatic.operator(MYNAH_OT_automatic_mapping.bl_idname, icon="FILE_REFRESH")


def _draw_chosen(layout: bpy.types.UILayout, context: bpy.types.Context, chosen: Row) -> None:
    box = layout.box()
    draw_text(box, context, chosen.reason, _LEVELS[chosen.level.value])
    column = box.column(align=True)
    for channel, weight in chosen.row:
        row = column.row(align=True)
        row.label(text=channel, translate=False)
        button = row.operator(
            MYNAH_OT_set_weight.bl_idname, text=f"{weight:.2f}", icon="GREASEPENCIL"
        )
        button.target, button.channel, button.weight = chosen.name, channel, weight
        button = row.operator(MYNAH_OT_remove_channel.bl_idname, text="", icon="X")
        button.target, button.channel = chosen.name, channel
    buttons = box.row(align=True)
    added = buttons.operator(MYNAH_OT_set_weight.bl_idname, text="Channel", icon="ADD")
    added.target, added.channel, added.weight = chosen.name, "", 1.0
    if chosen.kind is not Kind.SHAPE:
        buttons.operator(MYNAH_OT_set_range.bl_idname, text="Range").target = chosen.name
    buttons.operator(MYNAH_OT_test_pose.bl_idname, icon="HIDE_OFF").target = chosen.name
