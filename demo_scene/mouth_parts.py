"""Teeth, gums and tongue."""

from __future__ import annotations

import numpy as np

from .part import Part, fan, grid_faces, smoothstep
from .sculpt import MOUTH_CENTRE, Points

TOOTH = np.array([0.90, 0.86, 0.76])
GUM = np.array([0.62, 0.24, 0.24])
TONGUE = np.array([0.66, 0.24, 0.24])
_ARCH_HALF_WIDTH = 24.5
_ARCH_DEPTH = 29.0
_TEETH_PER_HALF = 6


def _arch(s: Points) -> tuple[Points, Points]:
    """Place [N, 3] and outward normal [N, 3] on the dental arch; s = -1 .. 1 from right to left."""
    angle = s * (np.pi / 2.0) * 0.93
    front = MOUTH_CENTRE + [0.0, 11.0, 0.0]
    x, y = _ARCH_HALF_WIDTH * np.sin(angle), _ARCH_DEPTH * (1 - np.cos(angle))
    normal = np.stack(
        [np.sin(angle) * _ARCH_DEPTH, -np.cos(angle) * _ARCH_HALF_WIDTH, 0 * angle], axis=1
    )
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    return front + np.stack([x, y, np.zeros_like(x)], axis=1), normal


def build_teeth(*, upper: bool) -> Part:
    """One row of teeth in its gum: a strip bent along the arch, pinched between the teeth."""
    columns = _TEETH_PER_HALF * 2 * 6 + 1
    s = np.linspace(-1.0, 1.0, columns)
    place, normal = _arch(s)
    if not upper:
        place = place - 3.0 * normal  # they close behind the upper row
    width = np.abs(np.sin(np.pi * _TEETH_PER_HALF * s))  # 0 between two teeth
    body = width**0.35
    front = 1.0 - 0.35 * smoothstep(0.1, 0.5, np.abs(s))  # front teeth are longer
    length = (8.6 if upper else 7.4) * (0.72 + 0.28 * front) - 0.9 * (1 - width**0.5)
    down = -1.0 if upper else 1.0
    edge = MOUTH_CENTRE[2] + (-3.6 if upper else -4.6)
    # One cross-section from the gum over the front of the tooth to its back.
    profile = ((7.0, -3.5), (3.0, 1.2), (0.0, 1.6), (-3.2, 2.1), (-5.5, 2.0), (-7.4, 1.3))
    rows, colours = [], []
    for height, out in profile:
        fraction = (3.0 - height) / 10.4  # 0 at the gum, 1 at the tooth's edge
        z = edge - down * (length * (1 - max(fraction, -0.4)))
        on_tooth = fraction >= 0.25
        bulge = (out * (0.72 + 0.28 * body)) if on_tooth else np.full(columns, out)
        rows.append(place + normal * bulge[:, None] + _vertical(z))
        gap = (body[:, None] ** 0.8 * 0.45 + 0.55) if on_tooth else np.ones((columns, 1))
        colours.append((TOOTH if on_tooth else GUM) * gap)
    rows.append(place - normal * 3.0 + _vertical(edge))
    colours.append(np.tile(TOOTH * 0.8, (columns, 1)))
    rows.append(place - normal * 4.5 + _vertical(edge - down * 9.0))
    colours.append(np.tile(GUM * 0.8, (columns, 1)))
    faces = grid_faces(len(rows), columns, closed=False, flip=upper)
    name = "upper teeth" if upper else "lower teeth"
    return Part(name, np.vstack(rows), faces, np.vstack(colours))


def _vertical(z: Points | float) -> Points:
    z = np.atleast_1d(np.asarray(z, dtype=float))
    return np.stack([np.zeros_like(z), np.zeros_like(z), z - MOUTH_CENTRE[2]], axis=1)


def build_tongue() -> Part:
    """A flat, grooved ellipsoid whose tip rests behind the lower teeth."""
    rows, columns = 15, 20
    t = np.linspace(0.0, 1.0, rows)  # 0 tip, 1 root
    angle = np.arange(columns) * (2 * np.pi / columns)
    rings = []
    for u in t:
        size = np.sqrt(np.clip(1 - (1 - min(u / 0.42, 1.0)) ** 2, 0.0, 1.0))
        width, thick = 16.5 * size, 3.2 * size + 5.0 * u
        x = width * np.cos(angle)
        groove = 1.8 * np.exp(-((x / 4.0) ** 2)) * (np.sin(angle) > 0) * size
        z = thick * np.sin(angle) - groove + 4.0 * np.sin(np.pi * min(u * 0.9, 1.0)) - 13.5
        y = np.full(columns, 17.0 + 42.0 * u)
        rings.append(MOUTH_CENTRE + np.stack([x, y, z], axis=1))
    points = np.vstack([*rings, rings[0].mean(axis=0) + [0, -0.6, 0], rings[-1].mean(axis=0)])
    n = rows * columns
    faces = grid_faces(rows, columns, closed=True, flip=True)
    faces += fan(range(columns), n)
    faces += fan(range(n - columns, n), n + 1, flip=True)
    along = np.append(np.repeat(1.0 - t, columns), [1.0, 0.0])
    shade = 0.6 + 0.4 * smoothstep(0.0, 0.6, along)
    return Part("tongue", points, faces, TONGUE * shade[:, None], {"tip": along})
