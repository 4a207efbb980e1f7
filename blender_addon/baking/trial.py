"""One target of a mapping shown at its full value, and everything as it was afterwards."""

from __future__ import annotations

from dataclasses import dataclass

import bpy
import numpy as np
from bpy.app.handlers import persistent

from ..library import shown_value
from ..pieces import finish
from ..reference import Reference
from .draft import find_owner
from .rig import read_rig
from .tracks import Performed


@dataclass(frozen=True)
class _Before:
    owner: Reference
    path: str
    index: int
    value: float


class TrialPose:
    """The pose on show, at most one. It holds none of Blender's data-blocks."""

    def __init__(self) -> None:
        self.target = ""
        self._before: list[_Before] = []

    def show(self, character: bpy.types.Object, target: str) -> None:
        """Raises `BadInputError` with the remedy if nothing on the character can be moved."""
        self.release()
        rig = read_rig(character)
        columns = {name: np.full(1, rig.mapping.target(name).rest) for name in rig.mapping.names}
        if target not in columns:
            return
        columns[target] = np.full(1, shown_value(rig.mapping, target))
        moved: list[Performed] = [shapes.perform(columns) for shapes in rig.shapes]
        moved += [finish(bone.perform(columns, 1)) for bone in rig.bones if target in bone.targets]
        moved += [item.perform(columns) for item in rig.properties]
        for piece in moved:
            owner = find_owner(piece.owner)
            for track, value in zip(piece.tracks, piece.values[0], strict=True):
                if target in track.targets:
                    before = _exchange(owner, track.path, track.index, float(value))
                    self._before.append(_Before(piece.owner, track.path, track.index, before))
            _refresh(owner)
        self.target = target
        bpy.app.handlers.save_pre.append(_release_before_saving)

    def release(self) -> None:
        """Put everything back; what was deleted meanwhile is passed over."""
        if not self.target:
            return
        owners = {item.session_uid: item for item in (*bpy.data.shape_keys, *bpy.data.objects)}
        for before in reversed(self._before):
            owner = owners.get(before.owner.uid)
            if owner is not None:
                try:
                    _exchange(owner, before.path, before.index, before.value)
                except ValueError:  # the shape or bone is gone
                    continue
                _refresh(owner)
        self.forget()

    def forget(self) -> None:
        """Another file has taken this one's place."""
        self.target = ""
        self._before.clear()
        if _release_before_saving in bpy.app.handlers.save_pre:
            bpy.app.handlers.save_pre.remove(_release_before_saving)


trial = TrialPose()


@persistent
def _release_before_saving(*_scene: object) -> None:
    trial.release()


def _refresh(owner: bpy.types.ID) -> None:
    """Work out what depends on an object, but not its animation, which would take the pose away at
    once. Shapes do that by themselves."""
    if isinstance(owner, bpy.types.Object):
        owner.update_tag(refresh={"OBJECT", "DATA"})


def _exchange(owner: bpy.types.ID, path: str, index: int, value: float) -> float:
    """Set a number and return what it was. Raises `ValueError` if the path leads nowhere."""
    holder_path, _, name = path.rpartition(".")
    if path.endswith("]"):  # a custom property
        holder_path, _, name = path.rpartition("[")
        holder = owner.path_resolve(holder_path) if holder_path else owner
        name = bpy.utils.unescape_identifier(name[1:-2])
        before = holder[name]
        holder[name] = int(value) if isinstance(before, int) else value
        return before
    holder = owner.path_resolve(holder_path) if holder_path else owner
    now = getattr(holder, name)
    if isinstance(now, float):
        setattr(holder, name, value)
        return now
    before = now[index]
    now[index] = value
    return before
