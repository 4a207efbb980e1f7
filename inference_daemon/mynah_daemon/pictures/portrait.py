"""Pictures of Mynah's own head."""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mynah_shared.motion.arkit import ARKIT_BLENDSHAPES

from .head_asset import HeadAsset, load_head
from .rasteriser import View, fill, head_rotation, look, smooth_normals

FloatArray = NDArray[np.float32]

THUMBNAIL: Final = View(128, 160, centre=(0.0, 0.032, 0.1), distance=0.8, seen=0.195)
"""The face from hair to chin, large enough to read it."""
_N_SHAPES: Final = len(ARKIT_BLENDSHAPES)
_LIGHTS: Final = (
    # direction to the light, how bright, how far it reaches around the head
    ((-0.55, 0.6, 0.75), 0.85, 0.15),
    ((0.9, 0.1, 0.5), 0.22, 0.3),
)
_SKY, _GROUND = 0.22, 0.08
_BACKGROUND: Final = (0.80, 0.83, 0.86)


class Painter:
    """Draws the head of an asset."""

    def __init__(self, head: HeadAsset) -> None:
        self._head = head
        self._linear = _to_linear(head.colours)

    def paint(self, coefficients: FloatArray, view: View = THUMBNAIL) -> NDArray[np.uint8]:
        """Pictures [N, height, width, 3] of ARKit coefficients and head pose [N, 55]."""
        shapes = coefficients[:, :_N_SHAPES].astype(np.float32)
        moved = self._head.positions + np.tensordot(shapes, self._head.moves, axes=1)
        poses = coefficients[:, _N_SHAPES:]
        return np.stack(
            [self._paint(p, head_rotation(*q), view) for p, q in zip(moved, poses, strict=True)]
        )

    def _paint(
        self, points: FloatArray, rotation: NDArray[np.float64], view: View
    ) -> NDArray[np.uint8]:
        turned = (points @ rotation.T).astype(np.float32)
        triangles = self._head.triangles
        normals = smooth_normals(turned, triangles)
        lit = self._linear * _light(normals)[:, None]
        seen = look(turned, triangles, view)
        corners = triangles[seen.triangle].T
        colours = (seen.weights[:, :, None] * lit[corners]).sum(0)
        background = _to_linear(np.array(_BACKGROUND, np.float32))
        return np.rint(255 * _to_srgb(fill(seen, colours, background, view))).astype(np.uint8)


@cache
def shipped_painter() -> Painter:
    """Draws the head that ships with Mynah."""
    return Painter(load_head())


def _light(normals: FloatArray) -> FloatArray:
    """How much light [V] falls on surfaces that face `normals` [V, 3]."""
    light = _GROUND + (_SKY - _GROUND) * (0.5 + 0.5 * normals[:, 1])
    for direction, strength, wrap in _LIGHTS:
        towards = np.array(direction, np.float32) / np.float32(np.linalg.norm(direction))
        light += strength * ((normals @ towards + wrap) / (1 + wrap)).clip(0)
    return light.astype(np.float32)


def _to_linear(srgb: FloatArray) -> FloatArray:
    """IEC 61966-2-1."""
    curve = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    return curve.astype(np.float32)


def _to_srgb(linear: FloatArray) -> FloatArray:
    linear = linear.clip(0, 1)
    curve = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return curve.astype(np.float32)
