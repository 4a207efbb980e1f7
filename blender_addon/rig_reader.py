"""What a rig in the scene performs, as a clip: its curves, sampled and led back to the channels.

Everything here works in pieces of a few milliseconds, as generators that yield the share that is
done; between two pieces anything may happen to the scene, so each piece looks its data-blocks up
anew.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import bpy
import numpy as np
from mathutils import Quaternion

from .baking import head
from .baking.actions import find_curve, slot_for
from .baking.draft import find_owner
from .baking.placement import our_actions
from .baking.rig import readable_rig
from .baking.tracks import Track
from .library import HEAD_CHANNELS, BadInputError, MotionClip, RigMapping, invert_in_pieces
from .pieces import Pieces
from .reference import Reference
from .rigging.members import objects_of

_PIECE_S = 0.004
_ROWS = 250
"""Rows of one piece of work on numbers."""


@dataclass(frozen=True)
class Passage:
    """Frames of a rig's animation, one row of the clip each, and the clip's rate.

    `action` limits it to the curves of one action; None is all that moves the rig: strips, drivers,
    bones. `name` is what sentences call it.
    """

    rig: Reference
    action: Reference | None
    frames: tuple[float, ...]
    fps: float
    name: str


@dataclass(frozen=True)
class _Number:
    """One number to read, and what it is where no curve tells."""

    owner: Reference
    path: str
    index: int
    value_now: float


@dataclass(frozen=True, eq=False)
class _Part:
    """Numbers that belong together: a shape, a property, all components of a bone or of the head.
    `read` makes the values [T] of targets of their columns [T, N]."""

    numbers: tuple[_Number, ...]
    channels: tuple[str, ...]
    read: Callable[[np.ndarray], Mapping[str, np.ndarray]]


@dataclass(frozen=True, eq=False)
class _Plan:
    parts: tuple[_Part, ...]
    mapping: RigMapping
    objects: tuple[Reference, ...]

    @property
    def numbers(self) -> tuple[_Number, ...]:
        return tuple(number for part in self.parts for number in part.numbers)


def action_to_read(rig: bpy.types.Object) -> bpy.types.Action | None:
    """The action that holds all of the face's performance; None if strips, drivers or another
    action move it, too."""
    found = readable_rig(rig, None)
    of_head = set(found.head_bones)
    face = [target.owner for target in found.shapes]
    face += [bone.owner for bone in found.bones if bone.bone not in of_head]
    face += [item.owner for item in found.properties]
    if any(target.driven for target in found.shapes):
        return None
    actions: dict[bpy.types.Action, None] = {}
    for owner in dict.fromkeys(face):
        animation = find_owner(owner).animation_data
        if animation is None:
            continue
        if any(track.strips for track in animation.nla_tracks):
            return None
        if animation.action is not None:
            actions[animation.action] = None
    return next(iter(actions)) if len(actions) == 1 else None


def check_passage(passage: Passage) -> None:
    """Raises `BadInputError` with the remedy if there is nothing to read."""
    _plan(passage)


def read_passage(passage: Passage) -> Pieces[MotionClip]:
    """The clip. Raises `BadInputError` if the rig or its action is gone or shows nothing."""
    plan = _plan(passage)
    if passage.action is None:
        values = yield from _read_evaluated(passage, plan)
    else:
        values = yield from _read_curves(passage, plan.numbers)
    shown: dict[str, np.ndarray] = {}
    first = 0
    for part in plan.parts:
        columns = values[:, first : first + len(part.numbers)]
        shown |= part.read(columns)
        first += len(part.numbers)
        if len(part.numbers) > 1:
            yield 1.0
    turned = [name for name in HEAD_CHANNELS if name in shown]
    names = [name for name in shown if name not in turned]
    table = np.stack([shown[name] for name in names], axis=1).astype(np.float32)
    clip = yield from invert_in_pieces(MotionClip(passage.fps, tuple(names), table), plan.mapping)
    if not turned:
        return clip
    angles = np.stack([shown[name] for name in turned], axis=1).astype(np.float32)
    values = np.concatenate([clip.values, angles], axis=1)
    return MotionClip(clip.fps, (*clip.channels, *turned), values)


def channels_of(passage: Passage) -> dict[tuple[int, str], tuple[str, ...]]:
    """By the identity of a data-block and a data path: the channels that move this property."""
    found: dict[tuple[int, str], tuple[str, ...]] = {}
    for part in _plan(passage).parts:
        for number in part.numbers:
            place = (number.owner.uid, number.path)
            found[place] = tuple(dict.fromkeys([*found.get(place, ()), *part.channels]))
    return found


# --- what there is to read -----------------------------------------------------------------------


def _plan(passage: Passage) -> _Plan:
    character, action = _find_rig(passage), _find_action(passage)
    rig = readable_rig(character, action)
    rows = {**rig.mapping.weights, **rig.mapping.shows}
    parts: list[_Part] = []
    told: set[str] = set()
    names: set[str] = set()
    for target in sorted(rig.shapes, key=lambda target: -len(target.shapes)):
        # teeth and brows have some of the face's shapes again; the face rules
        own = [
            (name, track)
            for name, track in zip(target.shapes, target.tracks, strict=True)
            if name not in names
            and not (name in rig.mapping.weights and told.issuperset(rows[name]))
            and _has_curve(action, target.owner, track.path)
        ]
        names |= {name for name, _track in own}
        told |= {c for name, _track in own if name in rig.mapping.weights for c in rows[name]}
        parts += [
            _part(target.owner, (track,), _channels(rows, (name,)), partial(_named, name))
            for name, track in own
        ]
    for bone in rig.bones:
        if any(_has_curve(action, bone.owner, track.path) for track in bone.tracks):
            parts.append(_part(bone.owner, bone.tracks, _channels(rows, bone.targets), bone.read))
    for item in rig.properties:
        if _has_curve(action, item.owner, item.path):
            channels = _channels(rows, (item.target,))
            parts.append(_part(item.owner, (item.track,), channels, item.read))
    if not any(set(part.channels) - set(HEAD_CHANNELS) for part in parts):
        raise _nothing_to_read(character, action)
    if not rig.turns_head:
        parts += _plan_head(character, action)
    objects = tuple(Reference.to(item) for item in objects_of(character))
    return _Plan(tuple(parts), rig.mapping, objects)


def _part(
    owner: Reference,
    tracks: Sequence[Track],
    channels: tuple[str, ...],
    read: Callable[[np.ndarray], Mapping[str, np.ndarray]],
) -> _Part:
    found = find_owner(owner)
    numbers: list[_Number] = []
    for track in tracks:
        value = found.path_resolve(track.path)
        now = value if isinstance(value, (int, float)) else value[track.index]
        numbers.append(_Number(owner, track.path, track.index, float(now)))
    return _Part(tuple(numbers), channels, read)


def _named(name: str, values: np.ndarray) -> dict[str, np.ndarray]:
    return {name: values[:, 0]}


def _channels(rows: Mapping[str, Mapping[str, float]], targets: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(channel for name in targets for channel in rows[name]))


def _has_curve(action: bpy.types.Action | None, owner: Reference, path: str) -> bool:
    if action is None:
        return True
    found = find_owner(owner)
    slot = slot_for(action, found)
    # any component will do
    return any(find_curve(action, slot, path, index) is not None for index in range(4))


def _plan_head(rig: bpy.types.Object, action: bpy.types.Action | None) -> list[_Part]:
    """What turns a head that the mapping doesn't turn."""
    target = head.locate(rig)
    if not isinstance(target, head.HeadTarget) or target.mode == "AXIS_ANGLE":
        return []
    owner = Reference.to(target.owner)
    if action is None:
        known = [head.base_of(ours) for ours in our_actions(target.owner)]
    else:
        known = [head.base_of(action)]
        if not _has_curve(action, owner, target.path):
            return []
    # an action of ours adds to the pose that it notes; others show the head as it turns from rest
    base = next((pose for pose in known if pose is not None), Quaternion())
    mode, axes = target.mode, target.axes.copy()

    def read(values: np.ndarray) -> dict[str, np.ndarray]:
        return dict(zip(HEAD_CHANNELS, head.head_angles(mode, base, axes, values).T, strict=True))

    return [_part(owner, head.tracks_of(target), HEAD_CHANNELS, read)]


