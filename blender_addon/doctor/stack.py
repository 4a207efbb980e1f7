"""What lies between a line and the face: tweak mode, the NLA's switches, other actions."""

from __future__ import annotations

import math
from collections.abc import Iterator

import bpy

from ..baking import shape_keys
from ..baking.actions import curves_in, line_of, paths_in
from ..baking.placement import has_to_hold, is_in_tweak_mode
from ..reference import Reference
from .finding import Finding, Severity, list_names, name_lines
from .patient import Part, Patient, Play

_NOTHING = 1e-3
"""An influence that shows as good as nothing."""


def check_switches(_context: bpy.types.Context, patient: Patient) -> Iterator[Finding]:
    """Tweak mode, the NLA as a whole, solo, mute and influence."""
    for part in patient.parts:
        if is_in_tweak_mode(part.owner):
            yield Finding(
                f"'{part.name}' is in the NLA's tweak mode: only the strip that is edited plays, "
                "and no line can be keyed.",
                fix="leave_tweak_mode",
                owners=(Reference.to(part.owner),),
            )
        for play in part.plays:
            if play.strip is None:
                yield from _check_active_line(part, play)
        yield from _check_nla(part)
        for play, _track, strip in part.strips:
            yield from _check_line_strip(part, play.line, strip)


def check_covered(_context: bpy.types.Context, patient: Patient) -> Iterator[Finding]:
    """Other actions and strips that lie over a line."""
    for part in patient.parts:
        yield from _check_active_action(part)
        for play, track, strip in part.strips:
            yield from _check_strips_above(part, play, track, strip)


def check_ends(_context: bpy.types.Context, patient: Patient) -> Iterator[Finding]:
    """What a line's strip shows before and after it."""
    for part in patient.parts:
        for play, track, strip in part.strips:
            if play.slot is None:
                continue
            must_hold = has_to_hold(part.animation, track, play.action, play.slot)
            does_hold = strip.extrapolation != "NOTHING"
            owners, names = (Reference.to(part.owner),), (strip.name,)
            if does_hold and not must_hold and _covers_strips(part, play):
                yield Finding(
                    f"The line '{play.line}' holds its last pose over your strips on "
                    f"'{part.name}', so they don't show after it.",
                    fix="hold_nothing",
                    owners=owners,
                    names=names,
                )
            elif must_hold and not does_hold and _rests_at_one(part):
                yield Finding(
                    f"Before and after the line '{play.line}' every shape of '{part.name}' stands "
                    "at 1, because its strip does not hold.",
                    fix="hold",
                    owners=owners,
                    names=names,
                )


def _check_active_line(part: Part, play: Play) -> Iterator[Finding]:
    animation = part.animation
    has_strips = any(track.strips for track in animation.nla_tracks)
    if has_strips and animation.action_influence < _NOTHING:  # else Blender ignores it
        yield Finding(
            f"The line '{play.line}' has no influence on '{part.name}', so it does not show.",
            fix="full_action_influence",
            owners=(Reference.to(part.owner),),
        )


def _check_nla(part: Part) -> Iterator[Finding]:
    """What concerns all strips, or all of a track."""
    lines: dict[bpy.types.NlaTrack, list[str]] = {}
    for play, track, _strip in part.strips:
        lines.setdefault(track, []).append(play.line)
    if not lines:
        return
    animation, owners = part.animation, (Reference.to(part.owner),)
    if not animation.use_nla:
        yield Finding(
            f"The NLA of '{part.name}' is switched off, so nothing shows of "
            f"{name_lines([play.line for play, _track, _strip in part.strips])}.",
            fix="use_nla",
            owners=owners,
        )
    soloed = [track for track in animation.nla_tracks if track.is_solo]
    left_out = [play.line for play, track, _strip in part.strips if not track.is_solo]
    if soloed and left_out:
        yield Finding(
            f"Only the track '{soloed[0].name}' of '{part.name}' plays (its star is on), so "
            f"nothing shows of {name_lines(left_out)}.",
            fix="end_solo",
            owners=owners,
        )
    for track, own in lines.items():
        if track.mute:
            yield Finding(
                f"The NLA track of {name_lines(own)} is muted on '{part.name}', so nothing shows.",
                fix="unmute_track",
                owners=owners,
                names=(next(s.name for _p, t, s in part.strips if t == track),),
            )


def _check_line_strip(part: Part, line: str, strip: bpy.types.NlaStrip) -> Iterator[Finding]:
    owners, names = (Reference.to(part.owner),), (strip.name,)
    if strip.mute:
        yield Finding(
            f"The strip of the line '{line}' is muted on '{part.name}', so it does not show.",
            fix="unmute_strip",
            owners=owners,
            names=names,
        )
    if _highest_influence(strip) < _NOTHING:
        yield Finding(
            f"The strip of the line '{line}' has no influence on '{part.name}', so it does "
            "not show.",
            fix="full_influence",
            owners=owners,
            names=names,
        )


