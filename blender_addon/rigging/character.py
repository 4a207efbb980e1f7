"""The mapping of a character: the artist's own, stored on it, or one proposed from its names."""

from __future__ import annotations

from functools import lru_cache

import bpy

from ..library import BadInputError, Proposal, RigMapping, propose_character
from .members import armature_of
from .names import Names, RigParts, read_parts
from .stored import PROPERTY


def home_of(character: bpy.types.Object) -> bpy.types.Object:
    """The object that keeps the mapping: what has one already, else the armature, else the
    character."""
    candidates = [character, *([a] if (a := armature_of(character)) is not None else [])]
    parent = character.parent
    while parent is not None:
        candidates.append(parent)
        parent = parent.parent
    own = [item for item in candidates if getattr(item, PROPERTY)]
    return own[0] if own else candidates[1 if armature_of(character) is not None else 0]


def stored_text(character: bpy.types.Object) -> str:
    return str(getattr(home_of(character), PROPERTY))


def store(character: bpy.types.Object, mapping: RigMapping | None) -> None:
    """Keep a mapping on the character; None goes back to the proposal. Raises `BadInputError` if
    the character is linked."""
    home = home_of(character)
    if not home.is_editable:
        raise BadInputError(
            f"'{home.name}' is linked, so its mapping can't be kept in this file; make a library "
            "override first."
        )
    setattr(home, PROPERTY, "" if mapping is None else mapping.to_text())


def mapping_of(character: bpy.types.Object, parts: RigParts) -> RigMapping:
    """Raises `BadInputError` if the text that is stored is no mapping."""
    text = stored_text(character)
    return read_text(text, home_of(character).name) if text else propose(parts.names).mapping


def representation_of(character: bpy.types.Object) -> str:
    """In what a performance for the character must be written: "arkit" or "flame". Raises
    `BadInputError` as `mapping_of` does."""
    return mapping_of(character, read_parts(character)).representation


@lru_cache(maxsize=32)
def read_text(text: str, owner: str) -> RigMapping:
    try:
        return RigMapping.from_text(text)
    except BadInputError as error:
        raise BadInputError(
            f"The mapping that is kept on '{owner}' can't be read: {error} Press Automatic under "
            "Rig, or load another file."
        ) from error


@lru_cache(maxsize=32)
def propose(names: Names) -> Proposal:
    """What the names of a rig mean."""
    return propose_character(names.to_rig_names())
