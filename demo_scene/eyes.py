"""Eyeballs, lashes and brows."""

from __future__ import annotations

import numpy as np

from . import eyelids
from .part import Part, fan, grid_faces, smoothstep
from .sculpt import EYE_CENTRE, EYE_RADIUS, LID_THICKNESS, Points, face, project_front

WHITE = np.array([0.88, 0.86, 0.83])
IRIS = np.array([0.10, 0.30, 0.33])
PUPIL = np.array([0.006, 0.006, 0.008])
HAIR = np.array([0.075, 0.035, 0.018])
_IRIS_ANGLE, _PUPIL_ANGLE = 33.0, 15.0
_RINGS = (4, 8, 12, 14.5, 15.5, 19, 23, 27, 30.5, 32.5, 34, 38, 44, 52, 62, 75, 95, 120, 150)


def build_eyeball() -> Part:
    """The left eyeball: rings around the axis of sight, the iris and a glint painted on."""
    columns = 40
    turn = np.arange(columns) * (2 * np.pi / columns)
    rings, colours = [], []
    for angle in _RINGS:
        a = np.radians(angle)
        direction = np.stack(
            [
                np.sin(a) * np.cos(turn),
                np.full(columns, -np.cos(a)),
                np.sin(a) * np.sin(turn),
            ],
            axis=1,
        )
        rings.append(EYE_CENTRE + EYE_RADIUS * direction)
        colours.append(_eye_colour(angle, turn))
    front = EYE_CENTRE - [0, EYE_RADIUS, 0]
    back = EYE_CENTRE + [0, EYE_RADIUS, 0]
    n = len(rings) * columns
    faces = grid_faces(len(rings), columns, closed=True, flip=True)
    faces += fan(range(columns), n)
    faces += fan(range(n - columns, n), n + 1, flip=True)
    paint = np.vstack([*colours, PUPIL, WHITE])
    return Part("left eyeball", np.vstack([*rings, front, back]), faces, paint)


def _eye_colour(angle: float, turn: Points) -> Points:
    if angle < _PUPIL_ANGLE:
        return np.tile(PUPIL, (len(turn), 1))
    if angle < _IRIS_ANGLE:
        t = (angle - _PUPIL_ANGLE) / (_IRIS_ANGLE - _PUPIL_ANGLE)
        light = 0.75 + 0.75 * smoothstep(0.9, -0.9, np.sin(turn))  # brighter below, like glass
        rim = 1.0 - 0.65 * float(smoothstep(0.72, 1.0, np.array(t)))
        streaks = 1.0 + 0.12 * np.sin(9 * turn + 3 * t)
        return IRIS * (light * streaks * rim)[:, None]
    shade = 1.0 - 0.25 * float(smoothstep(34.0, 75.0, np.array(angle)))
    rosy = float(smoothstep(40.0, 70.0, np.array(angle))) * 0.12
    return np.tile(WHITE * shade * [1.0, 1.0 - rosy, 1.0 - rosy], (len(turn), 1))


def build_glint(name: str, side: float) -> Part:
    """A small white spot on the cornea. The light falls from one side: both eyes have it there."""
    columns = 14
    turn = np.arange(columns) * (2 * np.pi / columns)
    azimuth, elevation = 11.0 + 4.2 * np.cos(turn), 13.0 + 4.8 * np.sin(turn)
    ring = EYE_CENTRE + (EYE_RADIUS + 0.25) * eyelids.directions(azimuth, elevation)
    middle = EYE_CENTRE + (EYE_RADIUS + 0.3) * eyelids.directions(
        np.array([11.0]), np.array([13.0])
    )
    points = np.vstack([ring, middle])
    points[:, 0] += (side - 1.0) * EYE_CENTRE[0]
    return Part(name, points, fan(range(columns), columns), np.ones((columns + 1, 3)))


def build_lashes() -> Part:
    """A dark, tapered rim along the left upper lid."""
    columns = 25
    azimuth = np.linspace(-eyelids.NOSE, eyelids.TEMPLE, columns)
    upper, _ = eyelids.opening(azimuth)
    along = np.linspace(0.0, 1.0, columns)
    width = np.sin(np.pi * np.clip(along, 0.02, 0.98)) ** 0.6
    longer = width * (1.2 + 2.2 * along)
    rows = (
        (5.0 * width, 0.35),
        (4.0 * width, longer),
        (-0.6 + 0 * width, 0.9),
        (-1.0 + 0 * width, -1.0),
    )
    points = []
    for above, out in rows:
        ray = eyelids.directions(azimuth, upper + above)
        lid = EYE_CENTRE + (EYE_RADIUS + LID_THICKNESS) * ray
        points.append(project_front(face, lid[:, 0], lid[:, 2]) + ray * np.reshape(out, (-1, 1)))
    faces = grid_faces(4, columns, closed=False, flip=True)
    paint = np.tile(HAIR * 0.5, (4 * columns, 1))
    return Part("left lashes", np.vstack(points), faces, paint)


def build_brow() -> Part:
    """The left brow: a soft ridge that thins towards the temple."""
    columns, around = 22, 8
    t = np.linspace(0.0, 1.0, columns)  # 0 at the nose
    x = 12.5 + 40.0 * t
    z = 25.5 + 7.5 * np.sin(np.pi * np.minimum(t * 0.82, 1.0)) - 5.0 * t**2
    height = 4.6 * (np.sin(np.pi * np.clip(0.1 + 0.9 * t, 0.0, 1.0)) ** 0.5) * (1 - 0.45 * t) + 0.2
    turn = np.arange(around) * (2 * np.pi / around)
    rows = []
    for angle in turn:
        on = project_front(face, x, z + height * np.sin(angle))
        on[:, 1] -= (1.1 + 1.9 * np.cos(angle)) * (height / 4.6) ** 0.5
        rows.append(on)
    points = np.stack(rows, axis=1).reshape(-1, 3)
    faces = grid_faces(columns, around, closed=True, flip=True)
    faces += [
        tuple(range(around - 1, -1, -1)),
        tuple(range((columns - 1) * around, columns * around)),
    ]
    return Part("left brow", points, faces, np.tile(HAIR, (len(points), 1)))
