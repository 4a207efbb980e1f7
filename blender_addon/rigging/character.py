"""The mapping of a character: the artist's own, stored on it, or one proposed from its names."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import bpy

from ..file_work import file_work, wait_for
from ..library import BadInputError, Proposal, RigMapping, propose_character, propose_mapping
from ..pieces import Pieces
from ..reference import Reference
from .members import armature_of
from .names import Names, RigParts, driven_paths, read_parts, shapes_of
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
    return mapping_from(parts.names, stored_text(character), home_of(character).name)


def mapping_from(names: Names, text: str, owner: str) -> RigMapping:
    """The same of the text that an owner keeps; it asks Blender nothing."""
    return read_text(text, owner) if text else propose(names).mapping


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


def learn(character: Reference) -> Pieces[None]:
    """Work out what the names of a rig mean, so that it is known when it is asked for: beside
    Blender's main thread, as thousands of names take half a second."""
    found = character.find_in(bpy.data.objects)
    if found is None:
        return
    parts = read_parts(found)
    names = parts.names
    keys = [mesh.data.shape_keys for mesh in parts.meshes]
    driven = [shapes_of(key) for key in keys if driven_paths(key)]
    if names in _proposals and not driven:
        return
    yield from wait_for(file_work.do(lambda: _learn_all(names, driven)))


def is_learnt(character: bpy.types.Object) -> bool:
    """Whether what the names of a rig mean need not be worked out any more."""
    return read_parts(character).names in _proposals


def propose(names: Names) -> Proposal:
    """What the names of a rig mean."""
    known = _proposals.get(names)
    if known is None:
        known = _proposals[names] = propose_character(names.to_rig_names())
        for old in list(_proposals)[:-_MOST_KNOWN]:
            _proposals.pop(old, None)
    return known


@lru_cache(maxsize=64)
def meant(shapes: tuple[str, ...]) -> frozenset[str]:
    """Which of the shapes of a mesh have names that mean something by themselves."""
    return frozenset(propose_mapping(shapes).mapping.weights)


_proposals: dict[Names, Proposal] = {}
_MOST_KNOWN = 256


def _learn_all(names: Names, driven: Sequence[tuple[str, ...]]) -> None:
    propose(names)
    for shapes in names.shapes:
        propose(Names((shapes,), (), ()))  # as the Doctor asks, who looks at each mesh
    for own in driven:
        meant(own)
