"""The 52 ARKit shapes of the demo head as displacements in mm.

Every shape is a sum of a few anatomical motions: the jaw turning about its hinge, lips sliding
along their line of contact, soft spots of skin, lids turning about the eyeball.
"""

from __future__ import annotations

import numpy as np

from . import lips
from .anatomy import Anatomy
from .part import smoothstep
from .sculpt import Mask, Points

JAW_OPEN_DEGREES = 24.0
Shapes = dict[str, Points]


def build_shapes(head: Anatomy) -> Shapes:
    """Displacements [N, 3] by ARKit name."""
    shapes: Shapes = {}
    for sign, side in ((1.0, "Left"), (-1.0, "Right")):
        shapes |= {f"eye{k}{side}": v for k, v in _eye(head, sign).items()}
        shapes |= {f"mouth{k}{side}": v for k, v in _mouth_corner(head, sign).items()}
        shapes |= {f"{k}{side}": v for k, v in _brow_cheek_nose(head, sign).items()}
    return shapes | _jaw(head) | _mouth(head) | _both_sides(head)


def _vector(weight: Points, x: float, y: float, z: float) -> Points:
    return weight[:, None] * np.array([x, y, z])


def _eye(head: Anatomy, sign: float) -> Shapes:
    squint = head.move_lids(sign, -6.0, 13.0)
    squint += _vector(head.spot((36, -72, -20), (18, 20, 9), sign), 0, -1.5, 2.5)
    return {
        "Blink": head.close_lids(sign),
        "LookDown": head.rotate_eye(sign, 0, -27) + head.move_lids(sign, -19.0, -4.0),
        "LookUp": head.rotate_eye(sign, 0, 25) + head.move_lids(sign, 9.0, 4.0),
        "LookIn": head.rotate_eye(sign, -32 * sign, 0),
        "LookOut": head.rotate_eye(sign, 32 * sign, 0),
        "Squint": squint,
        "Wide": head.move_lids(sign, 10.0, -4.0),
    }


def _brow_cheek_nose(head: Anatomy, sign: float) -> Shapes:
    down = _vector(head.spot((20, -80, 27), (17, 30, 12), sign), -3.5 * sign, -1.5, -8.0)
    outer = _vector(head.spot((42, -68, 31), (17, 34, 15), sign), 0, 0.5, 9.0)
    cheek = _vector(head.spot((40, -68, -24), (19, 24, 13), sign), 0, -3.5, 6.0)
    cheek += head.move_lids(sign, 0.0, 7.0)
    lip = head.near_mouth(13.0) * head.upper * head.middle * head.side(sign)
    sneer = _vector(head.spot((12, -92, -32), (10, 16, 12), sign), 1.5 * sign, -0.5, 6.0)
    sneer += _vector(head.spot((13, -80, 4), (10, 18, 12), sign), -1.0 * sign, -1.0, 2.5)
    sneer += _vector(lip, 0, 0, 3.0)
    sneer += _vector(head.spot((14, -80, 26), (12, 26, 10), sign), -1.0 * sign, 0, -3.0)
    return {"browDown": down, "browOuterUp": outer, "cheekSquint": cheek, "noseSneer": sneer}


def _corner(head: Anatomy, sign: float, reach: float) -> Points:
    """[N] 1 at one corner of the mouth, 0 from the middle on; falls off around the mouth."""
    return smoothstep(-0.12, 1.0, sign * head.along) * head.near_mouth(reach)


def _mouth_corner(head: Anatomy, sign: float) -> Shapes:
    half = head.side(sign)
    bow = np.clip(sign * head.along, 0.0, 1.0) ** 1.8 * head.near_mouth(19.0)
    smile = _vector(_corner(head, sign, 19.0), 8.5 * sign, 4.0, 0) + _vector(bow, 0, 0, 9.0)
    smile += _vector(head.spot((43, -66, -33), (17, 24, 14), sign), 1.5 * sign, -4.0, 4.5)
    smile += _towards_line(head, 0.16) * (half * smoothstep(0.1, 0.8, sign * head.along))[:, None]
    frown = _vector(_corner(head, sign, 17.0), 1.0 * sign, 1.0, -9.0)
    frown += _vector(head.spot((0, -84, -82), (16, 20, 9), sign), 0, -0.6, 1.0)
    stretch = _vector(_corner(head, sign, 21.0), 11.0 * sign, 5.0, -4.0)
    stretch += _towards_line(head, 0.14) * half[:, None]
    dimple = _vector(_corner(head, sign, 14.0), 5.5 * sign, 6.0, 1.0)
    press = _towards_line(head, 0.5) * half[:, None]
    press += _vector(head.near_mouth(9.0) * half, 0, 1.6, 0)
    press += _vector(_corner(head, sign, 14.0), 1.5 * sign, 1.0, 0)
    reveal = half * head.middle
    low = head.near_mouth(15.0) * ~head.upper * reveal
    up = head.near_mouth(13.0) * head.upper * reveal
    upper_up = _vector(up, 0, -0.8, 8.5)
    upper_up += _vector(head.spot((21, -82, -38), (11, 20, 11), sign), 0.8 * sign, -1.5, 3.0)
    return {
        "Smile": smile,
        "Frown": frown,
        "Stretch": stretch,
        "Dimple": dimple,
        "Press": press,
        "LowerDown": _vector(low, 0, 0.8, -9.5),
        "UpperUp": upper_up,
    }


