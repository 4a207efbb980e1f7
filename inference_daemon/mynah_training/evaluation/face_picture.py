"""Pictures of the ICT-FaceKit head, drawn with numpy: small, quick, and good enough to see what a
mouth does."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from mynah_shared.errors import BadInputError
from mynah_shared.motion.arkit import ARKIT_BLENDSHAPES

from ..metrics.head import head_path, shape_order

FloatArray = NDArray[np.float32]
IntArray = NDArray[np.int64]

WIDTH: Final = 160
HEIGHT: Final = 200
_FINER: Final = 2
"""Pixels are drawn this many times finer, then averaged."""
_DISTANCE_CM: Final = 70.0
_CENTRE_CM: Final = (0.0, -1.2, 0.0)
_SEEN_CM: Final = 21.5
"""Height of what the picture shows, at the head's centre."""
_NECK_CM: Final = (0.0, -6.0, -2.0)
"""The head turns about it."""
_LIGHT: Final = (0.25, 0.45, 0.86)
_AMBIENT: Final = 0.3
_FRONT_TEETH_CM: Final = 10.5
_DARK_CM: Final = 3.5
_DARKEST: Final = 0.2
"""What lies behind the front teeth is the darker the deeper, as in any mouth."""
_BACKGROUND: Final = (236, 238, 240)

# Parts of the head by vertices, and their colours. The inner eyeballs lie hidden in the outer ones,
# which are painted; lashes, tears and shadow shells are left out.
_SKIN, _LIPS, _SOCKET, _GUMS, _TEETH, _WHITE, _IRIS, _PUPIL = range(8)
_PARTS: Final = (
    (0, 11248, _SKIN), (11248, 13294, _SOCKET), (13294, 14062, _SKIN), (14062, 17039, _GUMS),
    (17039, 21451, _TEETH), (21451, 22221, _WHITE), (23021, 23791, _WHITE),
)  # fmt: skip
_FACE_END: Final = 9409
_LIP_OUTLINE: Final = slice(48, 60)
"""Outer lip contour among the 68 facial landmarks."""
_EYES: Final = ((21451, 22221), (23021, 23791))
_COLOURS: Final = np.array(
    [
        (217, 164, 140), (196, 118, 108), (84, 30, 30), (158, 74, 74), (240, 235, 222),
        (240, 240, 240), (66, 96, 110), (20, 20, 22),
    ],
    np.float32,
)  # fmt: skip
_IRIS_DEG, _PUPIL_DEG = 27.0, 12.0
_N_SHAPES = len(ARKIT_BLENDSHAPES)


@dataclass(frozen=True, eq=False)
class HeadPainter:
    """`neutral` [V, 3] and `deltas` [52, V, 3] in cm, `triangles` [F, 3], `part` [F] of each,
    `around` [V, F]: which triangles a vertex belongs to, and `exposure` [V]: how much light gets
    to it (less deep in the mouth)."""

    neutral: FloatArray
    deltas: FloatArray
    triangles: IntArray
    part: IntArray
    around: csr_array
    exposure: FloatArray

    def paint(self, coefficients: FloatArray) -> NDArray[np.uint8]:
        """Pictures [N, HEIGHT, WIDTH, 3] of ARKit coefficients and head pose [N, 55]."""
        shapes = coefficients[:, :_N_SHAPES].astype(np.float32)
        moved = self.neutral + np.tensordot(shapes, self.deltas, axes=1)
        turned = [
            (points - _NECK_CM) @ _rotation(*pose).T + _NECK_CM
            for points, pose in zip(moved, coefficients[:, _N_SHAPES:], strict=True)
        ]
        return np.stack([self._paint(points.astype(np.float32)) for points in turned])

    def _paint(self, points: FloatArray) -> NDArray[np.uint8]:
        corners = points[self.triangles]
        normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        smooth = self.around @ normals
        smooth /= np.linalg.norm(smooth, axis=1, keepdims=True).clip(1e-9)
        shade = (_AMBIENT + (1 - _AMBIENT) * (smooth @ _LIGHT).clip(0)) * self.exposure
        screen, scale = _project(points)
        triangle, pixel, weights = _cover(screen[self.triangles])
        corner = self.triangles[triangle].T
        depth = (weights * scale[corner]).sum(0)
        nearest = np.zeros(HEIGHT * _FINER * WIDTH * _FINER, depth.dtype)
        np.maximum.at(nearest, pixel, depth)
        seen = depth >= nearest[pixel]
        light = (weights[:, seen] * shade[corner[:, seen]]).sum(0)
        canvas = np.tile(np.array(_BACKGROUND, np.float32), (len(nearest), 1))
        canvas[pixel[seen]] = _COLOURS[self.part[triangle[seen]]] * light[:, None]
        fine = canvas.reshape(HEIGHT, _FINER, WIDTH, _FINER, 3)
        steps = range(_FINER)
        coarse = sum((fine[:, i, :, j] for i in steps for j in steps), np.float32(0)) / _FINER**2
        return np.asarray(coarse).clip(0, 255).astype(np.uint8)


