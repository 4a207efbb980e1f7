"""How much each part of the face moves in a take that is baked: its keys, stretched about rest.

A part at 0 is left a thousandth of its motion, which nobody sees, so that every amount can be taken
back. Keys that the artist sets after an amount stay where they were put.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from maya import cmds
from numpy.typing import NDArray

from . import plugs
from .baking.anim_curves import perform as do
from .baking.anim_layers import curve_of
from .baking.attributes import attribute_limits, attribute_tracks
from .baking.blend_shapes import shape_tracks
from .baking.curve_edit import CurveEdit
from .baking.record import (
    Take,
    baked_keys,
    moved_s,
    read_amounts,
    read_keys,
    set_by_hand,
    write_amounts,
    write_record,
)
from .baking.redo import check_editable
from .baking.scaling import Stretch, stretch_keys, stretched
from .baking.trial import trial
from .character import Character, readable_rig
from .context import undo_chunk
from .library import ARKIT_CHANNELS, BadInputError, MotionClip, drive, part_of
from .reference import Reference
from .rig_mapping import mapping_of
from .rig_reader import Passage, channels_of
from .scene_reader import frame_of

_STEP = "Mynah: Amounts of a Take"
_LEAST = 1e-3
_LEAST_DIFFERENCE = 1e-4


def amounts_of(take: Take) -> dict[str, float]:
    """By part: how much it moves, where that is not as baked."""
    return read_amounts(take)[0]


def set_amounts(take: Take, amounts: Mapping[str, float]) -> None:
    """Let each part named move so much: 0 not at all, 1 as it was baked. One step for Undo.

    Raises `BadInputError` with the remedy if the take can't be changed.
    """
    check_editable(take)
    trial.release()
    before, left = read_amounts(take)
    wanted = {**before, **amounts}
    changed = {
        part: max(amount, _LEAST) / max(before.get(part, 1.0), _LEAST)
        for part, amount in wanted.items()
        if abs(amount - before.get(part, 1.0)) > _LEAST_DIFFERENCE
    }
    if not changed:
        return
    rests = _rests(take)
    moved = moved_s(take, left) if left is not None else 0.0
    stretches: list[Stretch] = []
    stays: list[NDArray[np.bool_]] = []
    for i, curve in enumerate(take.curves):
        keys = read_keys(curve)
        keys[:, 0] -= moved
        mine = np.zeros(len(keys), bool) if left is None else set_by_hand(keys, left[i])
        stays.append(mine)
        part, rest = rests.get(curve, ("", 0.0))
        if part in changed:
            places = tuple(int(place) for place in np.flatnonzero(~mine))
            stretches.append(Stretch(curve, rest, changed[part], places))
    kept = {part: a for part, a in wanted.items() if abs(a - 1) > _LEAST_DIFFERENCE}
    with undo_chunk(_STEP):
        do(CurveEdit(stretch_keys, stretches))
        now = [read_keys(curve)[~mine] for curve, mine in zip(take.curves, stays, strict=True)]
        write_amounts(take, kept, [keys - (moved, 0, 0, 0) for keys in now])


def reset(take: Take) -> None:
    """Let all parts move as baked. One step for Undo."""
    set_amounts(take, dict.fromkeys(amounts_of(take), 1.0))


def apply(take: Take) -> None:
    """Take the keys as they are for the take's own from now on; what is seen stays the same. One
    step for Undo."""
    check_editable(take)
    amounts, rests = amounts_of(take), _rests(take)
    baked = baked_keys(take)
    if baked is not None:
        for i, curve in enumerate(take.curves):
            part, rest = rests.get(curve, ("", 0.0))
            if part in amounts:
                baked[i] = stretched(baked[i], rest, max(amounts[part], _LEAST))
    with undo_chunk(_STEP):
        write_record(take, replace(take.tag, is_changed=True), baked)
        write_amounts(take, {}, ())


def _rests(take: Take) -> dict[str, tuple[str, float]]:
    """By curve: the part of the face to which it belongs, and its value when the face rests.
    Raises `BadInputError` if it can't be told."""
    character = Character(take.layer, tuple(Reference.to(node) for node in take.nodes))
    start = frame_of(take.tag.start_s)
    passage = Passage(character, (start,), 1.0, take.layer, Reference.to(take.layer))
    moved = channels_of(passage)
    rig = readable_rig(character)
    mapping = mapping_of(rig)
    still = MotionClip(1.0, ARKIT_CHANNELS, np.zeros((1, len(ARKIT_CHANNELS)), np.float32))
    values = drive(still, mapping, attribute_limits(rig, mapping))
    tracks = [*shape_tracks(rig, mapping, values, {}), *attribute_tracks(rig, mapping, values, {})]
    rests = {track.plug: float(track.values[0]) for track in tracks}
    found: dict[str, tuple[str, float]] = {}
    for plug, channels in moved.items():
        curve = curve_of(take.layer, plug)
        part = part_of((channel, 1.0) for channel in channels)
        if curve and part:  # what is no shape or attribute adds to the pose below
            rest = rests[plug] if plug in rests else cmds.getAttr(plugs.base(plug), time=start)
            found[curve] = (part, float(rest))
    if not found:
        raise BadInputError(
            f"Nobody can tell what the curves of '{take.layer}' move; keep the character's mapping "
            "in the scene (mynahMap -keep), and try again."
        )
    return found
