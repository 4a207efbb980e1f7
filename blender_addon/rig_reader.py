"""What a rig in the scene performs, as a clip: its curves, sampled and led back to the channels.

Everything here works in pieces of a few milliseconds, as generators that yield the share that is
done; between two pieces anything may happen to the scene, so each piece looks its data-blocks up
anew.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import bpy
import numpy as np
from mathutils import Quaternion

from .baking import head, shape_keys
from .baking.actions import curves_in, find_curve, slot_for
from .baking.placement import our_actions
from .library import HEAD_CHANNELS, BadInputError, MotionClip, RigMapping, invert
from .reference import Reference

T = TypeVar("T")
Pieces = Generator[float, None, T]

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
class _Track:
    """One number to read: `target` of the mapping, or a component of the head's rotation."""

    owner: Reference
    path: str
    index: int
    target: str
    value_now: float


@dataclass(frozen=True)
class _Head:
    """The head's rotation, as `HeadTarget` describes it, but for its owner."""

    mode: str
    base: Quaternion
    axes: Quaternion


@dataclass(frozen=True)
class _Plan:
    tracks: tuple[_Track, ...]
    mapping: RigMapping
    head: _Head | None
    head_tracks: tuple[_Track, ...]


def action_to_read(rig: bpy.types.Object) -> bpy.types.Action | None:
    """The action that holds all of the face's performance; None if strips, drivers or bones move
    it, too."""
    for mesh in shape_keys.meshes_of(rig):
        target = shape_keys.read_target(mesh)
        animation = target.key.animation_data
        if animation is None or not target.proposal.mapping.weights:
            continue
        has_strips = any(track.strips for track in animation.nla_tracks)
        return None if has_strips or target.driven else animation.action
    return None


def check_passage(passage: Passage) -> None:
    """Raises `BadInputError` with the remedy if there is nothing to read."""
    _plan(passage)


def read_passage(passage: Passage) -> Pieces[MotionClip]:
    """The clip. Raises `BadInputError` if the rig or its action is gone or shows nothing."""
    plan = _plan(passage)
    tracks = (*plan.tracks, *plan.head_tracks)
    if passage.action is None:
        values = yield from _read_evaluated(passage, tracks)
    else:
        values = yield from _read_curves(passage, tracks)
    n_shapes = len(plan.tracks)
    shown = MotionClip(
        passage.fps, tuple(track.target for track in plan.tracks), values[:, :n_shapes]
    )
    clip = yield from _invert(shown, plan.mapping)
    if plan.head is None:
        return clip
    turned = plan.head
    angles = head.head_angles(turned.mode, turned.base, turned.axes, values[:, n_shapes:])
    return MotionClip(
        clip.fps, clip.channels + HEAD_CHANNELS, np.concatenate([clip.values, angles], axis=1)
    )


def channels_of(passage: Passage) -> dict[tuple[int, str], tuple[str, ...]]:
    """By the identity of a data-block and a data path: the channels that move this property."""
    plan = _plan(passage)
    found: dict[tuple[int, str], tuple[str, ...]] = {
        (track.owner.uid, track.path): tuple(plan.mapping.weights[track.target])
        for track in plan.tracks
    }
    return found | {(track.owner.uid, track.path): HEAD_CHANNELS for track in plan.head_tracks}


# --- what there is to read -----------------------------------------------------------------------


def _plan(passage: Passage) -> _Plan:
    rig, action = _find_rig(passage), _find_action(passage)
    weights: dict[str, dict[str, float]] = {}
    tracks: list[_Track] = []
    told: set[str] = set()
    meshes = [shape_keys.read_target(mesh) for mesh in shape_keys.meshes_of(rig)]
    for target in sorted(meshes, key=lambda t: -len(t.proposal.mapping.weights)):
        # teeth and brows have some of the face's shapes again; the face rules
        rows = {
            shape: dict(row)
            for shape, row in target.proposal.mapping.weights.items()
            if not told.issuperset(row) and _has_curve(action, target.key, shape)
        }
        owner = Reference.to(target.key)
        for shape, row in rows.items():
            name = f"{owner.uid}:{shape}"
            weights[name] = row
            path = shape_keys.shape_path(shape)
            tracks.append(_Track(owner, path, 0, name, target.key.key_blocks[shape].value))
        told |= {channel for row in rows.values() for channel in row}
    if not tracks:
        raise _nothing_to_read(rig, action)
    turned, head_tracks = _plan_head(rig, action)
    return _Plan(tuple(tracks), RigMapping(weights), turned, head_tracks)


def _has_curve(action: bpy.types.Action | None, key: bpy.types.Key, shape: str) -> bool:
    if action is None:
        return True
    path = shape_keys.shape_path(shape)
    return find_curve(action, slot_for(action, key), path) is not None


