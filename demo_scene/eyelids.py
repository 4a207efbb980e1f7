"""Eyelids: rings around an almond cut into the sphere that covers the eyeball.

Places on a lid are angles seen from the middle of the eyeball, in degrees: azimuth is positive
towards the temple, elevation upwards.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .part import Face, grid_faces
from .sculpt import EYE_CENTRE, EYE_RADIUS, LID_THICKNESS, Mask, Points, face, project_front

SPOKES = 40
TEMPLE, NOSE = 50.0, 37.0  # half widths of the opening
_UP, _DOWN = 27.5, 22.0  # half heights
_TILT = 3.5  # the outer corner sits higher
# The outermost ring as seen from the front, in mm around the middle of the eye.
_OUTER_TEMPLE, _OUTER_NOSE, _OUTER_UP, _OUTER_DOWN = 24.0, 23.5, 21.5, 20.0
_LEVELS = (1.0, 0.78, 0.56, 0.36, 0.2, 0.08, 0.0)  # outermost ring to the lids' edge


@dataclass(frozen=True)
class LidRings:
    """`points` [R * SPOKES, 3] of the left eye, ring by ring from the outermost."""

    points: Points
    faces: list[Face]
    edge: Points
    """1 on the lids' edge and behind it, else 0."""


def opening(azimuth: Points) -> tuple[Points, Points]:
    """Elevations of the upper and the lower edge of the open eye at `azimuth`."""
    cos = np.clip(np.where(azimuth > 0, azimuth / TEMPLE, azimuth / NOSE), -1.0, 1.0)
    sin = np.sqrt(1.0 - cos**2)
    return _TILT * cos + _UP * sin**1.1, _TILT * cos - _DOWN * sin**1.25


def directions(azimuth: Points, elevation: Points) -> Points:
    """Unit vectors of the left eye; straight ahead is -y."""
    a, e = np.radians(azimuth), np.radians(elevation)
    return np.stack([np.sin(a) * np.cos(e), -np.cos(a) * np.cos(e), np.sin(e)], axis=-1)


def angles(points: Points) -> tuple[Points, Points, Points]:
    """Azimuth, elevation and distance of points as the left eye's middle sees them."""
    q = points - EYE_CENTRE
    distance = np.maximum(np.linalg.norm(q, axis=-1), 1e-9)
    azimuth = np.degrees(np.arctan2(q[..., 0], -q[..., 1]))
    return azimuth, np.degrees(np.arcsin(q[..., 2] / distance)), distance


def build_lids() -> LidRings:
    """The rings of the left eye, open."""
    phi = np.arange(SPOKES) * (2.0 * np.pi / SPOKES)
    cos, sin = np.cos(phi), np.sin(phi)
    inner_azimuth = cos * np.where(cos > 0, TEMPLE, NOSE)
    upper, lower = opening(inner_azimuth)
    inner = np.stack([inner_azimuth, np.where(sin >= 0, upper, lower)], axis=1)
    edge = EYE_CENTRE + (EYE_RADIUS + LID_THICKNESS) * directions(inner[:, 0], inner[:, 1])
    outer_x = EYE_CENTRE[0] + cos * np.where(cos > 0, _OUTER_TEMPLE, _OUTER_NOSE)
    outer_z = EYE_CENTRE[2] + sin * np.where(sin > 0, _OUTER_UP, _OUTER_DOWN)
    rings = []
    for level in _LEVELS:
        x = outer_x * level + edge[:, 0] * (1 - level)
        z = outer_z * level + edge[:, 2] * (1 - level)
        rings.append(project_front(face, x, z))
    for radius in (EYE_RADIUS + 1.1, EYE_RADIUS - 0.6):  # the edge's thickness
        rings.append(EYE_CENTRE + radius * directions(inner[:, 0], inner[:, 1]))
    n = len(rings)
    is_edge = np.repeat([0.0] * (n - 3) + [1.0] * 3, SPOKES)
    return LidRings(np.vstack(rings), grid_faces(n, SPOKES, closed=True), is_edge)


def is_inside(points: Points, margin: float) -> Mask:
    """Whether points of the left half lie within the outermost ring, enlarged by `margin`."""
    x, z = points[:, 0] - EYE_CENTRE[0], points[:, 2] - EYE_CENTRE[2]
    u = x / np.where(x > 0, _OUTER_TEMPLE, _OUTER_NOSE)
    v = z / np.where(z > 0, _OUTER_UP, _OUTER_DOWN)
    return (points[:, 1] < -20) & (u**2 + v**2 < margin)
