"""What all panels share."""

from __future__ import annotations

import textwrap

import bpy


class MynahPanel:
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Mynah"


class MynahSubPanel(MynahPanel):
    bl_parent_id = "MYNAH_PT_generate"


def properties_of(panel: bpy.types.Panel) -> bpy.types.UILayout:
    """The panel's layout, for names beside properties."""
    panel.layout.use_property_split = True
    panel.layout.use_property_decorate = False
    return panel.layout


def draw_text(layout: bpy.types.UILayout, context: bpy.types.Context, text: str, icon: str) -> None:
    """A sentence over as many rows as the sidebar's width asks for."""
    pixels_per_letter = 7.0 * context.preferences.system.ui_scale
    width = max(20, int(context.region.width / pixels_per_letter) - 9)
    column = layout.column(align=True)
    for i, row in enumerate(textwrap.wrap(text, width)):
        column.label(text=row, icon="BLANK1" if i else icon, translate=False)
