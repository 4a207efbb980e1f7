"""A character as the checks look at it: its data-blocks and the lines on them.

Everything here holds Blender's own objects and is made anew for every check: an undo or a deletion
between two checks would leave it pointing nowhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import bpy

from ..baking import head, shape_keys
from ..baking.actions import curves_in, line_of
from ..baking.placement import our_actions
from ..reference import Reference
from ..scene_reader import character_of


@dataclass(frozen=True)
class Play:
    """A line on a data-block: an action of ours with its slot, and the strip that plays it, unless
    it is the active action."""

    action: bpy.types.Action
    slot: bpy.types.ActionSlot | None
    track: bpy.types.NlaTrack | None = None
    strip: bpy.types.NlaStrip | None = None

    @property
    def line(self) -> str:
        return str(line_of(self.action))

    @cached_property
    def curves(self) -> list[bpy.types.FCurve]:
        return curves_in(self.action, self.slot)

    @property
    def frames(self) -> tuple[float, float]:
        """The first and last scene frame."""
        if self.strip is None:
            return tuple(self.action.frame_range)
        return self.strip.frame_start, self.strip.frame_end


@dataclass(frozen=True)
class Part:
    """A data-block of a character that lines animate: shape keys, or what turns the head. `name` is
    that of the object, which the artist sees."""

    owner: bpy.types.ID
    name: str
    plays: tuple[Play, ...]

    @property
    def animation(self) -> bpy.types.AnimData:
        return self.owner.animation_data

    @property
    def strips(self) -> Iterator[tuple[Play, bpy.types.NlaTrack, bpy.types.NlaStrip]]:
        """The lines that strips play."""
        for play in self.plays:
            if play.track is not None and play.strip is not None:
                yield play, play.track, play.strip


@dataclass(frozen=True)
class Patient:
    """A character, its meshes with shape keys, and all that lines animate on it, the head last."""

    character: bpy.types.Object
    meshes: tuple[bpy.types.Object, ...]
    parts: tuple[Part, ...]

    @property
    def plays(self) -> list[Play]:
        """The lines on the character, each once."""
        found = {play.action: play for part in self.parts for play in part.plays}
        return list(found.values())


def read_patient(character: bpy.types.Object) -> Patient:
    meshes = shape_keys.meshes_of(character)
    owners = [(mesh.data.shape_keys, mesh.name) for mesh in meshes]
    turned = head.owner_of(character)
    parts = [Part(o, name, tuple(plays_on(o))) for o, name in [*owners, (turned, turned.name)]]
    return Patient(character, tuple(meshes), tuple(parts))


def plays_on(owner: bpy.types.ID) -> Iterator[Play]:
    """The lines on a data-block, as far as it plays them at all."""
    animation = owner.animation_data
    if animation is None:
        return
    if line_of(animation.action) is not None and not animation.use_tweak_mode:
        yield Play(animation.action, animation.action_slot)
    for track in animation.nla_tracks:
        for strip in track.strips:
            if line_of(strip.action) is not None:
                yield Play(strip.action, strip.action_slot, track, strip)


def find_characters(context: bpy.types.Context) -> list[Reference]:
    """The chosen character first, then the scene's others that have lines."""
    found: list[bpy.types.Object] = []
    chosen = character_of(context)
    if chosen is not None:
        found.append(chosen)
    covered = {mesh.data.shape_keys for mesh in shape_keys.meshes_of(chosen)} if chosen else set()
    for mesh in context.scene.objects:
        if mesh.type != "MESH" or mesh.data.shape_keys is None:
            continue
        if mesh.data.shape_keys in covered or not our_actions(mesh.data.shape_keys):
            continue
        character = _top_of(mesh)
        found.append(character)
        covered |= {mesh.data.shape_keys for mesh in shape_keys.meshes_of(character)}
    return [Reference.to(character) for character in found]


def _top_of(mesh: bpy.types.Object) -> bpy.types.Object:
    """The object that stands for all that was keyed together with a mesh."""
    lines = set(our_actions(mesh.data.shape_keys))
    top = mesh
    for parent in _parents(mesh):
        key = parent.data.shape_keys if parent.type == "MESH" else None
        owners = [parent, *([key] if key is not None else [])]
        if any(not lines.isdisjoint(our_actions(owner)) for owner in owners):
            top = parent
    return top


def _parents(item: bpy.types.Object) -> Iterator[bpy.types.Object]:
    while item.parent is not None:
        item = item.parent
        yield item
