"""From the values of a rig's own targets back to a performance: `drive` the other way round.

A target is a weighted sum of channels. Where each answers to one channel alone this is a division;
where shapes were split or merged, the channels are those within their range that come nearest to
all targets (bounded least squares), and of several that come equally near the smallest. Targets
that show a whole expression each add what they show.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from ..errors import BadInputError
from ..motion.arkit import ARKIT_BLENDSHAPES
from ..motion.clip import MotionClip
from ..pieces import Pieces
from .expressions import picture_matrix
from .mapping import CHANNELS, UNBOUNDED, RigMapping
from .solver import FloatArray, nearest

_ROWS = 250
"""So many take a few milliseconds."""


def invert(clip: MotionClip, mapping: RigMapping) -> MotionClip:
    """The performance that the targets in `clip` show, at its rate.

    The mapping's targets that the clip lacks say nothing; a channel that no target drives is absent
    from the result. Shapes come out within 0..1, head angles unlimited. Raises `BadInputError` if
    none of the mapping's targets is in the clip.
    """
    present = mapping.restricted_to(clip.channels)
    rows = {
        target: {channel: weight for channel, weight in row.items() if weight}
        for target, row in present.weights.items()
    }
    groups = list(_independent_parts({target: row for target, row in rows.items() if row}))
    if not groups and not present.shows:
        raise BadInputError(
            "None of the curves moves a target of the mapping; choose the rig that the mapping "
            "belongs to."
        )
    columns: dict[str, FloatArray] = {}
    for targets, channels in groups:
        matrix = np.array([[rows[t].get(c, 0.0) for c in channels] for t in targets])
        shown = np.stack([_activation(clip, mapping, target) for target in targets], axis=1)
        low = np.array([-np.inf if c in UNBOUNDED else 0.0 for c in channels])
        high = np.array([np.inf if c in UNBOUNDED else 1.0 for c in channels])
        solved = nearest(matrix, shown, low, high)
        columns |= dict(zip(channels, solved.T, strict=True))
    for channel, column in _shown(clip, present).items():
        columns[channel] = np.clip(columns.get(channel, 0.0) + column, 0.0, 1.0)
    names = [name for name in CHANNELS if name in columns]
    names += [name for name in columns if name not in CHANNELS]
    values = np.stack([columns[name] for name in names], axis=1)
    return MotionClip(clip.fps, tuple(names), values.astype(np.float32))


def invert_in_pieces(clip: MotionClip, mapping: RigMapping) -> Pieces[MotionClip]:
    """The same, some rows at a time. Raises as `invert` does."""
    parts: list[MotionClip] = []
    for start in range(0, max(clip.n_frames, 1), _ROWS):
        rows = clip.values[start : start + _ROWS]
        parts.append(invert(MotionClip(clip.fps, clip.channels, rows), mapping))
        yield 1.0
    values = np.concatenate([part.values for part in parts])
    return MotionClip(clip.fps, parts[0].channels, values)


def _activation(clip: MotionClip, mapping: RigMapping, name: str) -> FloatArray:
    """[T]: 0 where the target is at rest, 1 where it is at its full value."""
    target = mapping.target(name)
    return (clip.column(name).astype(np.float64) - target.rest) / (target.full - target.rest)


def _shown(clip: MotionClip, mapping: RigMapping) -> dict[str, FloatArray]:
    """Channel → what the expressions in `clip` show of it [T]."""
    if not mapping.shows:
        return {}
    weights = np.stack([_activation(clip, mapping, name) for name in mapping.shows], axis=1)
    seen = weights @ picture_matrix(mapping.shows)
    shown = {channel for row in mapping.shows.values() for channel in row}
    return {name: seen[:, i] for i, name in enumerate(ARKIT_BLENDSHAPES) if name in shown}


def _independent_parts(
    rows: Mapping[str, Mapping[str, float]],
) -> Iterator[tuple[list[str], list[str]]]:
    """Targets and the channels that drive them, in the smallest groups that share no channel."""
    waiting = dict(rows)
    while waiting:
        first = next(iter(waiting))
        targets, channels = [first], list(waiting.pop(first))
        for channel in channels:  # grows while it is read
            for target in [t for t, row in waiting.items() if channel in row]:
                targets.append(target)
                channels += [c for c in waiting.pop(target) if c not in channels]
        yield targets, channels
