"""The head as a small file that needs no Blender: for pictures of styles, and for browsers.

    PYTHONPATH=shared:. .venv/blender/bin/python -m demo_scene.export_head \
        inference_daemon/mynah_daemon/pictures/head.npz

What the arrays hold is written in mynah_daemon/pictures/head_asset.py, which reads them.
"""

from __future__ import annotations

import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mynah_shared.motion.arkit import ARKIT_BLENDSHAPES

from .anatomy import Anatomy
from .head import MM, PIVOT, build_parts
from .part import Part
from .sculpt import MOUTH_CENTRE, Points
from .shapes import Shapes, build_shapes

STEP_MM = 0.02
"""Positions and displacements are whole numbers of this; lips that touch overlap by more."""
_FRONT_TEETH_MM = MOUTH_CENTRE[1] + 9.0
_DARK_MM = 34.0
_DARKEST = 0.16


def head_arrays(parts: list[Part], shapes: Shapes) -> dict[str, NDArray[Any]]:
    """The arrays of the file, from the parts in mm and displacements [V, 3] by ARKit name."""
    points = np.vstack([part.points for part in parts])
    moved = [_whole_steps(shapes[name]) for name in ARKIT_BLENDSHAPES]
    touched = [np.flatnonzero(steps.any(axis=1)) for steps in moved]
    return {
        "step_m": np.array(STEP_MM * MM),
        "positions": _whole_steps(points - PIVOT),
        "triangles": _triangles(parts),
        "colours": np.vstack([_painted(part) for part in parts]),
        "shapes": np.array(ARKIT_BLENDSHAPES),
        "shape_ends": np.cumsum([len(rows) for rows in touched]).astype(np.uint32),
        "moved_vertices": np.concatenate(touched).astype(np.uint16),
        # Axis by axis, which packs tighter.
        "moves": np.vstack([m[rows] for m, rows in zip(moved, touched, strict=True)]).T.copy(),
    }


def _whole_steps(mm: Points) -> NDArray[np.int16]:
    """Of millimetres [N, 3] with x left, y back, z up; to x left, y up, z out of the face."""
    return np.rint(mm[:, [0, 2, 1]] * [1, 1, -1] / STEP_MM).astype(np.int16)


def _triangles(parts: list[Part]) -> NDArray[np.uint16]:
    """[F, 3], counter-clockwise seen from outside."""
    triangles: list[tuple[int, int, int]] = []
    start = 0
    for part in parts:
        for first, *others in part.faces:
            triangles += [(start + first, start + a, start + b) for a, b in pairwise(others)]
        start += len(part.points)
    return np.array(triangles, np.uint16)


def _painted(part: Part) -> NDArray[np.uint8]:
    """Colours [N, 3] in sRGB; what lies in the mouth is the darker the deeper, as light falls."""
    linear = part.colours.clip(0.0, 1.0)
    if "teeth" in part.name or part.name == "tongue":
        depth = (part.points[:, 1] - _FRONT_TEETH_MM) / _DARK_MM
        linear = linear * (1.0 - depth).clip(_DARKEST, 1.0)[:, None]
    curve = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.rint(255 * curve).astype(np.uint8)


def main(target: Path) -> None:
    """Write the file."""
    parts = build_parts()
    arrays: dict[str, Any] = head_arrays(parts, build_shapes(Anatomy(parts)))
    np.savez_compressed(target, **arrays)
    print(f"{target}: {target.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