def load_painter(path: Path) -> HeadPainter:
    """Reads the file that `load_head` reads, with its errors, and `BadInputError` if it holds no
    whole head."""
    with np.load(head_path(path)) as data:
        if "faces" not in data.files or len(data["neutral"]) < _PARTS[-1][1]:
            raise BadInputError(f"{path} holds no whole ICT-FaceKit head to draw.")
        neutral = data["neutral"].astype(np.float32)
        deltas = data["deltas"][shape_order(data)].astype(np.float32)
        quads = data["faces"].astype(np.int64)
        outline = neutral[data["landmarks68"][_LIP_OUTLINE], :2]
    triangles = np.concatenate([quads[:, [0, 1, 2]], quads[quads[:, 3] >= 0][:, [0, 2, 3]]])
    kind = np.full(len(neutral), -1)
    for start, end, part in _PARTS:
        kind[start:end] = part
    triangles = triangles[(kind[triangles] >= 0).all(1)]
    part = kind[triangles[:, 0]]
    middle = neutral[triangles].mean(1)
    lips = (triangles < _FACE_END).all(1) & _within(middle[:, :2], outline)
    part[lips & (middle[:, 2] > 0)] = _LIPS
    for start, end in _EYES:
        mine = (triangles[:, 0] >= start) & (triangles[:, 0] < end)
        outward = middle[mine] - neutral[start:end].mean(0)
        angle = np.degrees(np.arccos(outward[:, 2] / np.linalg.norm(outward, axis=1)))
        part[mine] = np.where(
            angle < _PUPIL_DEG, _PUPIL, np.where(angle < _IRIS_DEG, _IRIS, _WHITE)
        )
    depth = (_FRONT_TEETH_CM - neutral[:, 2]) / _DARK_CM
    inside = np.isin(kind, (_SOCKET, _GUMS, _TEETH))
    exposure = np.where(inside, (1 - depth).clip(_DARKEST, 1), 1).astype(np.float32)
    # Vertices that nothing drawn uses are left out.
    used, triangles = np.unique(triangles, return_inverse=True)
    triangles = triangles.reshape(-1, 3)
    of = np.repeat(np.arange(len(triangles)), 3)
    ones = np.ones(len(of), np.float32)
    around = csr_array((ones, (triangles.reshape(-1), of)), shape=(len(used), len(triangles)))
    return HeadPainter(neutral[used], deltas[:, used], triangles, part, around, exposure[used])


def _within(points: FloatArray, outline: FloatArray) -> NDArray[np.bool_]:
    """Whether points [N, 2] lie in a polygon [M, 2]: whether a ray to the right crosses its edges
    an odd number of times."""
    (x, y), (ax, ay), (bx, by) = points.T[:, :, None], outline.T, np.roll(outline, -1, 0).T
    spans = (ay > y) != (by > y)
    crossing = ax + (y - ay) * (bx - ax) / np.where(ay == by, 1, by - ay)
    return ((spans & (crossing > x)).sum(1) % 2).astype(bool)


def _rotation(pitch: float, yaw: float, roll: float) -> NDArray[np.float64]:
    """Yaw, pitch, roll about the head's own axes: x to its left, y up, z out of the face."""
    (cx, cy, cz), (sx, sy, sz) = np.cos([pitch, yaw, roll]), np.sin([pitch, yaw, roll])
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_x = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    about_z = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    return about_y @ about_x @ about_z


def _project(points: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Fine pixels [V, 2] of points, and pixels per cm there [V], larger where it is nearer."""
    away = _DISTANCE_CM - (points[:, 2] - _CENTRE_CM[2])
    scale = HEIGHT * _FINER / _SEEN_CM * _DISTANCE_CM / away
    x = WIDTH * _FINER / 2 + (points[:, 0] - _CENTRE_CM[0]) * scale
    y = HEIGHT * _FINER / 2 - (points[:, 1] - _CENTRE_CM[1]) * scale
    return np.stack([x, y], axis=1).astype(np.float32), scale.astype(np.float32)


def _cover(corners: FloatArray) -> tuple[IntArray, IntArray, FloatArray]:
    """The pixels whose middle lies in a triangle [F, 3, 2] that faces the viewer: its number [K],
    the pixel [K], and the weights [3, K] of its corners there."""
    width, height = WIDTH * _FINER, HEIGHT * _FINER
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
    (ex, ey), (fx, fy) = (first_edge / area[:, None]).T, (second_edge / area[:, None]).T
    second = dx * fy[triangle] - dy * fx[triangle]
    third = dy * ex[triangle] - dx * ey[triangle]
    inside = (second >= 0) & (third >= 0) & (second + third <= 1)
    second, third = second[inside], third[inside]
    return triangle[inside], (y * width + x)[inside], np.stack([1 - second - third, second, third])
