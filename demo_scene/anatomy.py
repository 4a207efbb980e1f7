"""Where each vertex of the head sits anatomically: what the shapes are written in terms of."""

from __future__ import annotations

import numpy as np

from . import eyelids, lips
from .part import Part, smoothstep
from .sculpt import EYE_CENTRE, EYE_RADIUS, Mask, Points

JAW_HINGE = np.array([0.0, 2.0, -22.0])


class Anatomy:
    """All vertices of the head [N, 3] in mm with their places on mouth, jaw and lids."""

    def __init__(self, parts: list[Part]) -> None:
        self.points = np.vstack([part.points for part in parts])
        self.n = len(self.points)
        self._ranges: dict[str, slice] = {}
        start = 0
        for part in parts:
            self._ranges[part.name] = slice(start, start + len(part.points))
            start += len(part.points)
        self.skin = self.mask("skin")
        self.face = self.skin | self.mask("left brow") | self.mask("right brow")
        self.red = self._tag(parts, "red")
        self.tongue = self._tag(parts, "tip")
        self._place_on_mouth()
        self.jaw = self._jaw_weight()

    def mask(self, name: str) -> Mask:
        """[N] True for the vertices of one part."""
        chosen = np.zeros(self.n, bool)
        chosen[self._ranges[name]] = True
        return chosen

    def zeros(self) -> Points:
        """Displacements [N, 3] of nothing."""
        return np.zeros((self.n, 3))

    def _tag(self, parts: list[Part], name: str) -> Points:
        values = np.zeros(self.n)
        for part in parts:
            if name in part.tags:
                values[self._ranges[part.name]] = part.tags[name]
        return values

    def _place_on_mouth(self) -> None:
        """`along` -1 .. 1 from the right to the left corner, `away` mm from the line of contact,
        `turn` the angle around the mouth (0 left corner, a quarter turn the upper middle)."""
        line_x = np.linspace(-lips.HALF_WIDTH, lips.HALF_WIDTH, 121)
        ring = self.points[self.contact_ring()]
        half = lips.SPOKES // 2
        lower = ring[[0, *range(2 * half - 1, half - 1, -1)]]
        middle = 0.5 * (ring[: half + 1] + lower)[::-1]  # from right to left, for np.interp
        line = np.stack(
            [line_x, *(np.interp(line_x, middle[:, 0], middle[:, axis]) for axis in (1, 2))], axis=1
        )
        gap = np.linalg.norm(self.points[:, None, :] - line[None], axis=2)
        nearest = gap.argmin(axis=1)
        self.away = gap[np.arange(self.n), nearest]
        self.along = line_x[nearest] / lips.HALF_WIDTH
        z = self.points[:, 2] - line[nearest, 2]
        height = np.where(z > 0, 15.0, 22.5)
        self.turn = np.arctan2(z / height, self.points[:, 0] / 41.0)
        on_rings = self.mask("skin")
        count = self.lip_count()
        start = self._ranges["skin"].start
        on_rings[start + count :] = False
        self.turn[on_rings] = np.resize(lips.spoke_angles(), count)
        self.along[on_rings] = np.cos(self.turn[on_rings])
        self.upper = np.sin(self.turn) >= -1e-9
        self.middle = np.sqrt(np.clip(1.0 - self.along**2, 0.0, 1.0))  # 1 between the corners
        self.line_z = line[nearest, 2]

    def lip_count(self) -> int:
        """How many vertices of the skin belong to complete rings around the mouth."""
        return lips.RINGS * lips.SPOKES

    def contact_ring(self) -> slice:
        """The vertices on which the lips meet, spoke by spoke."""
        start = self._ranges["skin"].start + lips.CONTACT_RING * lips.SPOKES
        return slice(start, start + lips.SPOKES)

    def near_mouth(self, reach: float) -> Points:
        """[N] 1 at the line of contact, falling with distance; skin only."""
        return np.exp(-((self.away / reach) ** 2)) * self.skin

    def side(self, sign: float) -> Points:
        """[N] how much a place on the mouth belongs to the left (+1) or right (-1) half."""
        return smoothstep(-0.45, 0.45, sign * self.along)

    def spot(self, centre: tuple[float, ...], size: tuple[float, ...], sign: float) -> Points:
        """[N] a soft spot on the face, 1 in its middle; `sign` mirrors it to the right (-1)."""
        q = (self.points - np.array(centre) * [sign, 1, 1]) / size
        return np.exp(-(q * q).sum(axis=1)) * self.face

    def _jaw_weight(self) -> Points:
        """[N] 1 what moves with the lower jaw, 0 what stays with the skull."""
        p = self.points
        angle = np.degrees(np.arctan2(p[:, 2] - JAW_HINGE[2], -(p[:, 1] - JAW_HINGE[1])))
        skull_to_jaw = smoothstep(-10.0, -37.0, angle) * smoothstep(18.0, -24.0, p[:, 1])
        skull_to_jaw *= angle > -150
        sine = np.sin(self.turn)
        lip = 0.5 - 0.5 * np.sign(sine) * np.abs(sine) ** 0.85
        near = np.exp(-((self.away / 19.0) ** 2))
        near[self.red > 1.5] = 1.0
        weight = (skull_to_jaw * (1 - near) + lip * near) * self.skin
        weight[self.mask("lower teeth")] = 1.0
        tongue = self.mask("tongue")
        weight[tongue] = 0.55 + 0.45 * self.tongue[tongue]
        return weight

    def rotate_jaw(self, degrees: float) -> Points:
        """Displacements for opening the jaw by an angle about its hinge near the ears."""
        angle = np.radians(degrees) * self.jaw
        q = self.points - JAW_HINGE
        cos, sin = np.cos(angle), np.sin(angle)
        y = q[:, 1] * cos - q[:, 2] * sin
        z = q[:, 1] * sin + q[:, 2] * cos
        # The corners come in a little as the cheeks stretch.
        x = -0.007 * degrees * self.points[:, 0] * self.near_mouth(22.0)
        return np.stack([x, y - q[:, 1], z - q[:, 2]], axis=1)

    def rotate_eye(self, sign: float, yaw: float, pitch: float) -> Points:
        """Displacements that turn one eyeball; degrees to the head's left and up."""
        name = "left" if sign > 0 else "right"
        moved = self.mask(f"{name} eyeball") | self.mask(f"{name} glint")
        centre = EYE_CENTRE * [sign, 1, 1]
        q = self.points[moved] - centre
        a, e = np.radians(yaw), np.radians(pitch)
        y = q[:, 1] * np.cos(e) + q[:, 2] * np.sin(e)
        z = -q[:, 1] * np.sin(e) + q[:, 2] * np.cos(e)
        turned = np.stack(
            [q[:, 0] * np.cos(a) - y * np.sin(a), q[:, 0] * np.sin(a) + y * np.cos(a), z], axis=1
        )
        delta = self.zeros()
        delta[moved] = turned - q
        return delta

    def move_lids(self, sign: float, upper: Points | float, lower: Points | float) -> Points:
        """Displacements that turn the lids' edges about the eye, the skin around following softly.

        `upper` and `lower` are degrees upwards, for all vertices or for each [N].
        """
        lashes = self.mask("left lashes" if sign > 0 else "right lashes")
        moved = self.skin | lashes
        p = self.points * [sign, 1, 1]
        azimuth, elevation, distance = eyelids.angles(p)
        top, bottom = eyelids.opening(azimuth)
        above = elevation >= 0.5 * (top + bottom)
        high = smoothstep(1.0, 0.0, np.clip((elevation - top) / (52.0 - top), 0, 1))
        low = smoothstep(1.0, 0.0, np.clip((bottom - elevation) / (bottom + 48.0), 0, 1))
        step = np.where(above, upper * high, lower * low)
        step = np.where(lashes, upper, step)
        # Only what lies on the lid's sphere, and nothing that is past the corners.
        reach = np.where(azimuth > 0, azimuth / eyelids.TEMPLE, azimuth / -eyelids.NOSE)
        step *= smoothstep(1.25, 0.9, reach) * smoothstep(18.0, 3.0, distance - EYE_RADIUS)
        step *= moved & (p[:, 0] > 0)
        there = EYE_CENTRE + distance[:, None] * eyelids.directions(azimuth, elevation + step)
        return np.where((step != 0)[:, None], (there - p) * [sign, 1, 1], 0.0)

    def close_lids(self, sign: float) -> Points:
        """Displacements that bring the lids together, most of the way from above."""
        azimuth, _, _ = eyelids.angles(self.points * [sign, 1, 1])
        top, bottom = eyelids.opening(azimuth)
        return self.move_lids(sign, 0.74 * (bottom - top) - 0.8, 0.26 * (top - bottom))