def _plan_head(
    rig: bpy.types.Object, action: bpy.types.Action | None
) -> tuple[_Head | None, tuple[_Track, ...]]:
    target = head.locate(rig)
    if not isinstance(target, head.HeadTarget) or target.mode == "AXIS_ANGLE":
        return None, ()
    if action is None:
        known = [head.base_of(ours) for ours in our_actions(target.owner)]
    else:
        known = [head.base_of(action)]
        curves = curves_in(action, slot_for(action, target.owner))
        if not any(f_curve.data_path == target.path for f_curve in curves):
            return None, ()
    # an action of ours adds to the pose that it notes; others show the head as it turns from rest
    base = next((pose for pose in known if pose is not None), Quaternion())
    owner, now = Reference.to(target.owner), target.owner.path_resolve(target.path)
    tracks = [_Track(owner, target.path, i, f"head {i}", part) for i, part in enumerate(now)]
    return _Head(target.mode, base, target.axes.copy()), tuple(tracks)


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


def _read_curves(passage: Passage, tracks: tuple[_Track, ...]) -> Pieces[Any]:
    values = np.empty((len(passage.frames), len(tracks)), np.float32)
    for column, track in enumerate(tracks):
        for start in range(0, len(passage.frames), _ROWS):
            rows = slice(start, start + _ROWS)
            f_curve = _curve_of(_find_action(passage), track)
            if f_curve is None:
                values[rows, column] = track.value_now
            else:
                values[rows, column] = [f_curve.evaluate(f) for f in passage.frames[rows]]
            yield column / len(tracks)
    return values


def _curve_of(action: bpy.types.Action | None, track: _Track) -> bpy.types.FCurve | None:
    owner = track.owner.find_in(_owners(track))
    if owner is None or action is None:
        raise BadInputError(f"'{track.owner.name}' was deleted while its animation was read.")
    return find_curve(action, slot_for(action, owner), track.path, track.index)


def _read_evaluated(passage: Passage, tracks: tuple[_Track, ...]) -> Pieces[Any]:
    frames = passage.frames
    values = np.empty((len(frames), len(tracks)), np.float32)
    done = 0
    while done < len(frames):
        end_s = time.perf_counter() + _PIECE_S
        with _elsewhere(_find_rig(passage)) as scene:
            for frame in frames[done:]:
                whole = int(np.floor(frame))
                scene.frame_set(whole, subframe=frame - whole)
                values[done] = _evaluated(tracks, scene.view_layers[0].depsgraph)
                done += 1
                if time.perf_counter() > end_s:
                    break
        yield done / len(frames)
    return values


@contextmanager
def _elsewhere(rig: bpy.types.Object) -> Iterator[bpy.types.Scene]:
    """A scene with the rig alone. Its frames can be set without moving the artist's playhead, and
    what is evaluated there is not written back to the rig, whose unkeyed poses would be lost."""
    scene = bpy.data.scenes.new("Mynah reads a rig")
    try:
        for item in {rig, head.owner_of(rig), *shape_keys.meshes_of(rig)}:
            scene.collection.objects.link(item)
        yield scene
    finally:
        bpy.data.scenes.remove(scene)


def _evaluated(tracks: tuple[_Track, ...], depsgraph: bpy.types.Depsgraph) -> list[float]:
    found: dict[tuple[int, str], Any] = {}
    owners: dict[int, bpy.types.ID] = {}
    for track in tracks:
        if track.owner.uid not in owners:
            owner = track.owner.find_in(_owners(track))
            if owner is None:
                raise BadInputError(
                    f"'{track.owner.name}' was deleted while its animation was read."
                )
            owners[track.owner.uid] = owner.evaluated_get(depsgraph)
        place = (track.owner.uid, track.path)
        if place not in found:
            found[place] = owners[track.owner.uid].path_resolve(track.path)
    values = (found[track.owner.uid, track.path] for track in tracks)
    return [
        value if isinstance(value, float) else value[track.index]
        for track, value in zip(tracks, values, strict=True)
    ]


def _owners(track: _Track) -> Any:
    return bpy.data.shape_keys if track.path.startswith("key_blocks") else bpy.data.objects


def _invert(shown: MotionClip, mapping: RigMapping) -> Pieces[MotionClip]:
    parts: list[MotionClip] = []
    for start in range(0, max(shown.n_frames, 1), _ROWS):
        some = MotionClip(shown.fps, shown.channels, shown.values[start : start + _ROWS])
        parts.append(invert(some, mapping))
        yield 1.0
    values = np.concatenate([part.values for part in parts])
    return MotionClip(shown.fps, parts[0].channels, values)
