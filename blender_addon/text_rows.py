"""Sentences in a layout, which draws a label on one row only."""

from __future__ import annotations

import textwrap

import bpy

from .language.words import say


def draw_text(layout: bpy.types.UILayout, context: bpy.types.Context, text: str, icon: str) -> None:
    """A sentence in Blender's language, over as many rows as the region's width asks for."""
    pixels_per_letter = 7.0 * context.preferences.system.ui_scale
    width = max(20, int(context.region.width / pixels_per_letter) - 9)
    column = layout.column(align=True)
    for i, row in enumerate(textwrap.wrap(say(text), width)):
        column.label(text=row, icon="BLANK1" if i else icon, translate=False)
