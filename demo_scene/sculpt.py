"""The head's form as a distance field: a few soft ellipsoids, melted together.

Millimetres; x = the head's left, y = back (the face looks along -y), z = up; the origin lies
between the eyes at the depth of the ears. Points are float [N, 3].
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.floating]
Mask = NDArray[np.bool_]
Field = Callable[[Points], Points]

EYE_RADIUS = 17.5
LID_THICKNESS = 2.0
EYE_CENTRE = np.array([33.5, -60.5, 0.0])  # the left one; the right one mirrors it
MOUTH_CENTRE = np.array([0.0, -92.0, -61.0])
RAY_ORIGIN = np.array([0.0, 0.0, 6.0])  # the whole skin can be seen from here
_FAR = 260.0


def _ellipsoid(points: Points, centre: tuple[float, ...], radii: tuple[float, ...]) -> Points:
    q = (points - centre) / radii
    k0 = np.linalg.norm(q, axis=-1)
    k1 = np.linalg.norm(q / radii, axis=-1)
    return k0 * (k0 - 1.0) / np.maximum(k1, 1e-9)


def _capsule(
    points: Points, a: tuple[float, ...], b: tuple[float, ...], ra: float, rb: float
) -> Points:
    start, axis = np.array(a), np.subtract(b, a)
    t = np.clip((points - start) @ axis / (axis @ axis), 0.0, 1.0)
    return np.linalg.norm(points - (start + t[..., None] * axis), axis=-1) - (ra + t * (rb - ra))


def _join(a: Points, b: Points, k: float) -> Points:
    """Union with a fillet of about `k` mm (polynomial smooth minimum)."""
    h = np.maximum(k - np.abs(a - b), 0.0) / k
    return np.minimum(a, b) - h * h * k / 4.0


def _carve(a: Points, b: Points, k: float) -> Points:
    """`a` without `b`, with a fillet."""
    return -_join(-a, b, k)


def _mirrored(points: Points) -> Points:
    """Both halves of the face are one: x becomes |x|."""
    return np.concatenate([np.abs(points[..., :1]), points[..., 1:]], axis=-1)


def skull(points: Points) -> Points:
    """Cranium, jaw and cheeks without features: what hair and ears sit on."""
    p = _mirrored(points)
    d = _ellipsoid(p, (0, 8, 30), (75, 88, 78))
    d = _join(d, _ellipsoid(p, (0, -34, -24), (62, 53, 58)), 40)
    d = _join(d, _ellipsoid(p, (0, -45, -60), (48, 45, 39)), 26)
    d = _join(d, _ellipsoid(p, (0, -75, -88), (20, 15, 13)), 24)
    return _join(d, _ellipsoid(p, (37, -58, -31), (25, 25, 23)), 24)


def face(points: Points) -> Points:
    """The skull with brows, sockets, closed lids, nose and the mound under the lips."""
    p = _mirrored(points)
    d = skull(points)
    d = _join(d, _capsule(p, (12, -80, 24), (42, -68, 27), 6, 6), 22)
    d = _carve(d, _ellipsoid(p, (31, -97, 1), (25, 18, 17)), 14)
    lid = np.linalg.norm(p - EYE_CENTRE, axis=-1) - (EYE_RADIUS + LID_THICKNESS)
    d = _join(d, lid, 7)
    d = _join(d, _ellipsoid(p, (0, -66, -62), (33, 26, 25)), 18)
    return _join(d, _nose(p), 10)


def _nose(p: Points) -> Points:
    d = _capsule(p, (0, -78, 8), (0, -99, -26), 6.0, 7.5)
    d = _join(d, _ellipsoid(p, (0, -102.5, -30), (10, 9.5, 9)), 8)
    d = _join(d, _ellipsoid(p, (11, -92, -33.5), (7, 9, 6.5)), 6)
    return _carve(d, _ellipsoid(p, (6.2, -97, -41.5), (3.4, 5, 4.2)), 3)


def project(field: Field, origin: Points, direction: Points) -> Points:
    """The outermost point of the surface on each ray; [N, 3]."""
    direction = direction / np.linalg.norm(direction, axis=-1, keepdims=True)
    distance = np.full(len(direction), _FAR)
    for _ in range(90):
        distance = np.maximum(distance - 0.8 * field(origin + distance[:, None] * direction), 0.0)
    return origin + distance[:, None] * direction


def project_front(field: Field, x: Points, z: Points) -> Points:
    """The surface as seen straight from the front at (x, z)."""
    plane = np.stack([x, np.zeros_like(x), z], axis=-1)
    return project(field, plane, np.tile([0.0, -1.0, 0.0], (len(plane), 1)))
