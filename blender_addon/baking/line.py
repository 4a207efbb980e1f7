"""One line on one character: build everything first, then put it in place, then report."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import bpy
import numpy as np

from ..library import HEAD_CHANNELS, BadInputError, KeyedCurve, MotionClip
from . import head, placement, shape_keys
from .actions import Tag, line_of, new_action, new_channelbag, write_curve


@dataclass(frozen=True)
class BakeReport:
    """What a bake did, for the panel. `remarks` are whole sentences."""

    line: str
    n_exact: int
    n_aliased: int
    unmatched: tuple[str, ...]
    head: str
    keys_before: int
    keys_after: int
    remarks: tuple[str, ...]
    bake_s: float


@dataclass(frozen=True)
class _Part:
    """Curves for one data-block: (data path, index, curve)."""

    owner: bpy.types.ID
    curves: Sequence[tuple[str, int, KeyedCurve]]


def check_character(character: bpy.types.Object) -> None:
    """Raises `BadInputError` with the remedy if nothing can be baked on the character."""
    _find_targets(character)


def bake_line(
    character: bpy.types.Object, clip: MotionClip, start: float, fps: float, tag: Tag
) -> BakeReport:
    """Keyframes for `clip`, its row 0 at scene frame `start` of a scene that runs at `fps`.

    Replaces our earlier action for the same line only when the new one is complete. Raises
    `BadInputError` with the remedy if the character can't be baked on; nothing is changed then.
    """
    began = time.perf_counter()
    targets, remarks = _find_targets(character)
    remarks += [remark for target in targets for remark in shape_keys.remarks(target)]
    parts = [_shape_part(target, clip) for target in targets]
    turned = head.find_target(character) if _head_moves(clip) else "The head stays still."
    if isinstance(turned, head.HeadTarget):
        parts.append(_head_part(turned, clip))
    action = _build_action(character, parts, start, fps / clip.fps, tag)
    if isinstance(turned, head.HeadTarget):
        action[head.BASE_PROPERTY] = list(turned.base)
    remarks += _put_in_place(action, parts)
    curves = [curve for part in parts for _path, _index, curve in part.curves]
    return BakeReport(
        line=tag.line,
        n_exact=sum(target.count(target.proposal.exact) for target in targets),
        n_aliased=sum(target.count(target.proposal.aliased) for target in targets),
        unmatched=_unmatched(targets),
        head=turned if isinstance(turned, str) else turned.description,
        keys_before=len(curves) * clip.n_frames,
        keys_after=sum(len(curve.rows) for curve in curves),
        remarks=tuple(remarks),
        bake_s=time.perf_counter() - began,
    )


def _find_targets(
    character: bpy.types.Object,
) -> tuple[list[shape_keys.ShapeTarget], list[str]]:
    """The meshes that can be keyed, and a sentence for each that can't. At least one can."""
    meshes = shape_keys.meshes_of(character)
    if not meshes:
        raise BadInputError(
            f"'{character.name}' has no shape keys; choose the mesh that has the face shapes, or "
            "its parent."
        )
    faults = [fault for fault in map(_fault, meshes) if fault]
    targets = [shape_keys.read_target(mesh) for mesh in meshes if not _fault(mesh)]
    usable = [target for target in targets if target.shapes]
    if not targets:
        raise BadInputError(faults[0])
    if not usable:
        raise BadInputError(
            f"No shape key of '{character.name}' can be animated: none has an ARKit name such as "
            "jawOpen, or drivers move them all."
        )
    return usable, faults


def _fault(mesh: bpy.types.Object) -> str | None:
    """Why nothing can be baked on a mesh's shape keys, in a sentence."""
    key = mesh.data.shape_keys
    if not key.is_editable:
        return (
            f"The shape keys of '{mesh.name}' are linked and would lose the animation on saving; "
            "make a library override of its mesh data first."
        )
    if not key.use_relative:
        return f"'{mesh.name}' uses absolute shape keys; switch them to relative."
    if placement.is_in_tweak_mode(key):
        return f"'{mesh.name}' is in the NLA's tweak mode; leave it first (Tab in the NLA editor)."
    return None


def _head_moves(clip: MotionClip) -> bool:
    return bool(np.any(clip.select(HEAD_CHANNELS).values))


def _shape_part(target: shape_keys.ShapeTarget, clip: MotionClip) -> _Part:
    curves = shape_keys.shape_curves(target, clip)
    return _Part(target.key, [(shape_keys.shape_path(c.channel), 0, c) for c in curves])


def _head_part(target: head.HeadTarget, clip: MotionClip) -> _Part:
    curves = head.head_curves(target, clip)
    return _Part(target.owner, [(target.path, i, c) for i, c in enumerate(curves)])


def _build_action(
    character: bpy.types.Object,
    parts: Sequence[_Part],
    start: float,
    frames_per_row: float,
    tag: Tag,
) -> bpy.types.Action:
    """The complete action, not yet on any data-block; none is left behind if this fails."""
    action = new_action(f"{tag.line} {character.name}", tag)
    try:
        for part in parts:
            bag = new_channelbag(action, part.owner)
            for path, index, curve in part.curves:
                write_curve(bag, path, index, curve, start, frames_per_row)
    except BaseException:  # even Ctrl-C must not leave half an action behind
        bpy.data.actions.remove(action)
        raise
    return action


def _put_in_place(action: bpy.types.Action, parts: Sequence[_Part]) -> list[str]:
    """Place the action on all its data-blocks and drop the one it replaces."""
    remarks: list[str] = []
    replaced = {
        old.session_uid: old
        for part in parts
        for old in placement.our_actions(part.owner)
        if line_of(old) == line_of(action)
    }
    for part, slot in zip(parts, action.slots, strict=True):
        hidden = placement.hidden_paths(part.owner)
        place = placement.place(part.owner, action, slot)
        if place is placement.Place.strip_below_artist:
            remarks.append(_artist_remark(part, hidden))
        elif place is placement.Place.strip:
            remarks.append(f"Put beside the other lines of '{part.owner.name}', in the NLA editor.")
    name = action.name
    for old in replaced.values():
        name = old.name
        if old.users == 0:
            bpy.data.actions.remove(old)
    action.name = name
    return remarks


def _artist_remark(part: _Part, hidden: set[str]) -> str:
    own = part.owner.animation_data.action.name
    covered = sum(path in hidden for path, _index, _curve in part.curves)
    sentence = f"Your action '{own}' was kept; the line is a strip below it in the NLA editor"
    if not covered:
        return sentence + "."
    return f"{sentence}, and {covered} of its curves are hidden by keys in '{own}'."


def _unmatched(targets: Sequence[shape_keys.ShapeTarget]) -> tuple[str, ...]:
    """Channels that no mesh has a shape for."""
    missing = [target.proposal.unmatched_channels for target in targets]
    return tuple(name for name in missing[0] if all(name in other for other in missing))
