"""The lines that a character performs now, and where they lie in the scene's time."""

from __future__ import annotations

from collections.abc import Iterator

import bpy

from ..baking import takes
from ..baking.actions import Span, heard_in, line_of, span_of
from ..library import ShownLine


def lines_on_show(character: bpy.types.Object) -> tuple[ShownLine, ...]:
    """The lines of which is known what was heard, each once."""
    found = (line for owner in takes.owners_of(character) for line in _lines_of(owner))
    return tuple(dict.fromkeys(found))


def _lines_of(owner: bpy.types.ID) -> Iterator[ShownLine]:
    animation = owner.animation_data
    if animation is None:
        return
    span = _drawn_span(animation.action)
    if span is not None:
        begin, end = span.start, span.frame_of(span.rows)
        yield _shown(animation.action, span, begin, span.frames_per_row * span.fps, begin, end)
    if not animation.use_nla:
        return
    for track in animation.nla_tracks:
        for strip in track.strips:
            span = None if track.mute or strip.mute else _drawn_span(strip.action)
            if span is not None:
                begin = strip.frame_start + (span.start - strip.action_frame_start) * strip.scale
                per_s = span.frames_per_row * span.fps * strip.scale
                edges = strip.frame_start, strip.frame_end + span.frames_per_row * strip.scale
                yield _shown(strip.action, span, begin, per_s, *edges)


def _drawn_span(action: bpy.types.Action | None) -> Span | None:
    return span_of(action) if action is not None and heard_in(action) else None


def _shown(
    action: bpy.types.Action,
    span: Span,
    start: float,
    frames_per_s: float,
    first: float,
    last: float,
) -> ShownLine:
    end = start + span.rows / span.fps * frames_per_s
    # an action that is edited in the NLA's tweak mode is a strip's, too, at the same place
    places = (
        round(number, 4) for number in (start, frames_per_s, max(first, start), min(last, end))
    )
    return ShownLine(line_of(action) or "", heard_in(action), *places)
