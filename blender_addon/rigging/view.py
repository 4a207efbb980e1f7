"""What the panel shows of a character's mapping."""

from __future__ import annotations

import bpy

from ..library import BadInputError, DryRun, RigMapping, View, dry_run, view_of
from ..library import unmapped as unmapped_names
from .character import mapping_of, propose, stored_text
from .names import Names, read_parts


def read_view(character: bpy.types.Object) -> View:
    """The rows of the character's mapping, or why there are none."""
    parts = read_parts(character)
    names = parts.names
    text = stored_text(character)
    try:
        mapping = mapping_of(character, parts)
    except BadInputError as error:
        return View((), (), (), bool(text), str(error))
    return view_of(mapping, propose(names), names.to_rig_names(), is_own=bool(text))


def report_of(mapping: RigMapping, names: Names) -> DryRun:
    return dry_run(mapping, names.to_rig_names())


def unmapped(character: bpy.types.Object) -> list[str]:
    """What of the rig could be mapped and is not: shapes, properties, then bones."""
    parts = read_parts(character)
    return unmapped_names(mapping_of(character, parts), parts.names.to_rig_names())
