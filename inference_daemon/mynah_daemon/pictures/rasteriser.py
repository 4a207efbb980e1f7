"""Triangles to pixels with numpy: small, quick, and good enough to see what a face does.

Points are [V, 3] in any unit: x to the head's left, y up, z out of the face; the viewer looks
along -z. Triangles are [F, 3], counter-clockwise seen from outside.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
IntArray = NDArray[np.int64]

_FINER: Final = 2
"""Pixels are drawn this many times finer, then averaged."""


@dataclass(frozen=True)
class View:
    """A picture of `width` × `height` pixels from `distance` in front of `centre`, where `seen` is
    the height of what it shows."""

    width: int
    height: int
    centre: tuple[float, float, float]
    distance: float
    seen: float


@dataclass(frozen=True, eq=False)
class Seen:
    """The K bits of surface that nothing hides: the fine `pixel` [K] each fills, its `triangle` [K]
    and the `weights` [3, K] of the triangle's corners there."""

    pixel: IntArray
    triangle: IntArray
    weights: FloatArray


def head_rotation(pitch: float, yaw: float, roll: float) -> NDArray[np.float64]:
    """Yaw, pitch, roll about the head's own axes."""
    (cx, cy, cz), (sx, sy, sz) = np.cos([pitch, yaw, roll]), np.sin([pitch, yaw, roll])
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_x = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    about_z = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    return about_y @ about_x @ about_z


def smooth_normals(points: FloatArray, triangles: IntArray) -> FloatArray:
    """Outward unit normals [V, 3] of a surface without edges."""
    corners = points[triangles]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    around = triangles.reshape(-1)
    smooth = np.stack(
        [np.bincount(around, np.repeat(axis, 3), len(points)) for axis in normals.T], axis=1
    )
    return (smooth / np.linalg.norm(smooth, axis=1, keepdims=True).clip(1e-9)).astype(np.float32)


def look(points: FloatArray, triangles: IntArray, view: View) -> Seen:
    """What a viewer sees of triangles that face him: of each fine pixel the nearest."""
    screen, scale = _project(points, view)
    triangle, pixel, weights = _cover(screen[triangles], view)
    nearness = (weights * scale[triangles[triangle].T]).sum(0)
    nearest = np.zeros(view.height * _FINER * view.width * _FINER, nearness.dtype)
    np.maximum.at(nearest, pixel, nearness)
    seen = nearness >= nearest[pixel]
    return Seen(pixel[seen], triangle[seen], weights[:, seen])


def fill(seen: Seen, colours: FloatArray, background: FloatArray, view: View) -> FloatArray:
    """A picture [height, width, 3] of what is seen in `colours` [K, 3], before `background` [3]."""
    fine = np.tile(background, (view.height * _FINER * view.width * _FINER, 1))
    fine[seen.pixel] = colours
    fine = fine.reshape(view.height, _FINER, view.width, _FINER, 3)
    return fine.mean(axis=(1, 3))


def _project(points: FloatArray, view: View) -> tuple[FloatArray, FloatArray]:
    """Fine pixels [V, 2] of points, and pixels per unit there [V], larger where it is nearer."""
    away = view.distance - (points[:, 2] - view.centre[2])
    scale = view.height * _FINER / view.seen * view.distance / away
    x = view.width * _FINER / 2 + (points[:, 0] - view.centre[0]) * scale
    y = view.height * _FINER / 2 - (points[:, 1] - view.centre[1]) * scale
    return np.stack([x, y], axis=1).astype(np.float32), scale.astype(np.float32)


def _cover(corners: FloatArray, view: View) -> tuple[IntArray, IntArray, FloatArray]:
    """The fine pixels whose middle lies in a triangle [F, 3, 2] that faces the viewer: its number
    [K], the pixel [K], and the weights [3, K] of its corners there."""
    width, height = view.width * _FINER, view.height * _FINER
    last = np.array([width - 1, height - 1])
    a, b, c = corners.transpose(1, 0, 2)
    first_edge, second_edge = b - a, c - a
    area = first_edge[:, 0] * second_edge[:, 1] - first_edge[:, 1] * second_edge[:, 0]
    least, most = np.minimum(np.minimum(a, b), c), np.maximum(np.maximum(a, b), c)
    start = np.ceil(least - 0.5).clip(0).astype(np.int64)
    size = np.floor(most - 0.5).clip(-1, last).astype(np.int64) - start + 1
    # y points down on a screen: what faces the viewer goes clockwise.
    facing = np.flatnonzero((area < 0) & (size > 0).all(1))
    tried = size[facing].prod(1)
    triangle = np.repeat(facing, tried)
    place = np.arange(len(triangle)) - np.repeat(tried.cumsum() - tried, tried)
    row, column = np.divmod(place, size[triangle, 0])
    x, y = start[triangle, 0] + column, start[triangle, 1] + row
    dx = x.astype(np.float32) + np.float32(0.5) - a[triangle, 0]
    dy = y.astype(np.float32) + np.float32(0.5) - a[triangle, 1]
    divisor = np.where(area < 0, area, 1)[:, None]
    (ex, ey), (fx, fy) = (first_edge / divisor).T, (second_edge / divisor).T
    second = dx * fy[triangle] - dy * fx[triangle]
    third = dy * ex[triangle] - dx * ey[triangle]
    inside = (second >= 0) & (third >= 0) & (second + third <= 1)
    second, third = second[inside], third[inside]
    return triangle[inside], (y * width + x)[inside], np.stack([1 - second - third, second, third])
