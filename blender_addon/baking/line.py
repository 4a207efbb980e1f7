"""One line on one character: build everything first, then put it in place, then report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import bpy

from ..library import BadInputError, KeyStyle, MotionClip
from ..pieces import LAST, Pieces
from ..reference import Reference
from . import bones, head, placement, takes
from .actions import Span, Tag, is_draft, seed_of, source_of, tag_action
from .draft import Draft, Part
from .keying import plan_keys
from .record import is_edited
from .rig import Rig, moves_head, perform, read_rig
from .tracks import track_curves

BESIDE = "Put beside the other lines"
"""How the remark begins that is no news where many lines are made."""


@dataclass(frozen=True)
class BakeReport:
    """What a bake did, for the panel. `remarks` are whole sentences."""

    line: str
    n_exact: int
    n_aliased: int
    unmatched: tuple[str, ...]
    head: str
    remarks: tuple[str, ...]
    n_controls: int = 0
    keys_before: int = 0
    keys_after: int = 0


def check_character(character: bpy.types.Object) -> None:
    """Raises `BadInputError` with the remedy if nothing can be baked on the character."""
    read_rig(character)


def find_character(character: Reference) -> bpy.types.Object:
    """Raises `BadInputError` if it is gone."""
    found = character.find_in(bpy.data.objects)
    if found is None:
        raise BadInputError(
            f"'{character.name}' was deleted while the line was made; nothing was keyed."
        )
    return found


def bake_line(
    character: Reference,
    clip: MotionClip,
    start: float,
    fps: float,
    tag: Tag,
    style: KeyStyle,
) -> Pieces[BakeReport]:
    """Keyframes for `clip`, its row 0 at scene frame `start` of a scene that runs at `fps`.

    Only the last piece changes anything: it puts the complete action in place. Given up before
    that, nothing is left behind. Replaces the line's earlier take of the same source and seed,
    unless the artist has edited it by then; all other takes are kept. Raises `BadInputError` with
    the remedy if the character can't be baked on.
    """
    span = Span(start, fps / clip.fps, clip.n_frames, clip.fps)
    found = find_character(character)
    rig = read_rig(found)
    turns_head = moves_head(clip)
    report = make_report(tag.line, rig, turns_head=turns_head)
    remarks = [remark for target in rig.shapes for remark in target.remarks]
    report = replace(report, remarks=(*report.remarks, *remarks))
    yield 0.0
    performed = yield from perform(rig, clip, turns_head=turns_head)
    keying = plan_keys(clip, style, span)
    yield 0.0
    parts: list[Part] = []
    for piece in performed:
        values = piece.to_clip(clip.fps)
        curves = yield from track_curves(piece.tracks, values, rig.mapping, keying)
        drawn = zip(piece.tracks, curves, strict=True)
        parts.append(Part(piece.owner, [(track.path, track.index, c) for track, c in drawn]))

    draft = Draft(parts, span)
    try:
        same: _SameTakes | None = None
        while same is None or not draft.is_complete:
            yield from draft.complete()
            same = yield from _same_takes(character, tag)
            yield LAST
        found, owners = find_character(character), [part.find_owner() for part in parts]
        for owner in filter(placement.is_in_tweak_mode, owners):
            raise BadInputError(placement.tweak_mode(owner.name))
        action = draft.find()
        if turns_head and isinstance(rig.head, head.HeadTarget):
            action[head.BASE_PROPERTY] = list(rig.head.base)
        handles = [slot.handle for slot in action.slots]
        poses = [rig.poses.get(part.owner, {}) for part in parts]
        bones.note_poses(action, dict(zip(handles, poses, strict=True)))
        what = "performance " if tag.source == "PERFORMANCE" else ""
        action.name = f"{tag.line} {found.name} {what}#{tag.seed}"
        tag_action(action, tag, span, style)
    except BaseException:  # even Ctrl-C must not leave half an action behind
        draft.discard()
        raise
    owners = takes.owners_of(found)
    if tag.draft:  # which is given up again: what was there stays, and its strips where they are
        takes.join(action, owners, tag.line)
        takes.show(owners, tag.line, action)
        return replace(report, keys_after=draft.n_keys)
    remarks = _put_in_place(action, parts, owners, tag.line, same.replaced)
    remarks += [f"The take '{name}', which you edited, was kept." for name in same.edited]
    return replace(
        report,
        keys_before=sum(len(part.curves) for part in parts) * clip.n_frames,
        keys_after=draft.n_keys,
        remarks=(*report.remarks, *remarks),
    )


def make_report(line: str, rig: Rig, *, turns_head: bool = True) -> BakeReport:
    rows = {**rig.mapping.weights, **rig.mapping.shows}
    exact = [name for name, row in rows.items() if row == {name: 1.0}]
    return BakeReport(
        line=line,
        n_exact=sum(target.count(exact) for target in rig.shapes),
        n_aliased=sum(len(target.shapes) - target.count(exact) for target in rig.shapes),
        unmatched=rig.homeless,
        head=rig.head_description if turns_head else "The head stays still.",
        remarks=rig.remarks,
        n_controls=rig.n_controls,
    )


@dataclass(frozen=True)
class _SameTakes:
    """The line's takes of the same source and seed: those that a new one replaces, and the names of
    those that it doesn't, because the artist has edited them."""

    replaced: tuple[Reference, ...]
    edited: tuple[str, ...]


def _same_takes(character: Reference, tag: Tag) -> Pieces[_SameTakes]:
    owners = takes.owners_of(find_character(character))
    same = [
        Reference.to(old)
        for old in takes.takes_of(owners, tag.line)
        if (source_of(old), seed_of(old)) == (tag.source, tag.seed)
    ]
    replaced: list[Reference] = []
    edited: list[str] = []
    for take in same:
        if (yield from is_edited(take)):
            edited.append(take.name)
        else:
            replaced.append(take)
    return _SameTakes(tuple(replaced), tuple(edited))


def _put_in_place(
    action: bpy.types.Action,
    parts: Sequence[Part],
    owners: Sequence[bpy.types.ID],
    line: str,
    same: Sequence[Reference],
) -> list[str]:
    """Place the action on all its data-blocks in place of the `same` takes; the line's others are
    kept."""
    remarks: list[str] = []
    found = [take.find_in(bpy.data.actions) for take in same]
    replaced = [old for old in found if old is not None]
    earlier = takes.on_show(owners, line)
    if earlier is not None and earlier not in replaced:
        takes.keep(earlier)
    takes.join(action, owners, line)
    for part, slot in zip(parts, action.slots, strict=True):
        owner = part.find_owner()
        hidden = placement.hidden_paths(owner)
        place = placement.place(owner, action, slot)
        if place is placement.Place.strip_below_artist:
            remarks.append(_artist_remark(owner.animation_data.action.name, part, hidden))
        elif place is placement.Place.strip:
            remarks.append(f"{BESIDE} of '{owner.name}', in the NLA editor.")
    for owner in owners:
        if earlier in placement.our_actions(owner):  # which the new take does not move
            placement.exchange(owner, line, None, None)
    name = action.name
    for old in sorted(replaced, key=is_draft, reverse=True):
        name = old.name
        takes.leave(old)
        if old.users == 0:
            bpy.data.actions.remove(old)
    action.name = name
    return remarks


def _artist_remark(own: str, part: Part, hidden: set[str]) -> str:
    covered = sum(path in hidden for path, _index, _curve in part.curves)
    sentence = f"Your action '{own}' was kept; the line is a strip below it in the NLA editor"
    if not covered:
        return sentence + "."
    return f"{sentence}, and {covered} of its curves are hidden by keys in '{own}'."
