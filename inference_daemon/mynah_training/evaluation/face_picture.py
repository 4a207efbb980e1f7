"""Pictures of the ICT-FaceKit head, drawn with numpy: small, quick, and good enough to see what a
mouth does."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mynah_daemon.pictures.rasteriser import (
    View,
    fill,
    head_rotation,
    look,
    smooth_normals,
)
from mynah_shared.errors import BadInputError
from mynah_shared.motion.arkit import ARKIT_BLENDSHAPES

from ..metrics.head import head_path, shape_order

FloatArray = NDArray[np.float32]
IntArray = NDArray[np.int64]

WIDTH: Final = 160
HEIGHT: Final = 200
_VIEW_CM: Final = View(WIDTH, HEIGHT, centre=(0.0, -1.2, 0.0), distance=70.0, seen=21.5)
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
    """`neutral` [V, 3] and `deltas` [52, V, 3] in cm, `triangles` [F, 3], `part` [F] of each
    and `exposure` [V]: how much light gets to a vertex (less deep in the mouth)."""

    neutral: FloatArray
    deltas: FloatArray
    triangles: IntArray
    part: IntArray
    exposure: FloatArray

    def paint(self, coefficients: FloatArray) -> NDArray[np.uint8]:
        """Pictures [N, HEIGHT, WIDTH, 3] of ARKit coefficients and head pose [N, 55]."""
        shapes = coefficients[:, :_N_SHAPES].astype(np.float32)
        moved = self.neutral + np.tensordot(shapes, self.deltas, axes=1)
        turned = [
            (points - _NECK_CM) @ head_rotation(*pose).T + _NECK_CM
            for points, pose in zip(moved, coefficients[:, _N_SHAPES:], strict=True)
        ]
        return np.stack([self._paint(points.astype(np.float32)) for points in turned])

    def _paint(self, points: FloatArray) -> NDArray[np.uint8]:
        smooth = smooth_normals(points, self.triangles)
        shade = (_AMBIENT + (1 - _AMBIENT) * (smooth @ _LIGHT).clip(0)) * self.exposure
        seen = look(points, self.triangles, _VIEW_CM)
        light = (seen.weights * shade[self.triangles[seen.triangle].T]).sum(0)
        colours = _COLOURS[self.part[seen.triangle]] * light[:, None]
        background = np.array(_BACKGROUND, np.float32)
        return fill(seen, colours, background, _VIEW_CM).clip(0, 255).astype(np.uint8)


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
    return HeadPainter(neutral[used], deltas[:, used], triangles, part, exposure[used])


def _within(points: FloatArray, outline: FloatArray) -> NDArray[np.bool_]:
    """Whether points [N, 2] lie in a polygon [M, 2]: whether a ray to the right crosses its edges
    an odd number of times."""
    (x, y), (ax, ay), (bx, by) = points.T[:, :, None], outline.T, np.roll(outline, -1, 0).T
    spans = (ay > y) != (by > y)
    crossing = ax + (y - ay) * (bx - ax) / np.where(ay == by, 1, by - ay)
    return ((spans & (crossing > x)).sum(1) % 2).astype(bool)
