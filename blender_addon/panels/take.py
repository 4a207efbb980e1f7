"""The take on show: how much its parts move, and what can be seen of it in the editors."""

from __future__ import annotations

import bpy

from ..operators.amounts import MYNAH_OT_apply_amounts, MYNAH_OT_reset_amounts
from ..operators.takes import takes_here
from ..properties import PARTS
from .base import MynahSubPanel, properties_of


class MYNAH_PT_take(MynahSubPanel, bpy.types.Panel):
    """What can be done with a take once it is baked."""

    bl_label = "Take"

    def draw(self, context: bpy.types.Context) -> None:
        layout = properties_of(self)
        _made, shown = takes_here(context)
        if shown is not None:
            _draw_amounts(layout, shown.mynah_take)
        layout.prop(context.scene.mynah, "show_heard")


def _draw_amounts(layout: bpy.types.UILayout, take: bpy.types.PropertyGroup) -> None:
    amounts = layout.column(align=True)
    for name in PARTS:
        row = amounts.row(align=True)
        is_muted = getattr(take, f"mute_{name}")
        amount = row.row(align=True)
        amount.active = not is_muted
        amount.prop(take, name, slider=True)
        icon = "HIDE_ON" if is_muted else "HIDE_OFF"
        row.prop(take, f"mute_{name}", text="", icon=icon, emboss=False)
    row = layout.row(align=True)
    row.operator(MYNAH_OT_reset_amounts.bl_idname)
    row.operator(MYNAH_OT_apply_amounts.bl_idname)
