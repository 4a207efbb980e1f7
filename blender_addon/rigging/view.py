"""What the panel shows of a character's mapping."""

from __future__ import annotations

from functools import lru_cache

import bpy

from ..library import BadInputError, DryRun, RigMapping, View, dry_run, view_of
from ..library import unmapped as unmapped_names
from .character import home_of, mapping_from, mapping_of, propose, stored_text
from .names import Names, read_parts


def read_view(character: bpy.types.Object) -> View:
    """The rows of the character's mapping, or why there are none."""
    return make_view(*asked_of(character))


def asked_of(character: bpy.types.Object) -> tuple[Names, str, str]:
    """All that a view is made of: the names, the text of the mapping that is kept, and on what."""
    return read_parts(character).names, stored_text(character), home_of(character).name


@lru_cache(maxsize=8)
def make_view(names: Names, text: str, owner: str) -> View:
    """It asks Blender nothing, so that another thread may do it: thousands of names take long."""
    try:
        mapping = mapping_from(names, text, owner)
    except BadInputError as error:
        return View((), (), (), bool(text), str(error))
    return view_of(mapping, propose(names), names.to_rig_names(), is_own=bool(text))


def report_of(mapping: RigMapping, names: Names) -> DryRun:
    return dry_run(mapping, names.to_rig_names())


def unmapped(character: bpy.types.Object) -> list[str]:
    """What of the rig could be mapped and is not: shapes, properties, then bones."""
    parts = read_parts(character)
    return unmapped_names(mapping_of(character, parts), parts.names.to_rig_names())
