"""The takes of a line on a character: one is on show, the others are kept with a fake user.

Takes of one line and character share a group, which their actions name; so they are found by the
one on show, whatever has been renamed.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence

import bpy

from ..rigging.members import meshes_of, objects_of
from . import placement
from .actions import line_of, seed_of, set_line, slot_for, time_of

_GROUP = "mynah_takes"


def owners_of(character: bpy.types.Object) -> list[bpy.types.ID]:
    """The data-blocks that a take animates, or would: shape keys, what turns the head, armatures,
    and objects with custom properties."""
    keys = [mesh.data.shape_keys for mesh in meshes_of(character)]
    return [*keys, *objects_of(character)]


def on_show(owners: Sequence[bpy.types.ID], line: str) -> bpy.types.Action | None:
    """The take that the character performs now."""
    shown = (action for owner in owners for action in placement.our_actions(owner))
    return next((action for action in shown if line_of(action) == line), None)


def takes_of(owners: Sequence[bpy.types.ID], line: str) -> list[bpy.types.Action]:
    """All takes of a line on the character, by seed."""
    shown = on_show(owners, line)
    if shown is None:
        return []
    group = shown.get(_GROUP)
    takes = [action for action in bpy.data.actions if action.get(_GROUP) == group is not None]
    # a copy of the character brings copies of its actions, which perform for the copy
    own = [take for take in takes if take == shown or not _performs_elsewhere(take, owners)]
    return sorted(own or [shown], key=lambda take: (seed_of(take), time_of(take), take.name))


def join(action: bpy.types.Action, owners: Sequence[bpy.types.ID], line: str) -> None:
    """Make a new action a take of the line, beside those there are."""
    shown = on_show(owners, line)
    if shown is not None and _GROUP not in shown:
        shown[_GROUP] = uuid.uuid4().hex
    action[_GROUP] = shown[_GROUP] if shown is not None else uuid.uuid4().hex


def show(owners: Sequence[bpy.types.ID], line: str, action: bpy.types.Action) -> None:
    """Perform another take; the one that was on show is kept."""
    shown = on_show(owners, line)
    for owner in owners:
        used = slot_for(shown, owner) if shown is not None else None
        slot = slot_for(action, owner, used.identifier if used else "")
        if slot is not None or used is not None:
            placement.exchange(owner, line, action, slot)
    if shown is not None and shown != action:
        keep(shown)


def rename(owners: Sequence[bpy.types.ID], line: str, name: str) -> None:
    """From now on, the takes of a line are those of a line called `name`."""
    for take in takes_of(owners, line):
        set_line(take, name)


def keep(take: bpy.types.Action) -> None:
    """Blender saves a take that nobody performs only with a fake user."""
    take.use_fake_user = True


def leave(take: bpy.types.Action) -> None:
    """From now on an action like any other; Blender drops it if nothing else uses it."""
    del take[_GROUP]
    take.use_fake_user = False


def delete(owners: Sequence[bpy.types.ID], line: str, take: bpy.types.Action) -> None:
    """Remove a take for good; if it was on show, its neighbour is now."""
    takes = takes_of(owners, line)
    if take == on_show(owners, line):
        place = takes.index(take)
        others = [*takes[place + 1 :], *reversed(takes[:place])]
        if others:
            show(owners, line, others[0])
        else:
            for owner in owners:
                placement.exchange(owner, line, None, None)
    bpy.data.actions.remove(take)


def _performs_elsewhere(take: bpy.types.Action, owners: Sequence[bpy.types.ID]) -> bool:
    users = {user.session_uid for slot in take.slots for user in slot.users()}
    return bool(users) and users.isdisjoint(owner.session_uid for owner in owners)
