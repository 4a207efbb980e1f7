"""Settings of one line for others: styles, amounts, quality and keys, never who says what."""

from __future__ import annotations

from collections.abc import Iterable

import bpy

from ..properties import PARTS, LineSettings

_PLAIN = (
    *("style_strength", "style_fade", "audio_guidance", "style_guidance", "quality"),
    *("key_interpolation", "key_hold", "key_error"),
    *PARTS,
    *(f"mute_{part}" for part in PARTS),
)
SAID = (
    *("source", "audio_source", "audio_path", "performance_path", "start_frame", "seed"),
    *("strip_name", "strip_scene", "from_s", "to_s"),
)
"""What is said and when."""
_STYLE = (
    *("kind", "path", "rig", "extent", "action", "region", "style_name"),
    *("first", "last", "weight"),
)
"""All of a style but its frame, which belongs to one line."""


def copy_settings(source: LineSettings, targets: Iterable[LineSettings]) -> int:
    """Tells how many lines were given the settings."""
    count = 0
    for target in targets:
        for name in _PLAIN:
            setattr(target, name, getattr(source, name))
        _copy_styles(source.styles, target.styles)
        target.active_style = source.active_style
        count += 1
    return count


def _copy_styles(source: bpy.types.PropertyGroup, target: bpy.types.PropertyGroup) -> None:
    target.clear()
    for row in source:
        copy = target.add()
        for name in _STYLE:
            setattr(copy, name, getattr(row, name))
