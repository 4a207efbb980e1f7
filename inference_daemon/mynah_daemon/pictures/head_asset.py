"""Mynah's own head with the 52 ARKit shapes, read from `head.npz`.

The file is made by demo_scene/export_head.py and holds, for any program that draws faces:

step_m          metres per step of `positions` and `moves`
positions       int16 [V, 3] at rest: x to the head's left, y up, z out of the face; the origin is
                where the head turns on the neck
triangles       uint16 [F, 3], counter-clockwise seen from outside
colours         uint8 [V, 3], sRGB
shapes          [52] names in Apple's order
shape_ends      [52]: shape i moves the rows from shape_ends[i - 1] (0 for the first) to
                shape_ends[i] of the two below
moved_vertices  uint16 [N]
moves           int16 [3, N] at full strength
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mynah_shared.motion.arkit import ARKIT_BLENDSHAPES

FloatArray = NDArray[np.float32]

HEAD_FILE: Final = Path(__file__).with_name("head.npz")


@dataclass(frozen=True, eq=False)
class HeadAsset:
    """`positions` [V, 3] and `moves` [52, V, 3] in metres, `triangles` [F, 3], `colours` [V, 3] in
    sRGB from 0 to 1."""

    positions: FloatArray
    moves: FloatArray
    triangles: NDArray[np.int64]
    colours: FloatArray


def load_head() -> HeadAsset:
    """The head that ships with Mynah."""
    with np.load(HEAD_FILE, allow_pickle=False) as content:
        step_m = float(content["step_m"])
        positions = (content["positions"] * step_m).astype(np.float32)
        names = [str(name) for name in content["shapes"]]
        ends = content["shape_ends"].astype(np.int64)
        vertices, steps = content["moved_vertices"], content["moves"].T * step_m
        moves = np.zeros((len(names), *positions.shape), np.float32)
        for shape, (start, end) in enumerate(pairwise([0, *ends.tolist()])):
            moves[shape, vertices[start:end]] = steps[start:end]
        order = [names.index(name) for name in ARKIT_BLENDSHAPES]
        triangles = content["triangles"].astype(np.int64)
        colours = (content["colours"] / 255).astype(np.float32)
        return HeadAsset(positions, moves[order], triangles, colours)
