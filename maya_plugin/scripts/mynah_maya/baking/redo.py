"""A range of a take made anew: the keys within it are replaced, all that is around it stays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from maya import cmds

from .. import plugs
from ..character import Character, read_rig
from ..context import maintained_selection, undo_chunk
from ..library import BadInputError, MotionClip, RigMapping
from ..reference import Reference
from ..scene_reader import effective_fps, frame_of
from .anim_curves import perform as do
from .anim_layers import curve_of
from .curve_edit import CurveEdit
from .key_range import Replacement, replace_keys
from .line import BakeReport, perform
from .record import (
    Take,
    all_takes,
    baked_keys,
    moved_s,
    read_amounts,
    read_keys,
    set_by_hand,
    write_record,
)
from .tracks import FloatArray, Span, Track, key_tracks
from .trial import trial

_STEP = "Mynah: Redo Range"
_MEET_S = 0.2
"""How long the new motion takes to leave the old one, where a rig can't show exactly what was
held."""
_CLOSE_S = 1e-4


@dataclass(frozen=True, eq=False)
class Range:
    """Rows of a take that are made anew with a seed. `take` is its record."""

    take: Reference
    first_row: int
    last_row: int
    keeps_keys: bool
    seed: int


def find_take(record: Reference) -> Take:
    """Raises `BadInputError` if the take is gone."""
    name = record.find()
    found = next((take for take in all_takes() if take.record == name), None)
    if found is None or not found.layer:
        raise BadInputError(
            f"The take of '{record.name}' was deleted while its range was made; nothing was keyed."
        )
    return found


def check_editable(take: Take) -> None:
    """Raises `BadInputError` with the remedy if the keys of a take can't be changed."""
    if cmds.referenceQuery(take.layer, isNodeReferenced=True):
        raise BadInputError(
            f"The take '{take.layer}' lies in a referenced file; open that to change it."
        )
    if cmds.animLayer(take.layer, query=True, lock=True):
        raise BadInputError(
            f"The layer '{take.layer}' is locked; unlock it in the Layer Editor first."
        )


def span_of(take: Take) -> Span:
    """Where the line lies in a take, also if that was moved as a whole. Raises `BadInputError` with
    the remedy if it can't be told, or if nothing may be keyed there."""
    if not take.tag.fps or not take.tag.rows:
        raise BadInputError(
            f"The take '{take.layer}' was made by an older Mynah, which did not note where the "
            "line lies in it; generate the line again."
        )
    check_editable(take)
    if read_amounts(take)[0]:
        raise BadInputError(
            f"Parts of the take '{take.layer}' move otherwise than baked; press Apply to Keys or "
            "As Baked under Takes first."
        )
    baked = baked_keys(take)
    moved = moved_s(take, baked) if baked is not None else 0.0
    start = frame_of(take.tag.start_s + moved)
    return Span(start, effective_fps() / take.tag.fps, take.tag.rows)


def keys_by_hand(take: Take, first: float, last: float) -> dict[str, list[float]]:
    """The frames from `first` to `last` at which the artist set keys, by curve. Raises
    `BadInputError` if the take does not tell what Mynah baked."""
    baked = baked_keys(take)
    if baked is None:
        raise BadInputError(
            f"A curve of the take '{take.layer}' was deleted or replaced, so your keys can't be "
            "told from Mynah's own; let them be replaced, too, or generate the line again."
        )
    found: dict[str, list[float]] = {}
    moved, fps = moved_s(take, baked), effective_fps()
    for curve, own in zip(take.curves, baked, strict=True):
        keys = read_keys(curve)
        frames = keys[:, 0] * fps
        keys[:, 0] -= moved
        within = (frames >= first - 1e-3) & (frames <= last + 1e-3)
        mine = frames[within & set_by_hand(keys, own)]
        if len(mine):
            found[curve] = mine.tolist()
    return found


