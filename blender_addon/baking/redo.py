"""A range of a take made anew: the keys within it are replaced, all that is around it stays."""

from __future__ import annotations

import time
from collections.abc import Sequence

import bpy
import numpy as np

from ..library import HEAD_CHANNELS, BadInputError, KeyedCurve, MotionClip
from . import head, shape_keys, takes
from .actions import Span, find_curve, line_of, slot_for, span_of
from .key_range import replace_keys
from .line import BakeReport, find_targets, make_report
from .record import (
    CurveName,
    curves_of,
    mark_redone,
    read_keys,
    read_record,
    set_by_hand,
    write_record,
)

_MEET_S = 0.2
"""How long the new motion takes to leave the old one, where a rig can't show exactly what was
held."""


def check_take(action: bpy.types.Action) -> Span:
    """Where the line lies in a take. Raises `BadInputError` if an older Mynah made it."""
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


def bake_range(
    character: bpy.types.Object,
    action: bpy.types.Action,
    clip: MotionClip,
    first_row: int,
    last_row: int,
    *,
    keeps_keys: bool,
) -> BakeReport:
    """Replace the keys of a take from `first_row` to `last_row` by those of `clip`.

    Outside, every key stays where it is and every curve as it runs; with `keeps_keys` the artist's
    keys inside stay, too. Raises `BadInputError` with the remedy if the character can't be baked
    on; nothing is changed then.
    """
    began = time.perf_counter()
    span = check_take(action)
    if last_row >= clip.n_frames:
        raise BadInputError(
            f"The line has {clip.n_frames} frames now, but the take '{action.name}' {span.rows}; "
            "generate the line again."
        )
    first, last = span.frame_of(first_row), span.frame_of(last_row)
    hand_keys = keys_by_hand(action, first, last) if keeps_keys else {}
    targets, remarks = find_targets(character)
    turned = head.find_target(character, action)
    new_curves = [
        curve
        for target in targets
        for curve in _shape_curves(action, target, clip, span, first_row, last_row)
    ]
    if isinstance(turned, head.HeadTarget) and not set(HEAD_CHANNELS).isdisjoint(clip.channels):
        new_curves += _head_curves(action, turned, clip, span, first_row, last_row)
    missing = sum(f_curve is None for f_curve, _curve in new_curves)
    if missing:
        remarks.append(f"{missing} curves that the take does not have were left out.")
    names = {_pointer(f_curve): name for name, f_curve in curves_of(action).items()}
    n_keys = 0
    for f_curve, curve in new_curves:
        if f_curve is not None:
            kept = hand_keys.get(names[_pointer(f_curve)], [])
            n_keys += replace_keys(f_curve, curve, span, first_row, last_row, kept)
    _update_record(action, first, last, hand_keys)
    mark_redone(action)
    for owner in takes.owners_of(character):
        owner.update_tag()
    return make_report(
        str(line_of(action)),
        targets,
        turned,
        (len(new_curves) - missing) * (last_row - first_row + 1),
        n_keys,
        remarks,
        time.perf_counter() - began,
    )


_Curves = list[tuple[bpy.types.FCurve | None, KeyedCurve]]


def _shape_curves(
    action: bpy.types.Action,
    target: shape_keys.ShapeTarget,
    clip: MotionClip,
    span: Span,
    first: int,
    last: int,
) -> _Curves:
    values = shape_keys.shape_values(target, clip)
    slot = slot_for(action, target.key)
    old = [find_curve(action, slot, shape_keys.shape_path(name)) for name in values.channels]
    values = _meet(values, old, span, first, last)
    curves = shape_keys.shape_curves(target, values, clip, _edges(first, last))
    return list(zip(old, curves, strict=True))


def _head_curves(
    action: bpy.types.Action,
    target: head.HeadTarget,
    clip: MotionClip,
    span: Span,
    first: int,
    last: int,
) -> _Curves:
    values = head.head_values(target, clip)
    slot = slot_for(action, target.owner)
    old = [find_curve(action, slot, target.path, i) for i in range(len(values.channels))]
    values = _meet(values, old, span, first, last)
    return list(zip(old, head.head_curves(target, values, _edges(first, last)), strict=True))


def _edges(first: int, last: int) -> tuple[int, ...]:
    """Rows that get keys: the ends, and beside them, so that a slope which the old curve gives to
    an end reaches over one row only."""
    return (first, min(first + 1, last), max(last - 1, first), last)


def _meet(
    values: MotionClip,
    old: Sequence[bpy.types.FCurve | None],
    span: Span,
    first: int,
    last: int,
) -> MotionClip:
    """`values` bent so that at both ends of the range they are those of the old curves."""
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


def _update_record(
    action: bpy.types.Action, first: float, last: float, hand_keys: dict[CurveName, list[float]]
) -> None:
    """Of what was baked before, the record keeps what lies outside of the range."""
    old = read_record(action)
    if old is None:
        return
    record: dict[CurveName, np.ndarray] = {}
    for name, f_curve in curves_of(action).items():
        if name not in old:
            continue
        keys = read_keys(f_curve)
        within = (keys[:, 0] >= first - 1e-3) & (keys[:, 0] <= last + 1e-3)
        within &= ~np.isin(keys[:, 0], np.array(hand_keys.get(name, []), np.float32))
        before, after = old[name][:, 0] < first - 1e-3, old[name][:, 0] > last + 1e-3
        record[name] = np.concatenate([old[name][before], keys[within], old[name][after]])
    write_record(action, record)


def _pointer(f_curve: bpy.types.FCurve | None) -> int:
    return 0 if f_curve is None else f_curve.as_pointer()
