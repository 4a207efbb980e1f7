"""What all panels share."""

from __future__ import annotations

import bpy

from ..text_rows import draw_text as draw_text


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