def bake_range(
    character: Character,
    wanted: Range,
    clip: MotionClip,
    mapping: RigMapping | None = None,
) -> BakeReport:
    """Replace the keys of a take from the first to the last row of a range by those of `clip`, in
    the take's own style. All of it is one step for Undo.

    Outside, every key stays where it is and every curve as it runs; with `keeps_keys` the artist's
    keys inside stay, too. Raises `BadInputError` with the remedy if it can't be done; then nothing
    has changed.
    """
    trial.release()
    take = find_take(wanted.take)
    span = span_of(take)
    if clip.n_frames <= wanted.last_row:
        raise BadInputError(
            f"The line has {clip.n_frames} frames now, but the take '{take.layer}' {span.rows}; "
            "generate the line again."
        )
    rows = np.array([wanted.first_row, wanted.last_row], np.float64)
    first, last = map(float, span.frames(rows))
    hand_keys = keys_by_hand(take, first, last) if wanted.keeps_keys else {}
    rig = read_rig(character)
    tracks, _bones, remarks = perform(rig, clip, mapping, span.start)
    curves = {track.plug: curve_of(take.layer, track.plug) for track in tracks}
    present = [track for track in tracks if curves[track.plug]]
    if not present:
        raise BadInputError(
            f"The layer '{take.layer}' holds nothing any more that the line moves; generate the "
            "line again."
        )
    if len(present) < len(tracks):
        n = len(tracks) - len(present)
        remarks.append(f"{n} curves that the take does not have were left out.")
    met = [_meet(track, take.layer, span, clip.fps, wanted) for track in present]
    keys = key_tracks(met, clip, take.tag.style_of_keys, span)
    replacements = [
        Replacement(curves[own.plug], own, first, last, tuple(hand_keys.get(curves[own.plug], ())))
        for own in keys
    ]
    with undo_chunk(_STEP), maintained_selection():
        before = baked_keys(take)
        moved = moved_s(take, before) if before is not None else 0.0
        do(CurveEdit(replace_keys, replacements))
        baked = None if before is None else _new_record(take, before, moved, first, last, hand_keys)
        write_record(take, replace(take.tag, redo_seed=wanted.seed, is_changed=True), baked)
    n_keys = sum(int(((k.frames >= first) & (k.frames <= last)).sum()) for k in keys)
    n_rows = wanted.last_row - wanted.first_row + 1
    told = (*rig.remarks, *remarks)
    return BakeReport(take.tag.line, take.layer, len(keys), n_keys, n_rows, told)


def _meet(track: Track, layer: str, span: Span, fps: float, wanted: Range) -> Track:
    """`track` bent so that at both ends of the range it is where the old curve is, with keys at the
    ends and beside them, so that a slope which the old curve gives to an end reaches over one row
    only."""
    first, last = wanted.first_row, wanted.last_row
    rows = np.arange(len(track.values))
    reach = max(1.0, min(_MEET_S * fps, (last - first) / 2))
    values, place = track.values.copy(), plugs.layered(track.plug, layer)
    for row in (first, last):
        frame = float(span.frames(np.array([row], np.float64))[0])
        lacks = float(cmds.getAttr(place, time=frame)) - values[row]
        fade = 1 - np.clip(np.abs(rows - row) / reach, 0, 1)
        values += fade * fade * (3 - 2 * fade) * lacks
    edges = (first, min(first + 1, last), max(last - 1, first), last)
    return replace(track, values=values, pins=tuple(sorted({*track.pins, *edges})))


def _new_record(
    take: Take,
    before: Sequence[FloatArray],
    moved: float,
    first: float,
    last: float,
    hand_keys: Mapping[str, Sequence[float]],
) -> list[FloatArray]:
    """Of what was baked before, the record keeps what lies outside of the range."""
    fps = effective_fps()
    begin_s, end_s = first / fps - moved, last / fps - moved
    found: list[FloatArray] = []
    for curve, old in zip(take.curves, before, strict=True):
        keys = read_keys(curve)
        keys[:, 0] -= moved
        hand = np.array(hand_keys.get(curve, ()), np.float64) / fps - moved
        mine = (np.abs(keys[:, :1] - hand[None]) < _CLOSE_S).any(axis=1)
        within = (keys[:, 0] >= begin_s - _CLOSE_S) & (keys[:, 0] <= end_s + _CLOSE_S) & ~mine
        earlier, later = old[:, 0] < begin_s - _CLOSE_S, old[:, 0] > end_s + _CLOSE_S
        found.append(np.concatenate([old[earlier], keys[within], old[later]]))
    return found