def _towards_line(head: Anatomy, share: float) -> Points:
    """The red of the lips and the skin next to it drawn towards the line of contact."""
    z = head.line_z - head.points[:, 2]
    weight = head.near_mouth(16.0) * head.middle * (head.red < 1.5)
    return _vector(share * z * weight, 0, 0, 1)


def _jaw(head: Anatomy) -> Shapes:
    return {
        "jawOpen": head.rotate_jaw(JAW_OPEN_DEGREES),
        "jawForward": _vector(head.jaw, 0, -9.0, 0),
        "jawLeft": _vector(head.jaw, 9.0, 0, 0),
        "jawRight": _vector(head.jaw, -9.0, 0, 0),
    }


def _mouth(head: Anatomy) -> Shapes:
    x = head.points[:, 0]
    near, wide = head.near_mouth(17.0), head.near_mouth(25.0)
    # Lips that reach forward flare at the line of contact and drag the skin around along.
    forward = 0.55 * head.near_mouth(11.0) + 0.45 * head.near_mouth(22.0)
    rounded = 0.55 + 0.45 * head.middle
    part = np.where(head.upper, 5.0, -7.0) * head.middle * near
    funnel = _vector(forward * rounded, 0, -9.0, 0) + _vector(part, 0, 0, 1)
    funnel += _vector(x * wide, -0.17, 0, 0)
    pucker = _vector(forward * rounded, 0, -14.0, 0) + _vector(x * wide, -0.54, 0, 0)
    pucker -= 0.55 * _towards_line(head, 0.35)
    shift = _vector(head.near_mouth(24.0), 1, 0, 0)
    centre = head.middle**1.3
    lift = _vector(near * centre, 0, 0, 1) * np.where(head.upper, 0.25, 1.0)[:, None]
    raise_ = _vector(near * centre, 0, 0, 1) * np.where(head.upper, 1.0, 0.2)[:, None]
    pout = _vector(near * centre * ~head.upper, 0, -3.0, 0)
    chin = _vector(head.spot((0, -84, -82), (17, 24, 10), 1.0), 0, -2.0, 5.0)
    return {
        "mouthClose": _close(head),
        "mouthFunnel": funnel,
        "mouthPucker": pucker,
        "mouthLeft": 10.0 * shift + _vector(_corner(head, 1.0, 16.0), 0, 3, 0),
        "mouthRight": -10.0 * shift + _vector(_corner(head, -1.0, 16.0), 0, 3, 0),
        "mouthRollLower": _roll(head, ~head.upper),
        "mouthRollUpper": _roll(head, head.upper),
        "mouthShrugLower": 6.5 * lift + pout + chin,
        "mouthShrugUpper": 5.0 * raise_ + _vector(near * centre * head.upper, 0, -3.0, 0),
    }


def _close(head: Anatomy) -> Points:
    """What brings the lips together again while `jawOpen` is 1, most of it from below.

    The shares add up to a little more than 1, so that the lips press on each other.
    """
    opened = head.rotate_jaw(JAW_OPEN_DEGREES)[head.contact_ring()]
    n = lips.SPOKES // 2
    upper, lower = opened[: n + 1], opened[[0, *range(2 * n - 1, n - 1, -1)]]
    x = np.cos(lips.spoke_angles()[: n + 1])[::-1]
    gap = (lower - upper)[::-1]
    apart = np.stack([np.interp(head.along, x, gap[:, axis]) for axis in range(3)], axis=1)
    share = np.where(head.upper, 0.20, -0.88) * head.near_mouth(19.0)
    ring = head.contact_ring()
    share[ring] = np.where(head.upper[ring], 0.36, -0.64)
    return apart * share[:, None]


def _roll(head: Anatomy, half: Mask) -> Points:
    """One lip turned in over its teeth: the red disappears, its border comes to the line."""
    on_red = head.red * (head.red < 1.5)
    weight = head.near_mouth(13.0) * half * head.middle**0.7
    inwards = _vector(weight * (0.4 + 0.6 * on_red), 0, 5.0, 0)
    z = 0.72 * (head.line_z - head.points[:, 2]) * (head.red < 1.5)
    return inwards + _vector(weight * z, 0, 0, 1)


def _both_sides(head: Anatomy) -> Shapes:
    inner, puff = head.zeros(), head.zeros()
    for sign in (1.0, -1.0):
        inner += _vector(head.spot((14, -80, 30), (13, 34, 15), sign), -0.6 * sign, 0, 9.5)
        puff += _vector(head.spot((45, -60, -56), (19, 26, 19), sign), 9.0 * sign, -7.0, 0)
    puff += _vector(head.near_mouth(13.0), 0, -1.5, 0)
    tongue = head.tongue**1.4
    out = _vector(tongue, 0, -40.0, -4.0) + _vector(tongue**3, 0, 0, -7.0)
    return {"browInnerUp": inner, "cheekPuff": puff, "tongueOut": out}
