"""A draft first, where a line takes long: how it comes, and how it goes again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import bpy

from .baking import placement, takes
from .baking.record import is_edited
from .delivery import key_line
from .fingerprint import MadeOf
from .library import MotionClip, Paces
from .order import Order
from .pieces import Pieces, finish
from .reference import Reference

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
