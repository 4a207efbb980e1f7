"""A range of a take made anew: the keys within it are replaced, all that is around it stays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import bpy
import numpy as np

from ..library import HEAD_CHANNELS, BadInputError, KeyedCurve, MotionClip
from ..pieces import LAST, Pieces
from ..reference import Reference
from . import takes
from .actions import Span, line_of, slot_for, span_of, style_of
from .amounts import has_amounts
from .draft import find_owner
from .key_range import Replacement, replace_keys
from .keying import plan_keys
from .line import BakeReport, find_character, make_report
from .record import (
    CurveName,
    curves_of,
    mark_redone,
    pack_record,
    read_keys,
    read_record,
    set_by_hand,
    write_record,
)
from .rig import perform, read_rig
from .tracks import Performed, track_curves

_MEET_S = 0.2
"""How long the new motion takes to leave the old one, where a rig can't show exactly what was
held."""


def check_take(action: bpy.types.Action) -> Span:
    """Where the line lies in a take. Raises `BadInputError` if an older Mynah made it, or if it
    does not move as its keys say."""
    if has_amounts(action):
        raise BadInputError(
            f"Parts of the take '{action.name}' move otherwise than baked; press Apply to Keys or "
            "As Baked under Take first."
        )
    span = span_of(action)
    if span is None:
        raise BadInputError(
            f"The take '{action.name}' was made by an older Mynah, which did not note where the "
            "line lies in it; generate the line again."
        )
    return span


def keys_by_hand(
    action: bpy.types.Action, first: float, last: float
) -> dict[CurveName, list[float]]:
    """The frames from `first` to `last` at which the artist set keys, curve by curve.

    Raises `BadInputError` if the action does not tell what Mynah baked.
    """
    record = read_record(action)
    if record is None:
        raise BadInputError(
            f"The take '{action.name}' was made by an older Mynah, so your keys can't be told from "
            "its own; switch Keep My Keys off or generate the line again."
        )
    found: dict[CurveName, list[float]] = {}
    for name, f_curve in curves_of(action).items():
        keys = read_keys(f_curve)
        within = (keys[:, 0] >= first) & (keys[:, 0] <= last)
        own = set_by_hand(keys, record.get(name, np.zeros((0, 4), np.float32)))
        if (within & own).any():
            found[name] = keys[within & own, 0].tolist()
    return found


@dataclass(frozen=True)
class _Work:
    """What the curves of a range become, and the take's record then; None if it has none. `before`
    are the keys of all its curves from which this was worked out."""

    before: dict[CurveName, np.ndarray]
    replacements: dict[CurveName, Replacement]
    record: dict[CurveName, np.ndarray] | None
    report: BakeReport


def bake_range(
    character: Reference,
    take: Reference,
    clip: MotionClip,
    first_row: int,
    last_row: int,
    *,
    keeps_keys: bool,
) -> Pieces[BakeReport]:
    """Replace the keys of a take from `first_row` to `last_row` by those of `clip`, in the take's
    own style. Only the last piece changes anything.

    Outside, every key stays where it is and every curve as it runs; with `keeps_keys` the artist's
    keys inside stay, too. Raises `BadInputError` with the remedy if the character can't be baked
    on.
    """
    while True:
        work = yield from _work_out(character, take, clip, first_row, last_row, keeps_keys)
        packed = None if work.record is None else (yield from pack_record(work.record))
        yield LAST
        found, action = find_character(character), _find_take(take)
        curves = curves_of(action)
        if _is_as_before(curves, work.before):
            break  # otherwise the artist has changed the take meanwhile: once more
    for name, replacement in work.replacements.items():
        replacement.write(curves[name])
    if packed is not None:
        write_record(action, packed)
    mark_redone(action)
    for owner in takes.owners_of(found):
        owner.update_tag()
    return work.report


def _work_out(
    character: Reference,
    take: Reference,
    clip: MotionClip,
    first_row: int,
    last_row: int,
    keeps_keys: bool,
) -> Pieces[_Work]:
    action = _find_take(take)
    span = check_take(action)
    if last_row >= clip.n_frames:
        raise BadInputError(
            f"The line has {clip.n_frames} frames now, but the take '{action.name}' {span.rows}; "
            "generate the line again."
        )
    first, last = span.frame_of(first_row), span.frame_of(last_row)
    before = {name: read_keys(f_curve) for name, f_curve in curves_of(action).items()}
    yield 0.0
    hand_keys = keys_by_hand(_find_take(take), first, last) if keeps_keys else {}
    yield 0.0
    found, action = find_character(character), _find_take(take)
    rig = read_rig(found, action)
    turns_head = not set(HEAD_CHANNELS).isdisjoint(clip.channels)
    report = make_report(str(line_of(action)), rig)
    remarks = list(rig.remarks)
    yield 0.0
    performed = yield from perform(rig, clip, turns_head=turns_head)
    yield 0.0

    keying = plan_keys(clip, style_of(_find_take(take)), span)
    yield 0.0
    # keys at the ends, and beside them, so that a slope which the old curve gives to an end reaches
    # over one row only
    edges = (first_row, min(first_row + 1, last_row), max(last_row - 1, first_row), last_row)
    new: list[tuple[CurveName, KeyedCurve]] = []
    for piece in performed:
        names = _names(_find_take(take), piece)
        values = piece.to_clip(clip.fps)
        met = _meet(values, _find_take(take), names, span, first_row, last_row)
        curves = yield from track_curves(piece.tracks, met, rig.mapping, keying, edges)
        new += zip(names, curves, strict=True)

    replacements: dict[CurveName, Replacement] = {}
    for name, curve in new:
        f_curve = curves_of(_find_take(take)).get(name)
        if f_curve is not None:
            kept = hand_keys.get(name, [])
            replacements[name] = replace_keys(f_curve, curve, span, first_row, last_row, kept)
            yield 0.0
    missing = len(new) - len(replacements)
    if missing:
        remarks = [*remarks, f"{missing} curves that the take does not have were left out."]
    report = replace(
        report,
        keys_before=len(replacements) * (last_row - first_row + 1),
        keys_after=sum(replacement.n_new for replacement in replacements.values()),
        remarks=tuple(remarks),
    )
    record = _new_record(_find_take(take), replacements, first, last, hand_keys)
    return _Work(before, replacements, record, report)


def _is_as_before(
    curves: dict[CurveName, bpy.types.FCurve], before: dict[CurveName, np.ndarray]
) -> bool:
    return curves.keys() == before.keys() and all(
        np.array_equal(read_keys(f_curve), before[name]) for name, f_curve in curves.items()
    )


def _find_take(take: Reference) -> bpy.types.Action:
    action = take.find_in(bpy.data.actions)
    if action is None:
        raise BadInputError(
            f"The take '{take.name}' was deleted while its range was made; nothing was keyed."
        )
    return action


def _names(action: bpy.types.Action, piece: Performed) -> list[CurveName]:
    """What the curves of a data-block are called in an action; -1 stands for a slot that it does
    not have."""
    slot = slot_for(action, find_owner(piece.owner))
    handle = -1 if slot is None else slot.handle
    return [(handle, track.path, track.index) for track in piece.tracks]


def _meet(
    values: MotionClip,
    action: bpy.types.Action,
    names: Sequence[CurveName],
    span: Span,
    first: int,
    last: int,
) -> MotionClip:
    """`values` bent so that at both ends of the range they are those of the action's curves."""
    curves = curves_of(action)
    old = [curves.get(name) for name in names]
    rows = np.arange(values.n_frames)
    reach = max(1.0, min(_MEET_S * values.fps, (last - first) / 2))
    met = values.values.copy()
    for row in (first, last):
        at_end = np.array(
            [f.evaluate(span.frame_of(row)) if f is not None else np.nan for f in old], np.float32
        )
        lacks = np.nan_to_num(at_end - met[row])
        fade = 1 - np.clip(np.abs(rows - row) / reach, 0, 1)
        met += (fade * fade * (3 - 2 * fade))[:, None].astype(np.float32) * lacks
    return MotionClip(values.fps, values.channels, met)


def _new_record(
    action: bpy.types.Action,
    replacements: dict[CurveName, Replacement],
    first: float,
    last: float,
    hand_keys: dict[CurveName, list[float]],
) -> dict[CurveName, np.ndarray] | None:
    """Of what was baked before, the record keeps what lies outside of the range."""
    old = read_record(action)
    if old is None:
        return None
    record: dict[CurveName, np.ndarray] = {}
    for name, f_curve in curves_of(action).items():
        if name not in old:
            continue
        keys = replacements[name].keys if name in replacements else read_keys(f_curve)
        within = (keys[:, 0] >= first - 1e-3) & (keys[:, 0] <= last + 1e-3)
        within &= ~np.isin(keys[:, 0], np.array(hand_keys.get(name, []), np.float32))
        before, after = old[name][:, 0] < first - 1e-3, old[name][:, 0] > last + 1e-3
        record[name] = np.concatenate([old[name][before], keys[within], old[name][after]])
    return record
