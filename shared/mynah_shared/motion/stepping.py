"""Stepped curves: poses on whole frames of a scene, each held for one frame, two or three."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from ..errors import BadInputError
from .clip import MotionClip
from .curves import (
    CLOSING_CHANNELS,
    SAME_ROW,
    FloatArray,
    IndexArray,
    Interpolation,
    KeyedCurve,
    closure_pins,
    sample,
)
from .regions import LIPS


@dataclass(frozen=True, eq=False)
class Holds:
    """The poses of stepped curves: pose i is held from row `keys[i]` of the clip on and shows that
    row, but for the mouth, which shows the row `mouths[i]`. Both are [K] and may lie between rows.
    """

    keys: FloatArray
    mouths: FloatArray


def hold_poses(
    clip: MotionClip, hold_frames: int, start: float = 0.0, frames_per_row: float = 1.0
) -> Holds:
    """Poses on every `hold_frames`-th whole frame of a scene in which row 0 of `clip` lies at frame
    `start`, and on the last.

    Lips that close while a pose is held would be missed, so its whole mouth is taken at the row at
    which they close; of several such rows at the one that shuts the mouth most.
    Raises `BadInputError` if the clip is empty.
    """
    if clip.n_frames == 0:
        raise BadInputError("Keys can't be made from 0 frames; at least one frame is needed.")
    first = np.ceil(start - SAME_ROW)
    last = max(first, np.floor(start + (clip.n_frames - 1) * frames_per_row + SAME_ROW))
    frames: FloatArray = np.arange(first, last + 1, hold_frames, dtype=np.float64)
    if frames[-1] < last:
        frames = np.append(frames, last)
    keys = (frames - start) / frames_per_row

    mouths, closing = keys.copy(), _closing_rows(clip)
    pose = np.maximum(np.searchsorted(keys, closing + SAME_ROW, side="right") - 1, 0)
    mouths[pose] = closing  # where several rows fall into one pose, the last of them stays
    return Holds(keys, mouths)


def step_clip(
    clip: MotionClip, holds: Holds, mouth: Collection[str] = LIPS
) -> tuple[KeyedCurve, ...]:
    """The clip's channels in these poses, those of `mouth` as the mouth. Keys that change nothing
    are left out, but for the first and the last."""
    values = sample(clip.values, holds.keys)
    of_mouth = np.flatnonzero(np.isin(clip.channels, list(mouth)))
    closed = np.flatnonzero(holds.mouths != holds.keys)
    if len(of_mouth) and len(closed):
        shut = sample(clip.values[:, of_mouth], holds.mouths[closed])
        values[np.ix_(closed, of_mouth)] = shut
    values = values.astype(np.float32)  # what is the same to a host gets no key
    kept = np.ones(values.shape, bool)
    kept[1:-1] = np.diff(values, axis=0)[:-1] != 0
    return tuple(
        KeyedCurve(
            name,
            holds.keys[kept[:, i]],
            values[kept[:, i], i].astype(np.float64),
            np.zeros(int(kept[:, i].sum())),
            Interpolation.stepped,
        )
        for i, name in enumerate(clip.channels)
    )


def _closing_rows(clip: MotionClip) -> IndexArray:
    """The rows of `closure_pins`, from the least shut to the most: by opening, then by pressure."""
    pins = [*closure_pins(clip).values(), np.zeros(0, np.intp)]
    rows = np.unique(np.concatenate(pins))
    jaw, close, *pressures = clip.select(CLOSING_CHANNELS).values[rows].T
    return rows[np.lexsort((np.sum(pressures, axis=0), close - jaw))]
