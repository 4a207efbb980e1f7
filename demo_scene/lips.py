"""Lips and mouth cavity: rings of vertices around the line where the lips meet.

Spoke i of `SPOKES` points at angle 2*pi*i/SPOKES: 0 is the left corner, a quarter turn the upper
middle, three quarters the lower middle. Ring by ring the mesh runs from the cheek over the red of
the lips to the contact line, where upper and lower lip coincide, and on into the mouth.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .part import Face, fan, grid_faces, smoothstep
from .sculpt import MOUTH_CENTRE, Mask, Points, face, project_front

SPOKES = 56
HALF_WIDTH = 24.5
_OUTER_HALF_WIDTH = 41.0
_OUTER_UP, _OUTER_DOWN = 15.0, 22.5
_SKIN_LEVELS = (1.0, 0.74, 0.5, 0.28, 0.1)  # outermost ring to just outside the red
_RED_LEVELS = (0.0, 0.2, 0.45, 0.7, 0.88)  # border of the red towards the contact line
_BULGE = (0.45, 0.75, 1.0, 0.95, 0.72)  # how far the red stands out at each of those
_CONTACT_BULGE = 0.42
# At rest each lip is pressed this far (mm) into the other: soft lips that stay sealed while the
# jaw moves a little, as the fitted performances that models learn from have it.
_PRESSED = 1.1
# Behind the contact line: (mm back, mm up or down, width factor); a bag that holds the teeth.
_INSIDE = (
    (2.0, 0.25, 0.99),
    (4.5, 3.0, 0.98),
    (7.0, 10.0, 1.06),
    (13.0, 17.0, 1.15),
    (28.0, 19.0, 1.2),
    (42.0, 13.0, 0.75),
)
CONTACT_RING = len(_SKIN_LEVELS) + len(_RED_LEVELS)
"""Which ring, counted from the outermost, is the line where the lips meet."""
RINGS = CONTACT_RING + 1 + len(_INSIDE)


@dataclass(frozen=True)
class LipRings:
    """`points` [R * SPOKES + 1, 3] ring by ring from the outermost, the throat's end last."""

    points: Points
    faces: list[Face]
    red: Points
    """0 on skin, 1 on the red of the lips (more towards the line), 2 inside the mouth."""

    @property
    def outer(self) -> range:
        """Indices of the ring that the face's skin is sewn to."""
        return range(SPOKES)


def contact_height(x: Points) -> Points:
    """z of the line where the lips meet: a little dip in the middle, the corners slightly up."""
    z = MOUTH_CENTRE[2] + 2.6 * (x / HALF_WIDTH) ** 2 - 0.9 * np.exp(-((x / 6.0) ** 2))
    return np.asarray(z)


def spoke_angles() -> Points:
    """[SPOKES] radians."""
    return np.arange(SPOKES) * (2.0 * np.pi / SPOKES)


def build_lips() -> LipRings:
    """The rings on the closed mouth."""
    angle = spoke_angles()
    cos, sin = np.cos(angle), np.sin(angle)
    contact_x = HALF_WIDTH * cos
    contact = np.stack([contact_x, contact_height(contact_x)], axis=1)
    border = _border(cos, sin)
    rings, red = [], []
    for level in _SKIN_LEVELS:
        rings.append(_on_skin(_outer(cos, sin) * level + border * (1 - level), level))
        red.append(0.0)
    for level, bulge in zip((*_RED_LEVELS, 1.0), (*_BULGE, _CONTACT_BULGE), strict=True):
        fullness = np.where(sin > 0, 4.2, 5.0) * (1 - level) + 4.6 * level  # equal where they meet
        ring = _raised(border * (1 - level) + contact * level, bulge * fullness, sin)
        ring[:, 2] -= _PRESSED * level**2 * np.sign(sin) * np.abs(sin) ** 0.7
        rings.append(ring)
        red.append(1.0 + 0.45 * max(0.0, level - 0.6) / 0.4)  # darker where they meet
    rings += _inside(rings[-1], sin)
    red += [2.0] * len(_INSIDE)
    throat = rings[-1].mean(axis=0) + [0, 5, 0]
    points = np.vstack([*rings, throat])
    n = len(rings)
    faces = grid_faces(n, SPOKES, closed=True)
    faces += fan(range((n - 1) * SPOKES, n * SPOKES), n * SPOKES)
    return LipRings(points, faces, np.append(np.repeat(red, SPOKES), 2.0))


def _outer(cos: Points, sin: Points) -> Points:
    height = np.where(sin > 0, _OUTER_UP, _OUTER_DOWN)
    return np.stack([_OUTER_HALF_WIDTH * cos, MOUTH_CENTRE[2] - 0.5 + height * sin], axis=1)


def _border(cos: Points, sin: Points) -> Points:
    """Where skin turns into red: cupid's bow above, one full arc below."""
    x = (HALF_WIDTH + 1.6) * cos
    bow = 1.3 * np.exp(-(((np.abs(x) - 5.5) / 3.6) ** 2)) - 0.7 * np.exp(-((x / 2.6) ** 2))
    up = 7.0 * np.abs(sin) ** 1.3 + bow
    down = -9.2 * np.abs(sin) ** 1.1
    corner = contact_height(np.sign(x) * HALF_WIDTH)
    blend = np.abs(sin) ** 0.7
    base = corner * (1 - blend) + contact_height(np.clip(x, -HALF_WIDTH, HALF_WIDTH)) * blend
    return np.stack([x, base + np.where(sin >= 0, up, down) * (np.abs(sin) > 1e-9)], axis=1)


def _on_skin(xz: Points, level: float) -> Points:
    points = project_front(face, xz[:, 0], xz[:, 1])
    above = smoothstep(0.0, 6.0, xz[:, 1] - (MOUTH_CENTRE[2] + 5.0))
    groove = np.exp(-((xz[:, 0] / 3.4) ** 2)) - 0.6 * np.exp(
        -(((np.abs(xz[:, 0]) - 5.5) / 2.6) ** 2)
    )
    points[:, 1] += 1.1 * groove * above * (1 - level) ** 0.5  # the philtrum
    return points


def _raised(xz: Points, height: Points, sin: Points) -> Points:
    points = project_front(face, xz[:, 0], xz[:, 1])
    points[:, 1] -= height * np.abs(sin) ** 0.55 - 0.8
    return points


def _inside(contact: Points, sin: Points) -> list[Points]:
    apart = np.sign(sin) * np.abs(sin) ** 0.6 * (np.abs(sin) > 1e-9)
    rings = []
    for back, up, width in _INSIDE:
        ring = contact.copy()
        ring[:, 0] *= width
        ring[:, 1] += back
        ring[:, 2] += up * apart
        rings.append(ring)
    return rings


def is_inside(points: Points, margin: float) -> Mask:
    """Whether points lie within the outermost ring, enlarged by `margin`."""
    x, z = points[:, 0], points[:, 2] - (MOUTH_CENTRE[2] - 0.5)
    height = np.where(z > 0, _OUTER_UP, _OUTER_DOWN)
    return (points[:, 1] < -20) & ((x / _OUTER_HALF_WIDTH) ** 2 + (z / height) ** 2 < margin)
