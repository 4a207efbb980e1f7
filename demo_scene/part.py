"""A piece of mesh before Blender sees it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from .sculpt import Points

Face = tuple[int, ...]


@dataclass
class Part:
    """Vertices [N, 3] in mm, faces, linear colours [N, 3] and the material each face gets."""

    name: str
    points: Points
    faces: list[Face]
    colours: Points
    tags: dict[str, Points] = field(default_factory=dict)
    """Per-vertex values [N] that the shapes read, such as a vertex' place on the lips."""

    def mirrored(self, name: str) -> Part:
        """The same part on the other side of the head."""
        flipped = [face[::-1] for face in self.faces]
        return Part(name, self.points * [-1, 1, 1], flipped, self.colours.copy(), dict(self.tags))


def grid_faces(
    rows: int, columns: int, *, closed: bool, offset: int = 0, flip: bool = False
) -> list[Face]:
    """Quads of a grid stored row by row; `closed` joins the last column to the first."""
    faces: list[Face] = []
    for r in range(rows - 1):
        for c in range(columns if closed else columns - 1):
            n = (c + 1) % columns
            quad = (r * columns + c, r * columns + n, (r + 1) * columns + n, (r + 1) * columns + c)
            quad = tuple(offset + i for i in (quad[::-1] if flip else quad))
            faces.append(quad)
    return faces


def fan(ring: Sequence[int], centre: int, *, flip: bool = False) -> list[Face]:
    """Triangles that close a ring with one vertex."""
    faces: list[Face] = []
    for a, b in zip(ring, [*ring[1:], ring[0]], strict=True):
        faces.append((b, a, centre) if flip else (a, b, centre))
    return faces


def smoothstep(low: float, high: float, x: Points) -> Points:
    """0 below `low`, 1 above `high`, soft in between (`low` may be the larger one)."""
    t = np.clip((x - low) / (high - low), 0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)
