"""Finding again what a finding refers to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import bpy

from ..library import BadInputError
from ..reference import Reference
from .finding import Finding

_COLLECTIONS = ("objects", "shape_keys", "actions", "scenes")


def owner_of(finding: Finding, place: int = 0) -> Any:
    """A data-block of a finding. Raises `BadInputError` if it is gone."""
    return find(finding.owners[place])


def owners_of(finding: Finding) -> list[Any]:
    return [find(reference) for reference in finding.owners]


def find(reference: Reference) -> Any:
    for name in _COLLECTIONS:
        found = reference.find_in(getattr(bpy.data, name))
        if found is not None:
            return found
    raise BadInputError(f"'{reference.name}' is gone since the check; check again.")


def strip_of(finding: Finding) -> tuple[bpy.types.NlaTrack, bpy.types.NlaStrip]:
    """The NLA strip of a finding, which has a name that its data-block uses once."""
    animation = owner_of(finding).animation_data
    for track in animation.nla_tracks if animation else ():
        for strip in track.strips:
            if strip.name == finding.names[0]:
                return track, strip
    raise BadInputError(f"The strip '{finding.names[0]}' is gone since the check; check again.")


def blocks_of(finding: Finding) -> Iterator[bpy.types.ShapeKey]:
    """The shapes of a finding, as far as they are still there."""
    blocks = owner_of(finding).key_blocks
    return (blocks[name] for name in finding.names if name in blocks)