def _nothing_to_read(rig: bpy.types.Object, action: bpy.types.Action | None) -> BadInputError:
    if action is None:
        return BadInputError(
            f"'{rig.name}' has no shape keys with ARKit names such as jawOpen, so its performance "
            "can't be read; choose the mesh of a face or its parent."
        )
    return BadInputError(
        f"The action '{action.name}' moves no shape of '{rig.name}' that Mynah knows; choose an "
        "action of its face, or All Animation if bones or drivers move it."
    )


def _find_rig(passage: Passage) -> bpy.types.Object:
    rig = passage.rig.find_in(bpy.data.objects)
    if rig is None:
        raise BadInputError(f"The rig '{passage.rig.name}' was deleted; choose another.")
    return rig


def _find_action(passage: Passage) -> bpy.types.Action | None:
    if passage.action is None:
        return None
    action = passage.action.find_in(bpy.data.actions)
    if action is None:
        raise BadInputError(f"The action '{passage.action.name}' was deleted; choose another.")
    return action


# --- reading -------------------------------------------------------------------------------------


def _read_curves(passage: Passage, numbers: Sequence[_Number]) -> Pieces[np.ndarray]:
    values = np.empty((len(passage.frames), len(numbers)), np.float32)
    for column, number in enumerate(numbers):
        for start in range(0, len(passage.frames), _ROWS):
            rows = slice(start, start + _ROWS)
            f_curve = _curve_of(_find_action(passage), number)
            if f_curve is None:
                values[rows, column] = number.value_now
            else:
                values[rows, column] = [f_curve.evaluate(f) for f in passage.frames[rows]]
            yield column / len(numbers)
    return values


