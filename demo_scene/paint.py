"""Colours of the skin, painted on its vertices (linear RGB)."""

from __future__ import annotations

import numpy as np

from .eyes import HAIR
from .hair import SKIN
from .part import Part, smoothstep
from .sculpt import EYE_CENTRE, MOUTH_CENTRE, Points

LIPS = np.array([0.60, 0.20, 0.18])
INSIDE = np.array([0.16, 0.03, 0.035])


def _spot(points: Points, centre: tuple[float, ...], size: tuple[float, ...]) -> Points:
    """A soft spot on both sides of the face, 1 in its middle."""
    q = (np.abs(points) * [1, 0, 0] + points * [0, 1, 1] - centre) / size
    return np.exp(-(q * q).sum(axis=1))


def _mix(colours: Points, other: Points, amount: Points) -> Points:
    return colours + (other - colours) * amount[:, None]


def skin_colours(skin: Part) -> Points:
    """[N, 3] for the skin part, from its `red` and `edge` tags and the places of its vertices."""
    p, red, edge = skin.points, skin.tags["red"], skin.tags["edge"]
    colours = np.tile(SKIN, (len(p), 1))
    blush = SKIN * [1.06, 0.72, 0.70]
    colours = _mix(colours, blush, 0.75 * _spot(p, (42, -62, -28), (17, 40, 14)))
    colours = _mix(colours, blush, 0.55 * _spot(p, (0, -108, -31), (13, 14, 10)))
    colours = _mix(colours, SKIN * 1.10, 0.5 * _spot(p, (0, -85, 45), (35, 40, 22)))
    colours = _mix(colours, SKIN * 0.30, 0.9 * _spot(p, (6.2, -99, -38.5), (3.6, 5, 2.8)))
    socket = _spot(p, (EYE_CENTRE[0], -78, 9), (24, 14, 9))
    colours = _mix(colours, SKIN * [0.86, 0.68, 0.66], 0.45 * socket)
    fold = _spot(p, (0, -86, MOUTH_CENTRE[2] - 15.5), (15, 12, 4.0))
    colours = _mix(colours, SKIN * 0.78, 0.45 * fold)
    colours = _mix(colours, LIPS, smoothstep(0.4, 1.0, red))
    colours = _mix(colours, INSIDE, smoothstep(1.0, 2.0, red))
    return _mix(colours, HAIR * 1.5, 0.55 * edge)
