"""One line on one character: build everything first, then put it in place, then report."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import bpy
import numpy as np

from ..library import HEAD_CHANNELS, BadInputError, KeyedCurve, MotionClip
from . import head, placement, shape_keys, takes
from .actions import Span, Tag, new_action, new_channelbag, seed_of, write_curve
from .record import curves_of, is_edited, read_keys, write_record


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
class Part:
    """Curves for one data-block: (data path, index, curve)."""

    owner: bpy.types.ID
    curves: Sequence[tuple[str, int, KeyedCurve]]


def check_character(character: bpy.types.Object) -> None:
    """Raises `BadInputError` with the remedy if nothing can be baked on the character."""
    find_targets(character)


def bake_line(
    character: bpy.types.Object, clip: MotionClip, start: float, fps: float, tag: Tag
) -> BakeReport:
    """Keyframes for `clip`, its row 0 at scene frame `start` of a scene that runs at `fps`.

    Replaces the line's earlier take with the same seed, unless the artist has edited it, when the
    new one is complete; all other takes are kept. Raises `BadInputError` with the remedy if the
    character can't be baked on; nothing is changed then.
    """
    began = time.perf_counter()
    targets, remarks = find_targets(character)
    remarks += [remark for target in targets for remark in shape_keys.remarks(target)]
    parts = [_shape_part(target, clip) for target in targets]
    turned = head.find_target(character) if _head_moves(clip) else "The head stays still."
    if isinstance(turned, head.HeadTarget):
        parts.append(_head_part(turned, clip))
    span = Span(start, fps / clip.fps, clip.n_frames, clip.fps)
    action = _build_action(character, parts, span, tag)
    if isinstance(turned, head.HeadTarget):
        action[head.BASE_PROPERTY] = list(turned.base)
    remarks += _put_in_place(action, parts, takes.owners_of(character), tag)
    curves = [curve for part in parts for _path, _index, curve in part.curves]
    return make_report(
        tag.line,
        targets,
        turned,
        len(curves) * clip.n_frames,
        sum(len(curve.rows) for curve in curves),
        remarks,
        time.perf_counter() - began,
    )


def make_report(
    line: str,
    targets: Sequence[shape_keys.ShapeTarget],
    turned: head.HeadTarget | str,
    keys_before: int,
    keys_after: int,
    remarks: Sequence[str],
    bake_s: float,
) -> BakeReport:
    return BakeReport(
        line=line,
        n_exact=sum(target.count(target.proposal.exact) for target in targets),
        n_aliased=sum(target.count(target.proposal.aliased) for target in targets),
        unmatched=_unmatched(targets),
        head=turned if isinstance(turned, str) else turned.description,
        keys_before=keys_before,
        keys_after=keys_after,
        remarks=tuple(remarks),
        bake_s=bake_s,
    )


def find_targets(
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


def _shape_part(target: shape_keys.ShapeTarget, clip: MotionClip) -> Part:
    curves = shape_keys.shape_curves(target, shape_keys.shape_values(target, clip), clip)
    return Part(target.key, [(shape_keys.shape_path(c.channel), 0, c) for c in curves])


def _head_part(target: head.HeadTarget, clip: MotionClip) -> Part:
    curves = head.head_curves(target, head.head_values(target, clip))
    return Part(target.owner, [(target.path, i, c) for i, c in enumerate(curves)])


def _build_action(
    character: bpy.types.Object, parts: Sequence[Part], span: Span, tag: Tag
) -> bpy.types.Action:
    """The complete action, not yet on any data-block; none is left behind if this fails."""
    action = new_action(f"{tag.line} {character.name} #{tag.seed}", tag, span)
    try:
        for part in parts:
            bag = new_channelbag(action, part.owner)
            for path, index, curve in part.curves:
                write_curve(bag, path, index, curve, span.start, span.frames_per_row)
        write_record(action, {name: read_keys(c) for name, c in curves_of(action).items()})
    except BaseException:  # even Ctrl-C must not leave half an action behind
        bpy.data.actions.remove(action)
        raise
    return action


def _put_in_place(
    action: bpy.types.Action, parts: Sequence[Part], owners: Sequence[bpy.types.ID], tag: Tag
) -> list[str]:
    """Place the action on all its data-blocks; of the line's other takes, drop the one that it
    replaces and keep the rest."""
    remarks: list[str] = []
    same_seed = [old for old in takes.takes_of(owners, tag.line) if seed_of(old) == tag.seed]
    edited = [old for old in same_seed if is_edited(old)]
    replaced = [old for old in same_seed if old not in edited]
    earlier = takes.on_show(owners, tag.line)
    if earlier is not None and earlier not in replaced:
        takes.keep(earlier)
    takes.join(action, owners, tag.line)
    for part, slot in zip(parts, action.slots, strict=True):
        hidden = placement.hidden_paths(part.owner)
        place = placement.place(part.owner, action, slot)
        if place is placement.Place.strip_below_artist:
            remarks.append(_artist_remark(part, hidden))
        elif place is placement.Place.strip:
            remarks.append(f"Put beside the other lines of '{part.owner.name}', in the NLA editor.")
    for owner in owners:
        if earlier in placement.our_actions(owner):  # which the new take does not move
            placement.exchange(owner, tag.line, None, None)
    name = action.name
    for old in replaced:
        name = old.name
        takes.leave(old)
        if old.users == 0:
            bpy.data.actions.remove(old)
    action.name = name
    return remarks + [f"The take '{old.name}', which you edited, was kept." for old in edited]


def _artist_remark(part: Part, hidden: set[str]) -> str:
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
