"""Fixes of the scene: its range, its sound."""

from __future__ import annotations

import math

import bpy

from ..library import BadInputError
from .finding import Finding
from .lookup import owner_of


def widen_range(context: bpy.types.Context, finding: Finding) -> None:
    first, last = map(float, finding.names)
    scene = context.scene
    scene.frame_end = max(scene.frame_end, math.ceil(last))
    scene.frame_start = max(0, min(scene.frame_start, math.floor(first)))


def unmute_sound(_context: bpy.types.Context, finding: Finding) -> None:
    editor = owner_of(finding).sequence_editor
    strips = [s for s in editor.strips_all if s.name == finding.names[0]] if editor else []
    if not strips:
        raise BadInputError(f"The strip '{finding.names[0]}' is gone since the check; check again.")
    strips[0].mute = False
    editor.channels[strips[0].channel].mute = False


def play_audio(_context: bpy.types.Context, finding: Finding) -> None:
    owner_of(finding).use_audio = True


def sync_to_audio(_context: bpy.types.Context, finding: Finding) -> None:
    owner_of(finding).sync_mode = "AUDIO_SYNC"
