"""A draft first, where a line takes long: when there is one, and how it goes again."""

from __future__ import annotations

import io
import wave
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import bpy

from .baking import placement, takes
from .baking.record import is_edited
from .delivery import key_line
from .fingerprint import MadeOf
from .library import Line, MotionClip, Quality, StyleUse
from .order import Order
from .pieces import Pieces, finish
from .reference import Reference

_LONG_S = 2.0
"""For less nobody looks at a draft."""
_USUAL_PACE = {Quality.normal: 0.15, Quality.best: 0.4}
"""Seconds for a second of voice on one core, of a line with styles; the others take next to
nothing."""

_Kind = tuple[str, bool, Quality]


class Paces:
    """How long lines take, from those that were made since Blender was started."""

    def __init__(self) -> None:
        self._paces: dict[_Kind, float] = {}
        self._lengths: dict[tuple[Path, float, float], float] = {}

    def note(self, line: Line, meta: Mapping[str, Any]) -> None:
        """A line was made, of which `meta` tells."""
        seconds, length_s = meta.get("seconds"), meta.get("audio_s")
        if not isinstance(seconds, dict) or not isinstance(length_s, float) or length_s <= 0:
            return
        self._paces[_kind(line)] = sum(seconds.values()) / length_s
        if isinstance(line.audio, Path):
            self._lengths[line.audio, line.start_s, line.end_s] = length_s

    def draft_of(self, line: Line) -> Line | None:
        """The same line as a draft; None if that is not worth its time, or nobody knows."""
        if line.quality is Quality.draft or line.is_transfer or line.take is not None:
            return None
        usual = _USUAL_PACE[line.quality] if _has_styles(line) else 0.0
        pace, length_s = self._paces.get(_kind(line), usual), self._length_of(line)
        if length_s is None or pace * length_s < _LONG_S:
            return None
        return replace(line, quality=Quality.draft)

    def _length_of(self, line: Line) -> float | None:
        if line.end_s:
            return line.end_s - line.start_s
        if isinstance(line.audio, Path):
            known = self._lengths.get((line.audio, line.start_s, line.end_s))
            if known is not None:
                return known
        source = io.BytesIO(line.audio) if isinstance(line.audio, bytes) else str(line.audio)
        try:
            with wave.open(source, "rb") as header:
                return header.getnframes() / header.getframerate() - line.start_s
        except (wave.Error, EOFError, OSError, ZeroDivisionError):
            return None  # another format, of which only the engine knows the length


def _kind(line: Line) -> _Kind:
    return line.model, _has_styles(line), line.quality


def _has_styles(line: Line) -> bool:
    return line.styles != (StyleUse("neutral"),)


paces = Paces()


@dataclass(frozen=True)
class Draft:
    """A draft on show, and the take of its line that was on show before."""

    character: Reference
    line: str
    action: Reference
    earlier: Reference | None


def key_draft(
    order: Order, clip: MotionClip, meta: Mapping[str, Any], made: MadeOf
) -> Pieces[Draft]:
    """Show the draft as a take of the line. Raises `BadInputError` as `key_line` does."""
    earlier = _on_show(order.character, order.name)
    kept = None if earlier is None else Reference.to(earlier)
    yield from key_line(order, clip, meta, made, is_draft=True)
    shown = _on_show(order.character, order.name)
    assert shown is not None
    return Draft(order.character, order.name, Reference.to(shown), kept)


def take_back(draft: Draft) -> None:
    """Show what was there before the draft, unless the artist has begun to work on it."""
    character = draft.character.find_in(bpy.data.objects)
    action = draft.action.find_in(bpy.data.actions)
    if character is None or action is None or finish(is_edited(draft.action)):
        return
    owners = takes.owners_of(character)
    if takes.on_show(owners, draft.line) == action:
        earlier = draft.earlier and draft.earlier.find_in(bpy.data.actions)
        if earlier is not None:
            takes.show(owners, draft.line, earlier)
        else:
            for owner in owners:
                placement.exchange(owner, draft.line, None, None)
    bpy.data.actions.remove(action)


def _on_show(character: Reference, line: str) -> bpy.types.Action | None:
    found = character.find_in(bpy.data.objects)
    return None if found is None else takes.on_show(takes.owners_of(found), line)