def _curve_of(action: bpy.types.Action | None, number: _Number) -> bpy.types.FCurve | None:
    if action is None:
        return None
    owner = _find_owner(number.owner)
    return find_curve(action, slot_for(action, owner), number.path, number.index)


def _read_evaluated(passage: Passage, plan: _Plan) -> Pieces[np.ndarray]:
    frames = passage.frames
    values = np.empty((len(frames), len(plan.numbers)), np.float32)
    done = 0
    while done < len(frames):
        end_s = time.perf_counter() + _PIECE_S
        _find_rig(passage)
        with _elsewhere(plan.objects) as scene:
            for frame in frames[done:]:
                whole = int(np.floor(frame))
                scene.frame_set(whole, subframe=frame - whole)
                values[done] = _evaluated(plan.numbers, scene.view_layers[0].depsgraph)
                done += 1
                if time.perf_counter() > end_s:
                    break
        yield done / len(frames)
    return values


@contextmanager
def _elsewhere(objects: Sequence[Reference]) -> Iterator[bpy.types.Scene]:
    """A scene with the rig alone. Its frames can be set without moving the artist's playhead, and
    what is evaluated there is not written back to the rig, whose unkeyed poses would be lost."""
    scene = bpy.data.scenes.new("Mynah reads a rig")
    try:
        for reference in objects:
            scene.collection.objects.link(_find_owner(reference))
        yield scene
    finally:
        bpy.data.scenes.remove(scene)


def _evaluated(numbers: Sequence[_Number], depsgraph: bpy.types.Depsgraph) -> list[float]:
    found: dict[tuple[int, str], Any] = {}
    owners: dict[int, bpy.types.ID] = {}
    for number in numbers:
        uid = number.owner.uid
        if uid not in owners:
            owners[uid] = _find_owner(number.owner).evaluated_get(depsgraph)
        if (uid, number.path) not in found:
            found[uid, number.path] = owners[uid].path_resolve(number.path)
    values = (found[number.owner.uid, number.path] for number in numbers)
    return [
        value if isinstance(value, (int, float)) else value[number.index]
        for value, number in zip(values, numbers, strict=True)
    ]


def _find_owner(owner: Reference) -> Any:
    try:
        return find_owner(owner)
    except BadInputError as error:
        raise BadInputError(f"'{owner.name}' was deleted while its animation was read.") from error
