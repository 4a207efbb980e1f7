"""Rows of the lists."""

from __future__ import annotations

import bpy

_LEAST_WIDTH = 220
"""In a narrower sidebar, a row has no room for a frame."""


class MYNAH_UL_styles(bpy.types.UIList):
    """A style: where from, what, from when, for which part of the face, how much."""

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
        row = layout.row(align=True)
        row.label(text=item.title, icon=_icon(item, "kind"), translate=False)
        details = row.row(align=True)
        details.alignment = "RIGHT"
        if item.from_frame and context.region.width >= _LEAST_WIDTH:
            details.label(text=str(item.from_frame), icon="TIME")
        details.label(text="", icon=_icon(item, "region"))
        details.label(text=f"{item.weight:.2f}")


class MYNAH_UL_gestures(bpy.types.UIList):
    """A gesture: what, for which part of the face, when."""

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
        row = layout.row(align=True)
        row.label(text=item.title, icon=_icon(item, "kind"), translate=False)
        details = row.row(align=True)
        details.alignment = "RIGHT"
        details.label(text=str(item.at_frame), icon="TIME")
        details.label(text="", icon=_icon(item, "region"))


def _icon(item: bpy.types.PropertyGroup, name: str) -> str:
    return item.bl_rna.properties[name].enum_items[getattr(item, name)].icon
