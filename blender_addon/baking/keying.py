"""A performance as keyed curves in the wished style: numbers only, in pieces."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from ..library import (
    Holds,
    Interpolation,
    KeyedCurve,
    KeyStyle,
    MotionClip,
    closure_pins,
    hold_poses,
    reduce_in_steps,
    step_clip,
)
from ..pieces import Pieces
from .actions import Span

Rows = Mapping[str, np.ndarray]
"""Numbers of rows by channel."""

_VALUES = 4000
"""So many values are stepped in one piece, at least one channel."""


@dataclass(frozen=True)
class Keying:
    """How a performance is keyed, on all its meshes alike: `closures` are the rows at which
    the lips close, `holds` the poses of stepped curves."""

    style: KeyStyle
    closures: Rows
    holds: Holds | None


def plan_keys(clip: MotionClip, style: KeyStyle, span: Span) -> Keying:
    """Raises `BadInputError` if the clip is empty."""
    if style.interpolation is not Interpolation.stepped:
        return Keying(style, closure_pins(clip), None)
    holds = hold_poses(clip, style.hold_frames, span.start, span.frames_per_row)
    return Keying(style, {}, holds)


def key_curves(
    keying: Keying,
    values: MotionClip,
    pins: Rows,
    mouth: Collection[str] = (),
    ranges: Mapping[str, float] | None = None,
) -> Pieces[list[KeyedCurve]]:
    """Curves for a rig's `values`, in the order of its channels.

    Smooth and linear ones have keys at the rows that `pins` names; stepped ones show those in
    `mouth` as the lips close. `ranges` is what the error bound is a share of, else 1.
    """
    if keying.holds is None:
        is_linear = keying.style.interpolation is Interpolation.linear
        steps = reduce_in_steps(values, keying.style.bound, pins, ranges, is_linear=is_linear)
        return list((yield from steps))
    curves: list[KeyedCurve] = []
    at_once = max(1, _VALUES // max(values.n_frames, 1))
    for first in range(0, len(values.channels), at_once):
        some = values.select(values.channels[first : first + at_once])
        curves += step_clip(some, keying.holds, mouth)
        yield first / len(values.channels)
    return curves
