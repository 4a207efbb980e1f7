"""Whose settings the panels show: those of the chosen line of the list, else the scene's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy

if TYPE_CHECKING:
    from .dialogue.properties import MYNAH_PG_line
    from .properties import LineSettings


def settings_of(context: bpy.types.Context) -> LineSettings:
    """What the panels show and the buttons work on."""
    return active_line(context.scene) or context.scene.mynah


def active_line(scene: bpy.types.Scene) -> MYNAH_PG_line | None:
    """The chosen line of the scene's list; None if that is empty."""
    dialogue = scene.mynah_dialogue
    if not dialogue.lines:
        return None
    return dialogue.lines[max(0, min(dialogue.active, len(dialogue.lines) - 1))]


def find_settings(scene: bpy.types.Scene, uid: str) -> LineSettings | None:
    """The line of this identity, the scene's own settings for ''; None if the line is gone."""
    return find_line(scene, uid) if uid else scene.mynah


def find_line(scene: bpy.types.Scene, uid: str) -> MYNAH_PG_line | None:
    """The line of this identity; None if it is gone."""
    return next((line for line in scene.mynah_dialogue.lines if line.uid == uid), None)
