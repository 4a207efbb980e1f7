"""Hair, ears and neck: what frames the face and hardly moves."""

from __future__ import annotations

import numpy as np

from .eyes import HAIR
from .part import Part, fan, grid_faces, smoothstep
from .sculpt import Points, project, skull

SKIN = np.array([0.76, 0.43, 0.30])
_CROWN = np.array([0.0, 0.52, 0.85])  # the hair is a bowl around this direction
_HAIR_CENTRE = np.array([0.0, 8.0, 24.0])


def build_hair() -> Part:
    """A sculpted cap of hair swept to one side."""
    rows, columns = 26, 72
    around = np.arange(columns) * (2 * np.pi / columns)  # 0 at the forehead, then to the left
    reach = np.interp(
        np.degrees(around),
        [0, 18, 34, 50, 66, 78, 95, 112, 135, 180, 225, 248, 265, 282, 294, 310, 326, 342, 360],
        [84, 79, 78, 86, 108, 112, 97, 100, 112, 116, 112, 100, 97, 112, 106, 92, 89, 87, 84],
    )
    crown = _CROWN / np.linalg.norm(_CROWN)
    forward = np.array([0.0, -crown[2], crown[1]])
    left = np.array([1.0, 0.0, 0.0])
    rings = []
    for t in np.linspace(0.04, 1.0, rows):
        polar = np.radians(reach) * t
        side = np.cos(around)[:, None] * forward + np.sin(around)[:, None] * left
        direction = np.cos(polar)[:, None] * crown + np.sin(polar)[:, None] * side
        base = project(skull, _HAIR_CENTRE, direction)
        rings.append(base + direction * _thickness(t, base)[:, None])
    points = np.vstack([*rings, rings[0].mean(axis=0)])
    n = rows * columns
    faces = grid_faces(rows, columns, closed=True, flip=True)
    faces += fan(range(columns), n)
    light = 1.0 + 0.45 * np.sin(_strand(points)) * smoothstep(60.0, -40.0, points[:, 1])
    return Part("hair", points, faces, HAIR * light[:, None])


def _strand(points: Points) -> Points:
    """Phase of the locks: they run from the parting on the left over the head to the right."""
    return 0.20 * points[:, 1] + 0.05 * points[:, 2] + 0.002 * (points[:, 0] - 34.0) ** 2


def _thickness(t: float, base: Points) -> Points:
    """How far the hair stands off the skull, in mm; below 0 it dives under the skin."""
    x, y, z = base.T
    edge = np.sqrt(smoothstep(1.0, 0.80, np.full(len(base), t)))
    top = smoothstep(10.0, 80.0, z)
    quiff = 12.0 * np.exp(-(((x + 12.0) / 36.0) ** 2)) * smoothstep(-25.0, -70.0, y) * top
    parting = -6.0 * np.exp(-(((x - 36.0) / 5.0) ** 2)) * smoothstep(40.0, -20.0, y) * top
    locks = 1.6 * np.sin(_strand(base)) * (0.4 + 0.6 * top)
    return -2.5 + edge * (9.5 + 9.0 * top + quiff + parting + locks)


def build_ear() -> Part:
    """The left ear: a tilted shell with a raised rim and a hollow."""
    rows, columns = 9, 28
    turn = np.arange(columns) * (2 * np.pi / columns)
    rings, colours = [], []
    for t in np.linspace(0.0, 1.0, rows):
        radius = 1.0 - t  # from the outline to the middle
        up, back = np.sin(turn), np.cos(turn)
        height = np.where(up > 0, 25.0, 27.0 - 4.0 * back)
        width = 15.0 + 3.5 * up
        rim = (
            5.0 * np.exp(-(((radius - 0.84) / 0.14) ** 2)) * smoothstep(-1.1, 0.0, up + 0.6 * back)
        )
        lobe = 2.0 * smoothstep(-0.4, -1.0, up) * radius
        hollow = -5.0 * np.exp(-((radius / 0.55) ** 2))
        out = 7.5 * (back * radius) + rim + lobe + hollow + 1.5
        out = np.where(radius > 0.98, out - 5.5, out)
        rings.append(np.stack([out, width * back * radius, height * up * radius], axis=1))
        colours.append(SKIN * (1.0 - 0.35 * np.exp(-((radius / 0.45) ** 2))) * [1.04, 0.86, 0.84])
    points = np.vstack(rings)
    lean = np.radians(14.0)
    y = points[:, 1] * np.cos(lean) + points[:, 2] * np.sin(lean)
    z = -points[:, 1] * np.sin(lean) + points[:, 2] * np.cos(lean)
    points = np.stack([points[:, 0], y, z], axis=1) + [71.0, 10.0, -12.0]
    faces = grid_faces(rows, columns, closed=True)
    return Part("left ear", points, faces, np.repeat(np.array(colours), columns, axis=0))


def build_neck() -> Part:
    """A slightly forward-leaning column that ends inside the collar."""
    rows, columns = 8, 36
    turn = np.arange(columns) * (2 * np.pi / columns)
    rings, colours = [], []
    for t in np.linspace(0.0, 1.0, rows):
        radius = 44.0 - 4.0 * np.sin(np.pi * t) + 4.0 * t
        centre = np.array([0.0, 15.0 + 8.0 * t, -58.0 - 100.0 * t])
        ring = np.stack([radius * np.cos(turn), 1.02 * radius * np.sin(turn), 0 * turn], axis=1)
        rings.append(centre + ring)
        colours.append(np.tile(SKIN * (0.72 + 0.2 * t), (columns, 1)))
    faces = grid_faces(rows, columns, closed=True, flip=True)
    return Part("neck", np.vstack(rings), faces, np.vstack(colours))