def _highest_influence(strip: bpy.types.NlaStrip) -> float:
    if not strip.use_animated_influence:
        return 1.0  # Blender ignores the value then
    f_curve = strip.fcurves.find("influence")
    if f_curve is None or not f_curve.keyframe_points:
        return strip.influence
    return max(point.co.y for point in f_curve.keyframe_points)


def _check_active_action(part: Part) -> Iterator[Finding]:
    """The artist's active action lies over every strip."""
    animation = part.animation
    if animation is None or not any(part.strips):
        return
    action = animation.action
    if (
        action is None
        or line_of(action) is not None
        or animation.use_tweak_mode
        or animation.action_blend_type != "REPLACE"
        or animation.action_influence < _NOTHING
    ):
        return
    keyed = _playing_paths(action, animation.action_slot)
    hidden = {play.line: keyed & _paths_of(play) for play, _track, _strip in part.strips}
    covered = [line for line, paths in hidden.items() if paths]
    if covered:
        yield Finding(
            f"Your action '{action.name}' keys {_what(set().union(*hidden.values()))} of "
            f"'{part.name}', so there it hides {name_lines(covered)}.",
            remedy="Or delete those curves in your action, if the line shall have them.",
            fix="push_down_below",
            owners=(Reference.to(part.owner),),
        )


def _check_strips_above(
    part: Part, play: Play, own: bpy.types.NlaTrack, strip: bpy.types.NlaStrip
) -> Iterator[Finding]:
    tracks = list(part.animation.nla_tracks)
    first, last = play.frames
    for track in tracks[tracks.index(own) + 1 :]:
        if track.mute or (any(t.is_solo for t in tracks) and not track.is_solo):
            continue
        for above, begin, end in _reaches(track):
            shown = above.action is not None and above.blend_type == "REPLACE" and not above.mute
            if not shown or begin >= last or end <= first:
                continue
            if _highest_influence(above) < _NOTHING:
                continue
            hidden = _paths_of(play) & _playing_paths(above.action, above.action_slot)
            if not hidden:
                continue
            other = line_of(above.action)
            if other is None:
                yield Finding(
                    f"Your strip '{above.name}' lies over the line '{play.line}' on "
                    f"'{part.name}' and hides {_what(hidden)} of it.",
                    fix="raise_strip",
                    owners=(Reference.to(part.owner),),
                    names=(strip.name,),
                )
            else:
                yield Finding(
                    f"The lines '{play.line}' and '{other}' overlap on '{part.name}'; where they "
                    f"do, only '{other}' shows.",
                    Severity.hint,
                    "Move one of their strips, or the sound, if that is not meant.",
                )


def _reaches(track: bpy.types.NlaTrack) -> Iterator[tuple[bpy.types.NlaStrip, float, float]]:
    """From and to which frame each strip acts, with what it holds before and after it."""
    strips = list(track.strips)
    for i, strip in enumerate(strips):
        begin, end = strip.frame_start, strip.frame_end
        if strip.extrapolation == "HOLD" and i == 0:
            begin = -math.inf
        if strip.extrapolation != "NOTHING":
            end = strips[i + 1].frame_start if i + 1 < len(strips) else math.inf
        yield strip, begin, end


def _covers_strips(part: Part, play: Play) -> bool:
    """Whether strips of the artist's lie below, with curves for the same properties."""
    for track in part.animation.nla_tracks:
        if track == play.track:
            return False
        for strip in track.strips:
            is_theirs = line_of(strip.action) is None and not (track.mute or strip.mute)
            if is_theirs and _paths_of(play) & paths_in(strip.action, strip.action_slot):
                return True
    return False


def _rests_at_one(part: Part) -> bool:
    """Blender shows a property's default where no strip acts: since 5.0 that is 1 for shape keys,
    unless an action is active."""
    return (
        bpy.app.version >= (5, 0, 0)
        and isinstance(part.owner, bpy.types.Key)
        and part.animation.action is None
    )


def _paths_of(play: Play) -> set[str]:
    return paths_in(play.action, play.slot)


def _playing_paths(action: bpy.types.Action | None, slot: bpy.types.ActionSlot | None) -> set[str]:
    return {curve.data_path for curve in curves_in(action, slot) if not curve.mute}


def _what(paths: set[str]) -> str:
    """Shapes by name, or the head."""
    shapes = sorted(filter(None, map(shape_keys.shape_of, paths)))
    return list_names(shapes) if shapes else "the head"
