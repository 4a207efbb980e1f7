"""A strip made again elsewhere: Python can't move one between tracks or data-blocks."""

from __future__ import annotations

import bpy


def copy_strip(strip: bpy.types.NlaStrip, track: bpy.types.NlaTrack) -> bpy.types.NlaStrip:
    """The same strip on another track, which has room for it."""
    begin, end = strip.frame_start, strip.frame_end
    copy = track.strips.new(strip.name, int(begin), strip.action)
    copy.action_slot = strip.action_slot
    copy.action_frame_end = strip.action_frame_end
    copy.action_frame_start = strip.action_frame_start
    copy.scale, copy.repeat = strip.scale, strip.repeat
    copy.frame_end = max(copy.frame_end, end)  # never before its start
    copy.frame_start, copy.frame_end = begin, end
    copy.scale = strip.scale
    for setting in (
        "blend_type",
        "extrapolation",
        "mute",
        "use_reverse",
        "use_auto_blend",
        "blend_in",
        "blend_out",
    ):
        setattr(copy, setting, getattr(strip, setting))
    _copy_influence(strip, copy)
    return copy


def _copy_influence(strip: bpy.types.NlaStrip, copy: bpy.types.NlaStrip) -> None:
    if not strip.use_animated_influence:
        return
    copy.use_animated_influence = True
    old, new = strip.fcurves.find("influence"), copy.fcurves.find("influence")
    if old is None or new is None:
        return
    new.keyframe_points.clear()
    for point in old.keyframe_points:
        new.keyframe_points.insert(*point.co).interpolation = point.interpolation
