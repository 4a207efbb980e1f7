"""Shapes of a performance on blendShape nodes: by alias, on every node that has it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..character import Rig
from ..library import LIPS, Kind, MotionClip, RigMapping
from .tracks import Track


def shape_tracks(
    rig: Rig, mapping: RigMapping, values: MotionClip, pins: Mapping[str, np.ndarray]
) -> list[Track]:
    """Tracks of the mapping's shapes that the rig has. `values` has a column for each target."""
    tracks: list[Track] = []
    for name in mapping.names:
        target = mapping.target(name)
        if target.kind is not Kind.SHAPE:
            continue
        for blend in rig.blend_shapes:
            node = blend.node.find()
            if node is not None and name in blend.shapes:
                tracks.append(
                    Track(
                        f"{node}.{name}",
                        values.column(name).astype(np.float64),
                        abs(target.full - target.rest),
                        tuple(int(row) for row in pins.get(name, ())),
                        is_of_mouth(mapping, name),
                    )
                )
    return tracks


def is_of_mouth(mapping: RigMapping, name: str) -> bool:
    """Whether a channel of the lips moves a target."""
    return not mapping.influences[name].keys().isdisjoint(LIPS)
